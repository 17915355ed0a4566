"""What else holds for the Inception networks."""

import keras
import pytest

from repro import networks
from tests.networks.golden_tests import GoldenTests


class InceptionTests(GoldenTests):
    """Base class; `name` is the network's."""

    def test_its_end_points_are_in_the_originals_order(self, reference, fresh):
        described = reference.json("outputs_end_points.json")["end_points"]
        assert list(networks.end_points(fresh.model)) == [point["end_point"] for point in described]

    def test_its_one_dropout_comes_after_the_features(self, reference, fresh):
        [[_, keep]] = reference.json("facts.json")["dropout_keep_prob"]
        assert _dropout_rates(fresh.model) == [pytest.approx(1 - keep)]
        assert _dropout_rates(networks.feature_extractor(fresh.model)) == []


def _dropout_rates(model: keras.Model) -> list[float]:
    return [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
