"""ResNet v1 is TF-Slim's, at every depth."""

import keras
import numpy as np
import pytest

from repro import networks
from repro.networks.builder import Builder
from repro.networks.resnet_v1 import BATCH_NORM, _conv_same
from tests.networks.golden_tests import GoldenTests


class TestResNet50(GoldenTests):
    name = "resnet_v1_50"


class TestResNet101(GoldenTests):
    name = "resnet_v1_101"


class TestResNet152(GoldenTests):
    name = "resnet_v1_152"


@pytest.mark.parametrize("size", [(8, 12), (9, 13), (8, 9)])
@pytest.mark.parametrize("kernel", [3, 7])
def test_a_strided_convolution_is_the_unstrided_one_at_every_other_pixel(size, kernel):
    """Which TensorFlow's "same" padding gives for odd sizes only."""
    net = Builder(keras.initializers.GlorotUniform, BATCH_NORM)
    images = keras.Input((*size, 2))
    strided = _conv_same(net, images, 5, kernel, 2, "strided")
    unstrided = _conv_same(net, images, 5, kernel, 1, "unstrided")
    model = keras.Model(images, [strided, unstrided])
    model.get_layer("unstrided").set_weights(model.get_layer("strided").get_weights())
    x = np.random.default_rng(0).normal(size=(1, *size, 2)).astype(np.float32)
    y, z = map(np.asarray, model(x))
    np.testing.assert_allclose(y, z[:, ::2, ::2], rtol=1e-5, atol=1e-6)


def test_any_size_of_image_is_pooled_to_the_same_features():
    model = networks.create("resnet_v1_50", 3, (None, None, 3))
    extractor = networks.feature_extractor(model)
    for size in ((33, 64), (70, 97)):
        assert extractor(np.zeros((2, *size, 3), np.float32)).shape == (2, 2048)
