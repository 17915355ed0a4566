"""The statements that hold for every network: it computes what the original TF-Slim code computed.

A network's test file makes a subclass that names it:

    class TestInceptionV4(GoldenTests):
        name = "inception_v4"
"""

from dataclasses import dataclass

import keras
import numpy as np
import pytest

from repro import networks
from repro.networks.batch_norm import BatchNorm
from tests.golden import recipe
from tests.networks.goldens import Golden, golden, relative_l2


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

    def test_logits_features_and_end_points_are_the_originals(self, reference, fresh):
        _assign_recipe(fresh.model)
        description = reference.json("outputs_end_points.json")
        expected = reference.array("outputs.npz")
        outputs = _all_outputs(fresh.model, reference.image(description["input"]))

        assert relative_l2(outputs["logits"], expected["logits"]) < 1e-5
        assert relative_l2(outputs["features"], expected["features"]) < 1e-5
        if "aux_logits" in expected:
            assert relative_l2(outputs["AuxLogits"], expected["aux_logits"]) < 1e-5
        for point in description["end_points"]:
            name = point["end_point"]
            ours = outputs[name]
            assert list(ours.shape) == point["shape"], name
            corner = expected[f"slice:{name}"]
            # A ReLU or softmax may leave next to nothing in a corner, so its size is no measure.
            scale = max(np.linalg.norm(corner), point["std"] * np.sqrt(corner.size))
            assert np.linalg.norm(_corner(ours) - corner) < 1e-5 * scale, name
            assert np.std(ours) == pytest.approx(point["std"], rel=1e-4), name
            assert np.mean(ours) == pytest.approx(point["mean"], rel=1e-4, abs=1e-5), name
            assert np.abs(ours).max() == pytest.approx(point["absmax"], rel=1e-4), name

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

        _assign_recipe(model)
        model(image, training=True)
        averages = _averages(model)
        for name, value in expected.items():
            if "/moving_" in name:
                np.testing.assert_allclose(averages[name], value, rtol=0, atol=1e-5, err_msg=name)

        _assign_recipe(model)
        for layer in normalizations:
            layer.momentum = 0.0
        model(image, training=True)
        averages = _averages(model)
        for name, value in expected.items():
            if "/batch_" in name:
                moving = name.replace("/batch_", "/moving_").removesuffix("_unbiased")
                np.testing.assert_allclose(
                    averages[moving], value, rtol=1e-4, atol=1e-4, err_msg=name
                )


def _assign_recipe(model: keras.Model) -> None:
    networks.assign(
        model,
        {
            name: recipe.value(name, tuple(variable.shape))
            for name, variable in networks.variables(model).items()
        },
    )


def _all_outputs(model: keras.Model, image: np.ndarray) -> dict[str, np.ndarray]:
    tensors = networks.end_points(model) | {
        "logits": model.graph.logits,
        "features": model.graph.features,
    }
    outputs = keras.Model(model.inputs[0], tensors)(image, training=False)
    return {name: np.asarray(value) for name, value in outputs.items()}


def _averages(model: keras.Model) -> dict[str, np.ndarray]:
    return {
        name: np.array(variable.value)
        for name, variable in networks.variables(model).items()
        if "/moving_" in name
    }


def _corner(array: np.ndarray) -> np.ndarray:
    return array[0, :2, :2, :8] if array.ndim == 4 else array[0, :8]


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
