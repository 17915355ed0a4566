"""The arrays that the original TF-Slim code made of fixed pictures, and how to compare them."""

import functools
import json
import zlib
from pathlib import Path

import numpy as np
import tensorflow as tf

from tests.golden import recipe

_FOLDER = Path(__file__).resolve().parents[1] / "golden" / "preprocessing"
INDEX = json.loads((_FOLDER / "index.json").read_text())
ARRAYS = INDEX["arrays"]


@functools.cache
def _samples():
    with np.load(_FOLDER / "preprocessing.npz") as archive:
        return dict(archive)


def names(kind):
    """The names of the arrays of one kind, such as "vgg_eval"."""
    return [name for name in ARRAYS if name.split("/")[0] == kind]


@functools.cache
def picture(name):
    """A test picture by its name, "HEIGHTxWIDTH", as a uint8 tensor."""
    height, width = map(int, name.split("x"))
    pixels = recipe.photo(height, width, INDEX["inputs"][name]["seed"])
    assert f"{zlib.crc32(pixels.tobytes()):08x}" == INDEX["inputs"][name]["crc32_uint8"]
    return tf.constant(pixels)


def size(name):
    """Height and width that an array was asked for; None, None for no resizing."""
    given = ARRAYS[name]["size"]
    return tuple(given) if isinstance(given, list) else (given, given)


def draws(name, *fields):
    return {field: ARRAYS[name][field] for field in fields}


def assert_equal_to_the_bit(name, result):
    """Compares the stored samples, which says how far off one is, then the whole array's CRC."""
    array = np.asarray(result)
    assert array.dtype == np.float32
    assert list(array.shape) == ARRAYS[name]["shape"]
    stored = ARRAYS[name]["stored"]
    step = 1 if stored == "full" else int(stored.strip("[]").split(",")[0].strip(":"))
    np.testing.assert_array_equal(array[::step, ::step], _samples()[name])
    assert f"{recipe.crc(array):08x}" == ARRAYS[name]["crc32_float32"]


def through_tf_data(function, image):
    """Applies a function to a picture the way training does: in a graph, its size unknown."""
    spec = tf.TensorSpec([None, None, 3], tf.uint8)
    dataset = tf.data.Dataset.from_generator(lambda: iter([image]), output_signature=spec)
    return dataset.map(function).get_single_element()
