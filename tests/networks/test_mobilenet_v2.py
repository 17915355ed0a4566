"""MobileNet v2 is TF-Slim's, at both widths."""

import numpy as np

from repro import networks
from tests.networks.golden_tests import GoldenTests


class TestMobileNetV2(GoldenTests):
    name = "mobilenet_v2"


class TestMobileNetV2Wide(GoldenTests):
    name = "mobilenet_v2_1.4"


def test_any_size_of_image_is_pooled_to_the_same_features():
    model = networks.create("mobilenet_v2", 3, (None, None, 3))
    extractor = networks.feature_extractor(model)
    for size in ((32, 32), (33, 97)):
        assert extractor(np.zeros((2, *size, 3), np.float32)).shape == (2, 1280)
