"""A network's output for every example of a split, each once, in order."""

from collections.abc import Callable, Iterator

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tqdm import tqdm

from repro.datasets.sharing import Share, distribute, several_workers

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


MakeBatches = Callable[[Share], tf.data.Dataset]


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
        make_batches: MakeBatches,
        num_examples: int,
        *,
        description: str = "forward",
        show_progress: bool = False,
    ) -> np.ndarray:
        """Returns float32 `[num_examples, d]`, row i for the example of index i.

        Args:
          make_batches: from a share to its batches of (index int64 `[b]`, images, ...), which have
            each index in [0, num_examples) once over all shares; -1 stands for no example.
          num_examples: rows of the result.
          description: in front of the progress bar.
          show_progress: a progress bar on stderr.
        """
        rows = None
        seen = np.zeros(num_examples, np.int64)
        with progress_bar(num_examples, description, show_progress) as bar:
            for index, values in self.outputs(make_batches):
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
        self, make_batches: MakeBatches
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Yields indices `[b]` and outputs `[b, d]` of each global batch as soon as it is done.

        Under several workers each of them yields all.

        Args:
          make_batches: from a share to its batches of (index int64 `[b]`, images, ...).
        """
        for index, images, *_ in distribute(self._strategy, make_batches):
            index, outputs = (self._joined(each) for each in self._step(index, images))
            yield index[index >= 0], outputs[index >= 0]

    def _joined(self, per_replica) -> NDArray:
        parts = self._strategy.experimental_local_results(per_replica)
        return np.concatenate([part.numpy() for part in parts])

    def _distributed_step(self, index, images):
        outputs = self._strategy.run(self._replica_step, args=(images,))
        if several_workers(self._strategy):
            return [self._strategy.gather(each, axis=0) for each in (index, outputs)]
        return index, outputs

    def _replica_step(self, images):
        return tf.cast(self._model(images, training=False), tf.float32)
