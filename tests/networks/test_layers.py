"""Convolution and pooling at any size are TensorFlow's, written out in NumPy."""

import keras
import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from repro.networks import builder, layers
from repro.networks.nasnet_cells import Map, _fit
from tests.networks import plain_reference

SIZES = st.tuples(st.integers(1, 12), st.integers(1, 12))
KERNELS = st.tuples(st.integers(1, 7), st.integers(1, 7))
STRIDES = st.integers(1, 2)
PADDINGS = st.sampled_from(["same", "valid"])
many = settings(max_examples=150, deadline=None, derandomize=True)


def picture(size: tuple[int, int], channels: int = 3) -> np.ndarray:
    """Returns `[2, height, width, channels]`, negative so that a zero would win a maximum."""
    draw = np.random.default_rng(size).normal(size=(2, *size, channels))
    return (draw - 5).astype(np.float32)


def kernel_of(variable: keras.Variable) -> np.ndarray:
    return np.array(variable.value, np.float64)


def normal() -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(seed=0)


def assert_close(ours, theirs: np.ndarray) -> None:
    np.testing.assert_allclose(np.asarray(ours), theirs, rtol=1e-5, atol=1e-5, strict=False)
    assert ours.shape == theirs.shape


def fits(size: tuple[int, int], kernel: tuple[int, int], padding: str) -> bool:
    return padding == "same" or (kernel[0] <= size[0] and kernel[1] <= size[1])


@many
@given(SIZES, KERNELS, STRIDES, PADDINGS)
def test_a_convolution_is_padded_as_tensorflow_does(size, kernel, strides, padding):
    assume(fits(size, kernel, padding))
    x = picture(size)
    layer = layers.Conv2D(4, kernel, normal(), strides, padding, use_bias=False)
    expected = plain_reference.conv(x, kernel_of(built(layer, x).kernel), strides, padding)
    assert_close(layer(x), expected)


@many
@given(SIZES, KERNELS, STRIDES, PADDINGS)
def test_a_depthwise_convolution_is_padded_as_tensorflow_does(size, kernel, strides, padding):
    assume(fits(size, kernel, padding))
    x = picture(size)
    layer = layers.DepthwiseConv2D(kernel, normal(), strides, padding, use_bias=False)
    expected = plain_reference.depthwise(x, kernel_of(built(layer, x).kernel), strides, padding)
    assert_close(layer(x), expected)


@many
@given(SIZES, KERNELS, STRIDES, st.integers(1, 3))
def test_a_separable_convolution_is_a_depthwise_and_a_1x1(size, kernel, strides, multiplier):
    x = picture(size)
    layer = layers.SeparableConv2D(4, kernel, normal(), strides, multiplier, use_bias=False)
    built(layer, x)
    between = plain_reference.depthwise(x, kernel_of(layer.depthwise_kernel), strides)
    assert_close(layer(x), plain_reference.conv(between, kernel_of(layer.pointwise_kernel)))


@many
@given(SIZES, st.integers(1, 7), STRIDES, PADDINGS)
def test_the_padding_never_wins_a_maximum(size, kernel, strides, padding):
    assume(fits(size, (kernel, kernel), padding))
    x = picture(size)
    expected = plain_reference.max_pool(x, kernel, strides, padding)
    assert_close(builder.max_pool(x, kernel, strides, padding), expected)


@many
@given(SIZES, st.integers(1, 7), STRIDES, PADDINGS)
def test_the_padding_does_not_count_in_a_mean(size, kernel, strides, padding):
    assume(fits(size, (kernel, kernel), padding))
    x = picture(size)
    expected = plain_reference.avg_pool(x, kernel, strides, padding)
    assert_close(builder.avg_pool(x, kernel, strides, padding), expected)


@many
@given(SIZES)
def test_nasnets_reduction_takes_the_even_and_the_odd_pixels(size):
    x = picture(size) + 5
    settings_without_effect = builder.BatchNormSettings(0.9, 0.0, scale=True)
    net = builder.Builder(normal, settings_without_effect)
    images = keras.Input((*size, 3))
    model = keras.Model(images, _fit(net, Map(images, 1), Map(images, 2), 8, "cell"))
    even, odd = (kernel_of(model.get_layer(f"cell.path{path}_conv").kernel) for path in (1, 2))
    assert_close(model(x), plain_reference.factorized_reduction(x, even, odd))


def built(layer: keras.layers.Layer, x: np.ndarray) -> keras.layers.Layer:
    layer.build(x.shape)
    return layer
