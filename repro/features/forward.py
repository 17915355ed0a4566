"""A network's output for every example of a split, each once, in order."""

from collections.abc import Iterable, Iterator

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tqdm import tqdm

PROGRESS_BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} images, {rate_fmt}, {remaining} left"


def progress_bar(total: int, description: str, shown: bool, initial: int = 0) -> tqdm:
    """Returns a bar on stderr that counts images.

    Args:
      total: images.
      description: in front of the bar.
      shown: whether it is shown at all.
      initial: images that were done before.
    """
    return tqdm(
        total=total,
        initial=initial,
        desc=description,
        unit=" images",
        disable=not shown,
        bar_format=PROGRESS_BAR,
        mininterval=0.5,
        dynamic_ncols=True,
    )


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
        with progress_bar(num_examples, description, show_progress) as bar:
            for index, values in self.outputs(batches):
                if rows is None:
                    rows = np.empty((num_examples, values.shape[-1]), np.float32)
                rows[index] = values
                np.add.at(seen, index, 1)
                bar.update(len(index))
        if rows is None or not np.all(seen == 1):
            raise RuntimeError(
                f"Of {num_examples} examples {np.sum(seen == 0)} were not seen and "
                f"{np.sum(seen > 1)} more than once."
            )
        return rows

    def outputs(
        self, batches: tf.data.Dataset | Iterable
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Yields indices `[b]` and outputs `[b, d]` of each global batch as soon as it is done.

        Args:
          batches: of (index int64 `[b]`, images, ...).
        """
        for index, images, *_ in self._strategy.experimental_distribute_dataset(batches):
            outputs = self._step(images)
            yield self._joined(index), self._joined(outputs)

    def _joined(self, per_replica) -> NDArray:
        parts = self._strategy.experimental_local_results(per_replica)
        return np.concatenate([part.numpy() for part in parts])

    def _distributed_step(self, images):
        return self._strategy.run(self._replica_step, args=(images,))

    def _replica_step(self, images):
        num_images = tf.shape(images)[0]
        if self._strategy.num_replicas_in_sync > 1:
            images = _at_least_one(images)
        return tf.cast(self._model(images, training=False)[:num_images], tf.float32)


def _at_least_one(images: tf.Tensor) -> tf.Tensor:
    """Returns the images, or one of zeros: where the last batch leaves a replica without any.

    Some convolutions fail on no image.
    """
    shape = tf.shape(images)
    return tf.cond(
        shape[0] > 0,
        lambda: images,
        lambda: tf.zeros(tf.concat([[1], shape[1:]], axis=0), images.dtype),
    )
