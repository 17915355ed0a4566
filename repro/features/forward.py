"""A network's output for every example of a split, each once, in order."""

from collections.abc import Iterable

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

PROGRESS_BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} images, {rate_fmt}, {remaining} left"


class Forward:
    """One compiled inference step of a model under a strategy.

    Args:
      model: from images to one float tensor `[batch, d]`; called with training=False.
      strategy: the tf.distribute strategy that the model's variables were made under.
    """

    def __init__(self, model: keras.Model, strategy: tf.distribute.Strategy):
        self._model = model
        self._strategy = strategy
        self._step = tf.function(self._distributed_step, reduce_retracing=True)

    def __call__(
        self,
        batches: tf.data.Dataset | Iterable,
        num_examples: int,
        *,
        description: str = "forward",
        show_progress: bool = False,
    ) -> np.ndarray:
        """Returns float32 `[num_examples, d]`, row i for the example of index i.

        Args:
          batches: of (index int64 `[b]`, images, ...), each index in [0, num_examples) once.
          num_examples: rows of the result.
          description: in front of the progress bar.
          show_progress: a progress bar on stderr.
        """
        rows = None
        seen = np.zeros(num_examples, np.int64)
        with tqdm(
            total=num_examples,
            desc=description,
            unit=" images",
            disable=not show_progress,
            bar_format=PROGRESS_BAR,
            mininterval=0.5,
            dynamic_ncols=True,
        ) as bar:
            for index, images, *_ in self._strategy.experimental_distribute_dataset(batches):
                outputs = self._step(images)
                for part_index, part in zip(
                    self._strategy.experimental_local_results(index),
                    self._strategy.experimental_local_results(outputs),
                    strict=True,
                ):
                    where, values = part_index.numpy(), part.numpy()
                    if rows is None:
                        rows = np.empty((num_examples, values.shape[-1]), np.float32)
                    rows[where] = values
                    np.add.at(seen, where, 1)
                    bar.update(len(where))
        if rows is None or not np.all(seen == 1):
            raise RuntimeError(
                f"Of {num_examples} examples {np.sum(seen == 0)} were not seen and "
                f"{np.sum(seen > 1)} more than once."
            )
        return rows

    def _distributed_step(self, images):
        return self._strategy.run(self._replica_step, args=(images,))

    def _replica_step(self, images):
        return tf.cast(self._model(images, training=False), tf.float32)
