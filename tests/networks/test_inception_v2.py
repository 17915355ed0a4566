"""Inception v2, the paper's BN-Inception, is TF-Slim's."""

import re

from repro.networks import layers
from repro.networks.initializers import TruncatedNormal
from tests.networks.golden_tests import GoldenTests


class TestInceptionV2(GoldenTests):
    name = "inception_v2"

    def test_a_layer_too_small_to_measure_is_drawn_from_the_originals_stddev_too(
        self, reference, fresh
    ):
        expected = {
            name.rpartition("/")[0]: float(match[1])
            for name, rule in reference.table("initializers.csv").items()
            if (match := re.fullmatch(r"truncated_normal\(stddev=(.*)\)", rule))
        }
        ours = {
            layer.name.replace(".", "/"): layer.kernel_initializer.stddev
            for layer in fresh.model.layers
            if isinstance(layer, layers.Weighted)
            and isinstance(layer.kernel_initializer, TruncatedNormal)
        }
        assert ours == expected
