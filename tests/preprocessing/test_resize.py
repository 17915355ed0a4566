import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from repro.preprocessing.resize import METHODS, resize
from tests.preprocessing import goldens

SIDES = st.integers(1, 40)


def _positions(size_in, size_out):
    """Where the documented formula reads an axis: pixel below, pixel above, the latter's weight."""
    scale = np.float32(size_in) / np.float32(size_out)
    position = np.arange(size_out, dtype=np.float32) * scale
    low = np.minimum(np.floor(position).astype(int), size_in - 1)
    return low, np.minimum(low + 1, size_in - 1), position - low.astype(np.float32)


def _bilinear(image, height, width):
    image = image.astype(np.float32)
    top, bottom, down = _positions(image.shape[0], height)
    left, right, across = _positions(image.shape[1], width)
    across = across[None, :, None]

    def along_width(rows):
        return rows[:, left] + (rows[:, right] - rows[:, left]) * across

    upper, lower = along_width(image[top]), along_width(image[bottom])
    return upper + (lower - upper) * down[:, None, None]


def _nearest(image, height, width):
    rows, columns = _positions(image.shape[0], height)[0], _positions(image.shape[1], width)[0]
    return image[rows][:, columns].astype(np.float32)


@pytest.mark.parametrize("name", goldens.names("resize_images_v1"))
def test_each_method_gives_what_tensorflow_1_gave(name):
    image = tf.image.convert_image_dtype(goldens.picture(goldens.ARRAYS[name]["image"]), tf.float32)
    height, width, _ = goldens.ARRAYS[name]["shape"]
    method = METHODS[goldens.ARRAYS[name]["method"]]
    goldens.assert_equal_to_the_bit(name, resize(image, height, width, method))


@settings(deadline=None, max_examples=60)
@given(SIDES, SIDES, SIDES, SIDES, st.sampled_from([np.uint8, np.float32]), st.integers(0, 99))
def test_bilinear_and_nearest_follow_the_documented_formula(
    height_in, width_in, height, width, dtype, seed
):
    image = np.random.default_rng(seed).integers(0, 256, (height_in, width_in, 3)).astype(dtype)
    np.testing.assert_array_equal(resize(image, height, width), _bilinear(image, height, width))
    np.testing.assert_array_equal(
        resize(image, height, width, "nearest"), _nearest(image, height, width)
    )


@pytest.mark.parametrize("method", METHODS)
@settings(deadline=None, max_examples=15)
@given(height=SIDES, width=SIDES, seed=st.integers(0, 99))
def test_the_same_size_gives_the_same_picture(method, height, width, seed):
    image = np.random.default_rng(seed).random((height, width, 3), np.float32)
    np.testing.assert_array_equal(resize(image, height, width, method), image)


@pytest.mark.parametrize("method", METHODS)
def test_a_uint8_picture_becomes_float32_without_rounding_first(method):
    image = goldens.picture("32x32")
    result = resize(image, 75, 50, method)
    assert result.dtype == tf.float32
    np.testing.assert_array_equal(result, resize(tf.cast(image, tf.float32), 75, 50, method))


def test_sampling_starts_at_the_corner_and_not_at_the_pixel_centre():
    ramp = np.arange(8, dtype=np.float32).reshape(1, 8, 1)
    np.testing.assert_array_equal(tf.squeeze(resize(ramp, 1, 4)), [0, 2, 4, 6])


def test_an_unknown_method_is_named():
    with pytest.raises(ValueError, match=r"'lanczos' is unknown.*bilinear, nearest, bicubic, area"):
        resize(goldens.picture("32x32"), 8, 8, "lanczos")
