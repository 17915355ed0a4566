"""MobileNet v2 is TF-Slim's, at both widths."""

import keras
import numpy as np
import pytest

from repro import networks
from tests.networks.golden_tests import GoldenTests


class TestMobileNetV2(GoldenTests):
    name = "mobilenet_v2"

    def test_a_fifth_is_dropped_before_the_logits(self, fresh):
        dropouts = [x.rate for x in fresh.model.layers if isinstance(x, keras.layers.Dropout)]
        assert dropouts == [pytest.approx(0.2)]


class TestMobileNetV2Wide(GoldenTests):
    name = "mobilenet_v2_1.4"


def test_any_size_of_image_is_pooled_to_the_same_features():
    model = networks.create("mobilenet_v2", 3, (None, None, 3))
    extractor = networks.feature_extractor(model)
    for size in ((32, 32), (33, 97)):
        assert extractor(np.zeros((2, *size, 3), np.float32)).shape == (2, 1280)
