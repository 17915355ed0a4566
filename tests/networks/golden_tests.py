"""The statements that hold for every network: it computes what the original TF-Slim code computed.

A network's test file makes a subclass that names it:

    class TestInceptionV4(GoldenTests):
        name = "inception_v4"
"""

import shutil
from dataclasses import dataclass

import keras
import numpy as np
import pytest

from repro import checkpoints, networks
from repro.networks.batch_norm import BatchNorm
from repro.networks.draws import Dropout
from tests.networks.goldens import Golden, golden
from tests.networks.outputs import (
    assert_outputs_are_the_originals,
    assign_recipe,
    moving_averages,
)


@dataclass(frozen=True)
class Fresh:
    """A network as the original training graph has it, and its values before any were assigned."""

    model: keras.Model
    initial: dict[str, np.ndarray]


class GoldenTests:
    """Base class; `name` is the network's."""

    name: str

    @pytest.fixture(scope="class")
    def reference(self) -> Golden:
        return golden(self.name)

    @pytest.fixture(scope="class")
    def fresh(self, reference) -> Fresh:
        model = networks.create(
            self.name,
            reference.json("facts.json")["num_classes"],
            auxiliary_head=networks.spec(self.name).auxiliary_scope is not None,
        )
        initial = {name: np.array(v.value) for name, v in networks.variables(model).items()}
        return Fresh(model, initial)

    def test_its_variables_are_the_originals(self, reference, fresh):
        shapes = {name: value.shape for name, value in fresh.initial.items()}
        assert shapes == reference.variables(auxiliary=True)

    def test_the_l2_penalty_is_on_the_originals_variables(self, reference, fresh):
        penalized = networks.weight_decay_variables(fresh.model)
        assert set(penalized) == set(reference.weight_decay_variables())

    def test_its_initializers_are_the_originals(self, reference, fresh):
        rules = reference.table("initializers.csv")
        for name, values in fresh.initial.items():
            _check_draw(rules[name], values, name)

    def test_its_end_points_are_the_originals(self, reference, fresh):
        described = reference.json("outputs_end_points.json")["end_points"]
        expected = {point["end_point"] for point in described}
        if fresh.model.graph.auxiliary_logits is not None:
            expected.add("AuxLogits")  # the original NASNet has it in training only
        assert set(networks.end_points(fresh.model)) == expected

    def test_its_last_dropout_comes_after_the_features(self, reference, fresh):
        rates = [
            pytest.approx(1 - keep, abs=1e-6)
            for _, keep in reference.json("facts.json")["dropout_keep_prob"]
        ]
        assert _dropout_rates(fresh.model) == rates
        assert _dropout_rates(networks.feature_extractor(fresh.model)) == rates[:-1]

    def test_restored_from_a_checkpoint_all_it_computes_is_the_originals(
        self, reference, fresh, tmp_path
    ):
        values = reference.values() | {"global_step": np.int64(250_000)}
        report = checkpoints.restore(
            fresh.model, checkpoints.write(tmp_path / "model.ckpt", values)
        )
        shutil.rmtree(tmp_path)  # up to half a gigabyte
        assert set(report.restored) == set(reference.variables(auxiliary=True))
        assert report.ignored == ("global_step",)
        assert_outputs_are_the_originals(fresh.model, reference)

    def test_a_training_step_moves_the_averages_as_the_original(self, reference):
        """Also at an odd and non-square size; with no memory, the averages are the batch's."""
        if not (reference.folder / "training_bn.json").exists():
            pytest.skip(f"{self.name} has no batch normalization")
        description = reference.json("training_bn.json")
        expected = reference.array("training_bn.npz")
        image = reference.image(description["input"])
        model = networks.create(
            self.name, reference.json("facts.json")["num_classes"], image.shape[1:]
        )
        normalizations = [layer for layer in model.layers if isinstance(layer, BatchNorm)]
        assert {str(layer.momentum) for layer in normalizations} == set(description["decay"])
        assert len(normalizations) == description["n_bn_layers"]

        assign_recipe(model)
        model(image, training=True)
        averages = moving_averages(model)
        for name, value in expected.items():
            if "/moving_" in name:
                np.testing.assert_allclose(averages[name], value, rtol=0, atol=1e-5, err_msg=name)

        assign_recipe(model)
        for layer in normalizations:
            layer.momentum = 0.0
        model(image, training=True)
        averages = moving_averages(model)
        for name, value in expected.items():
            if "/batch_" in name:
                moving = name.replace("/batch_", "/moving_").removesuffix("_unbiased")
                np.testing.assert_allclose(
                    averages[moving], value, rtol=1e-4, atol=1e-4, err_msg=name
                )


def _dropout_rates(model: keras.Model) -> list[float]:
    return [1 - layer.keep for layer in model.layers if isinstance(layer, Dropout)]


def _check_draw(rule: str, values: np.ndarray, key: str) -> None:
    if rule.startswith("constant"):
        assert np.all(values == np.float32(rule.split()[1])), key
        return
    receptive = int(np.prod(values.shape[:-2]))
    fan_in, fan_out = receptive * values.shape[-2], receptive * values.shape[-1]
    if rule.startswith("truncated_normal"):
        bound = 2 * float(rule.split("=")[1].rstrip(")"))
    elif "variance_scaling" in rule:
        bound = 2 * np.sqrt(2.6 / (fan_out if "fan_out" in rule else fan_in))
    else:
        assert rule == "xavier_uniform"
        bound = np.sqrt(6 / (fan_in + fan_out))
    assert np.abs(values).max() <= bound * (1 + 1e-6), key
    if values.size > 10_000:  # a family shows in its moments only when the layer is large
        shape_factor = 1 / np.sqrt(3) if rule == "xavier_uniform" else 0.8796 / 2
        assert values.std() == pytest.approx(bound * shape_factor, rel=0.03), key
        assert np.abs(values).max() > 0.95 * bound, key
        assert abs(values.mean()) < 5 * values.std() / np.sqrt(values.size), key
