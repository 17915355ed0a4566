"""NASNet's drop-path, which drops whole paths of a cell for single examples while it trains.

The deeper a cell and the later the step, the more is dropped: Zoph et al. (2018), section 3.1, call
it ScheduledDropPath; nets/nasnet/nasnet_utils.py makes it grow with the depth too:

    keep(cell, step) = 1 - min(1, step / ramp_steps) * (cell + 1) / cells * (1 - final_keep)

One layer draws for the whole network, so that there is one counter of steps and one random state.
"""

import keras
import numpy as np
from keras import ops

from repro.networks.draws import StepSeed


@keras.saving.register_keras_serializable("repro")
class DropPathDraw(keras.layers.Layer):
    """Draws the paths that each example of a training step keeps, and counts the steps.

    The step is that of `draws.rows_of_step`, else the number of calls so far; then the step to go
    on from is set by `draw.seed_generator.state.assign([seed, step])`.

    Args:
      cells: of the network, stems and reductions among them.
      paths: of each cell.
      final_keep: probability of keeping a path of the last cell from step `ramp_steps` on.
      ramp_steps: over which the probabilities fall from 1.
      seed: for repeatable draws.
    """

    def __init__(
        self,
        cells: int,
        paths: int,
        final_keep: float,
        ramp_steps: int = 250_000,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.cells = cells
        self.paths = paths
        self.final_keep = final_keep
        self.ramp_steps = ramp_steps
        self.seed = seed
        self.seed_generator = StepSeed(seed)

    @property
    def step(self):
        """The training step, an integer scalar."""
        return self.seed_generator.step

    def keep_probabilities(self):
        """Returns `[cells]`, float32: the probability of keeping a path, at the present step."""
        progress = ops.minimum(ops.cast(self.step, "float32") / self.ramp_steps, 1.0)
        depth = np.arange(1, self.cells + 1, dtype=np.float32) / self.cells
        return 1.0 - progress * depth * (1.0 - self.final_keep)

    def call(self, images, training=None):
        """Returns factors `[batch, cells, paths]`: 0 or 1 / keep in training, else ones."""
        shape = (ops.shape(images)[0], self.cells, self.paths)
        if not training:
            return ops.ones(shape)
        keep = self.keep_probabilities()[:, None]  # before the draw, which counts the step
        kept = self.seed_generator.uniform(shape) < keep
        return ops.cast(kept, "float32") / keep

    def compute_output_spec(self, images, training=None):  # noqa: ARG002
        """Returns the shape and dtype of the factors."""
        return keras.KerasTensor((images.shape[0], self.cells, self.paths), "float32")

    def get_config(self):
        """Returns the constructor's arguments."""
        return super().get_config() | {
            "cells": self.cells,
            "paths": self.paths,
            "final_keep": self.final_keep,
            "ramp_steps": self.ramp_steps,
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable("repro")
class DropPath(keras.layers.Layer):
    """Drops one path of one cell, as a `DropPathDraw` says; does nothing outside training.

    Args:
      cell: number of the cell, counted from 0.
      index: number of the path in the cell.
    """

    def __init__(self, cell: int, index: int, **kwargs):
        super().__init__(**kwargs)
        self.cell = cell
        self.index = index

    def call(self, inputs, factors, training=None):
        """Returns the inputs `[batch, height, width, channels]`, each example times its factor."""
        if not training:
            return inputs
        factor = factors[:, self.cell, self.index]
        return inputs * ops.cast(factor, inputs.dtype)[:, None, None, None]

    def compute_output_spec(self, inputs, factors, training=None):  # noqa: ARG002
        """Returns the shape and dtype of the inputs."""
        return keras.KerasTensor(inputs.shape, inputs.dtype)

    def get_config(self):
        """Returns the constructor's arguments."""
        return super().get_config() | {"cell": self.cell, "index": self.index}
