"""Inception v1 is TF-Slim's."""

from tests.networks.golden_tests import GoldenTests


class TestInceptionV1(GoldenTests):
    name = "inception_v1"

    def test_it_has_no_auxiliary_heads_although_the_paper_has_two(self, fresh):
        assert fresh.model.graph.auxiliary_logits is None
        assert not any("Aux" in name for name in fresh.initial)
