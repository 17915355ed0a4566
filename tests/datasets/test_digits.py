import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_digits

from repro import datasets


@pytest.mark.parametrize(
    ("split", "count"),
    [("train", 959), ("validation", 239), ("train+validation", 1198), ("test", 599)],
)
def test_digits_has_its_splits(digits_dir, split, count):
    examples = datasets.load("digits", split, digits_dir)
    assert len(examples) == len(examples.images) == count
    assert examples.class_names == tuple("0123456789")
    assert set(examples.labels) == set(range(10))
    if split in examples.spec.expected:
        assert examples.sha256 == examples.spec.expected[split].sha256


def test_a_picture_is_that_of_scikit_learn(digits_dir):
    examples = datasets.load("digits", "test", digits_dir)
    digits = load_digits()
    for row in (0, 7, 598):
        index = int(examples.ids[row].removeprefix("digits/"))
        picture = tf.io.decode_png(examples.images[row], channels=3).numpy()
        grey = np.minimum(digits.images[index] * 16, 255)
        np.testing.assert_array_equal(picture, np.repeat(grey[..., None], 3, axis=2))
        assert examples.labels[row] == digits.target[index]


def test_each_class_gives_a_third_to_the_test_set(digits_dir):
    test = np.bincount(datasets.load("digits", "test", digits_dir).labels)
    train = np.bincount(datasets.load("digits", "train+validation", digits_dir).labels)
    assert np.all(test == np.round((test + train) / 3))
