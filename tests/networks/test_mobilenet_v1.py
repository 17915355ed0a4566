"""MobileNet v1 is TF-Slim's, at every width."""

import numpy as np
import pytest

from repro import networks
from tests.networks.golden_tests import GoldenTests


class TestMobileNetV1(GoldenTests):
    name = "mobilenet_v1"


class TestMobileNetV1Quarter(GoldenTests):
    name = "mobilenet_v1_0.25"


@pytest.mark.parametrize(
    ("name", "features"), [("mobilenet_v1_0.75", 768), ("mobilenet_v1_0.5", 512)]
)
def test_narrower_ones_have_fewer_channels(name, features):
    model = networks.create(name, 7, (64, 64, 3))
    assert networks.spec(name).num_features == features
    assert networks.feature_extractor(model)(np.zeros((2, 64, 64, 3))).shape == (2, features)
