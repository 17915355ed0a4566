"""Inception v4 is TF-Slim's."""

from tests.networks.golden_tests import GoldenTests


class TestInceptionV4(GoldenTests):
    name = "inception_v4"
