"""A folded network computes what the network computes, without batch normalization."""

import keras
import numpy as np
import pytest

from repro import networks
from repro.networks.batch_norm import BatchNorm
from repro.networks.builder import BatchNormSettings, Builder
from tests.golden import recipe
from tests.networks.goldens import relative_l2

SMALL = ("mobilenet_v1_0.25", "mobilenet_v2", "inception_v1", "inception_v2", "nasnet_mobile")
OTHERS = sorted(set(networks.NETWORKS) - set(SMALL))


@pytest.mark.parametrize(
    "name", [*SMALL, *(pytest.param(name, marks=pytest.mark.every_network) for name in OTHERS)]
)
def test_features_and_logits_are_the_same_at_any_size(name):
    spec = networks.spec(name)
    size = (256, 231) if name.startswith("vgg") else (96, 131)
    model = networks.create(name, 10, (None, None, 3))
    values = networks.variables(model)
    networks.assign(model, {key: recipe.value(key, tuple(v.shape)) for key, v in values.items()})
    images = recipe.image(size, 2, 0, spec.preprocessing)
    for network in (model, networks.feature_extractor(model)):
        folded = networks.folded(network)
        assert not any(isinstance(layer, BatchNorm) for layer in folded.layers)
        assert relative_l2(folded(images), network(images, training=False)) < 1e-5


def test_the_copy_has_weights_of_its_own():
    model = networks.create("mobilenet_v1_0.25", 3, (32, 32, 3))
    images = np.ones((1, 32, 32, 3), np.float32)
    folded = networks.folded(model)
    before = np.asarray(folded(images))
    networks.assign(model, {"MobilenetV1/Logits/Conv2d_1c_1x1/biases": np.ones(3)})
    np.testing.assert_array_equal(folded(images), before)
    assert not np.allclose(model(images), before)


def test_a_normalization_that_follows_no_convolution_is_refused():
    net = Builder(keras.initializers.Zeros, BatchNormSettings(0.9, 0.001, scale=True))
    images = keras.Input((8, 8, 3))
    model = keras.Model(images, net.batch_norm(images, "lonely"))
    with pytest.raises(ValueError, match="lonely"):
        networks.folded(model)


def test_a_convolution_whose_output_is_used_elsewhere_too_is_refused():
    net = Builder(keras.initializers.Ones, BatchNormSettings(0.9, 0.001, scale=True))
    images = keras.Input((8, 8, 3))
    x = net.conv(images, 4, (1, 1), "conv", batch_norm=False, use_bias=False, activation=False)
    model = keras.Model(images, net.batch_norm(x, "bn") + x)
    with pytest.raises(ValueError, match="another layer uses"):
        networks.folded(model)
