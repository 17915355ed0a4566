"""Batches of examples held in memory, as `fit` asks for them."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from repro.datasets import Share


def shared(
    whole_batches: Callable[[int], tf.data.Dataset],
) -> Callable[[int, Share], tf.data.Dataset]:
    """Parts whole global batches among the replicas of a share, in order."""

    def make_batches(first_step: int, share: Share) -> tf.data.Dataset:
        def part(array):
            parts = tf.reshape(array, [share.total, -1, *array.shape[1:]])
            return parts[share.first : share.first + share.count]

        batches = whole_batches(first_step).map(lambda *arrays: tuple(map(part, arrays)))
        return batches.unbatch()

    return make_batches


def in_turn(
    images: np.ndarray, labels: np.ndarray, batch_size: int, steps: int = 10_000
) -> Callable[[int, Share], tf.data.Dataset]:
    """The examples one after the other, again and again: batch i is a function of i alone."""

    def batch(step):
        index = (step * batch_size + tf.range(batch_size, dtype=tf.int64)) % len(labels)
        return tf.gather(images, index), tf.gather(labels, index)

    return shared(lambda first_step: tf.data.Dataset.range(first_step, steps).map(batch))


def every_image(images: np.ndarray, batch_size: int) -> Callable[[Share], tf.data.Dataset]:
    """The images once, in order, with their indices; -1 fills the last batch up."""

    def make_batches(share: Share) -> tf.data.Dataset:
        padding = -len(images) % batch_size if share.total > 1 else 0
        index = np.concatenate([np.arange(len(images)), np.full(padding, -1)])
        whole = tf.data.Dataset.from_tensor_slices((index, images[index])).batch(batch_size)
        return shared(lambda _: whole)(0, share) if share.total > 1 else whole

    return make_batches
