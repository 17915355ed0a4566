"""Random draws that are a function of (seed, step, place in the global batch).

So an example meets the same dropout and drop-path however the global batch is divided: over the
replicas of tf.distribute, or into the parts of gradient accumulation.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops


@dataclass(frozen=True, eq=False)
class Rows:
    """Where the examples of one call of a network lie in the global batch of a training step.

    Attributes:
      step: of the run, an integer scalar.
      first: place of the first example, an integer scalar.
      total: examples of the global batch.
    """

    step: Any
    first: Any
    total: int


class _Scope(threading.local):  # tf.distribute traces each replica in a thread of its own
    rows: Rows | None = None


_scope = _Scope()


@contextmanager
def rows_of_step(step: Any, first: Any, total: int) -> Iterator[None]:
    """A context in which a network is called on a part of a training step's global batch.

    Outside of it a call is a whole step: the layers count their calls, and draw for all examples.

    Args:
      step: of the run, an integer scalar, from 0.
      first: place of the call's first example in the global batch, an integer scalar.
      total: examples of the global batch.
    """
    outer, _scope.rows = _scope.rows, Rows(step, first, total)
    try:
        yield
    finally:
        _scope.rows = outer


class StepSeed(keras.random.SeedGenerator):
    """A random state [seed, step], so that a draw is a function of the two.

    As a random state, the step is among `model.variables`, which a run's checkpoint holds, but not
    among `model.weights`, which Keras counts as parameters and saves to its own files.
    """

    @property
    def step(self):
        """The step of `rows_of_step`, else the calls so far; an integer scalar."""
        return self.state.value[1] if _scope.rows is None else _scope.rows.step

    def next(self, ordered: bool = True):  # noqa: ARG002
        """Returns the state; counts a step, unless `rows_of_step` tells it."""
        if _scope.rows is not None:
            seed = self.state.value[0]
            return ops.stack([seed, ops.cast(_scope.rows.step, self.state.dtype)])
        state = ops.copy(self.state.value)
        self.state.assign(ops.add(state, np.array([0, 1], self.state.dtype)))
        return state

    def uniform(self, shape: Sequence[Any]):
        """Returns float32 numbers of [0, 1) for the examples of this call.

        Args:
          shape: `[batch, ...]`; the batch is that of the call.
        """
        rows = _scope.rows
        if rows is None:
            return keras.random.uniform(shape, dtype="float32", seed=self)
        batch, *rest = shape
        drawn = keras.random.uniform((rows.total, *rest), dtype="float32", seed=self)
        places = ops.cast(rows.first, "int32") + ops.arange(batch, dtype="int32")
        return ops.take(drawn, places, axis=0)


@keras.saving.register_keras_serializable("repro")
class Dropout(keras.layers.Layer):
    """Dropout by TF-Slim's `dropout_keep_prob`: kept values are divided by it, in training only.

    Args:
      keep: probability of keeping a value, above 0 and at most 1.
      seed: for repeatable draws.
    """

    def __init__(self, keep: float, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        if not 0 < keep <= 1:
            raise ValueError(f"The probability of keeping a value is in (0, 1], not {keep}.")
        self.keep = keep
        self.seed = seed
        self.seed_generator = StepSeed(seed)

    def call(self, inputs, training=None):
        """Returns the inputs `[batch, ...]`, some of them 0 in training."""
        if not training or self.keep == 1:
            return inputs
        kept = self.seed_generator.uniform(ops.shape(inputs)) < self.keep
        return ops.where(kept, inputs / self.keep, ops.zeros_like(inputs))

    def compute_output_shape(self, input_shape):
        """Returns the shape of the input."""
        return input_shape

    def get_config(self):
        """Returns the constructor's arguments."""
        return super().get_config() | {"keep": self.keep, "seed": self.seed}
