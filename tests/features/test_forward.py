"""Every example passes the network once and comes back in its place."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from repro.features import Forward


def mean_and_count(strategy) -> Forward:
    """A model that says of an image its mean and its number of pixels."""
    with strategy.scope():
        images = keras.Input((None, None, 1))
        mean = keras.ops.mean(images, axis=(1, 2))
        count = keras.ops.sum(keras.ops.ones_like(images), axis=(1, 2))
        model = keras.Model(images, keras.ops.concatenate([mean, count], axis=-1))
    return Forward(model, strategy)


def batches(order, batch_size: int):
    """A function from the share to the batches; each image is full of its index."""
    index = np.asarray(order)
    images = np.tile(index[:, None, None, None].astype(np.float32), (1, 2, 3, 1))

    def make_batches(share) -> tf.data.Dataset:
        dataset = tf.data.Dataset.from_tensor_slices((index, images, index))
        return dataset.batch(batch_size // share.total)

    return make_batches


@given(st.integers(1, 17), st.integers(1, 6), st.randoms())
@settings(deadline=None, max_examples=15)
def test_rows_are_in_the_examples_order_whatever_the_batches(num_examples, batch_size, random):
    order = list(range(num_examples))
    random.shuffle(order)
    forward = mean_and_count(tf.distribute.get_strategy())
    rows = forward(batches(order, batch_size), num_examples)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows[:, 0], np.arange(num_examples))
    np.testing.assert_array_equal(rows[:, 1], 6)


@pytest.mark.parametrize("num_examples", [8, 9, 11])
def test_two_replicas_give_each_example_once(two_replicas, num_examples):
    order = [*range(num_examples), *[-1] * (-num_examples % 4)]  # -1 stands for no example
    rows = mean_and_count(two_replicas)(batches(order, 4), num_examples)
    np.testing.assert_array_equal(rows[:, 0], np.arange(num_examples))


@pytest.mark.parametrize("order", [[0, 1, 1], [0, 2]])
def test_an_example_missing_or_twice_is_an_error(order):
    forward = mean_and_count(tf.distribute.get_strategy())
    with pytest.raises(RuntimeError, match="were not seen"):
        forward(batches(order, 2), 3)
