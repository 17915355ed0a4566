"""VGG is TF-Slim's."""

import keras
import numpy as np
import pytest

from repro import UserError, networks
from tests.networks.golden_tests import GoldenTests


class TestVGG16(GoldenTests):
    name = "vgg_16"


class TestVGG19(GoldenTests):
    name = "vgg_19"


def test_a_larger_image_has_its_features_and_logits_averaged_over_the_map():
    model = networks.create("vgg_16", 3, (None, None, 3))
    points = networks.end_points(model)
    graph = model.graph
    image = np.random.default_rng(0).normal(size=(1, 224, 288, 3)).astype(np.float32)
    fc7, features, logits = map(
        np.asarray,
        keras.Model(graph.images, [points["vgg_16/fc7"], graph.features, graph.logits])(image),
    )
    assert fc7.shape == (1, 1, 3, 4096)
    np.testing.assert_allclose(features, fc7.mean((1, 2)), rtol=1e-5, atol=1e-6)
    fc8 = np.asarray(networks.variables(model)["vgg_16/fc8/weights"].value)[0, 0]
    np.testing.assert_allclose(logits, features @ fc8, rtol=1e-3, atol=1e-5)


def test_an_image_below_224_pixels_is_refused():
    with pytest.raises(UserError, match="223x224 pixels are too small for vgg_16"):
        networks.create("vgg_16", 3, (223, 224, 3))
