"""Every network computes what the original TF-Slim code computes."""

import keras
import numpy as np
import pytest

from repro import networks
from tests.networks.goldens import golden, relative_l2

WITH_GOLDENS = [name for name in networks.NETWORKS if golden(name).folder.exists()]
pytestmark = pytest.mark.parametrize("name", WITH_GOLDENS)


def test_logits_features_and_end_points_are_the_originals(name):
    reference = golden(name)
    description = reference.json("outputs_end_points.json")
    expected = reference.array("outputs.npz")
    has_auxiliary = "aux_logits" in expected
    model = reference.model(auxiliary=has_auxiliary)
    points = networks.end_points(model)
    everything = keras.Model(model.inputs[0], points | {"features": model.graph.features})
    outputs = {
        key: np.asarray(value)
        for key, value in everything(reference.image(description["input"]), training=False).items()
    }

    assert relative_l2(outputs["Logits"], expected["logits"]) < 1e-5
    assert relative_l2(outputs["features"], expected["features"]) < 1e-5
    if has_auxiliary:
        assert relative_l2(outputs["AuxLogits"], expected["aux_logits"]) < 1e-5
    for point in description["end_points"]:
        key = point["end_point"]
        assert list(outputs[key].shape) == point["shape"], key
        assert relative_l2(_corner(outputs[key]), expected[f"slice:{key}"]) < 1e-5, key
        assert np.std(outputs[key]) == pytest.approx(point["std"], rel=1e-4), key
        assert np.mean(outputs[key]) == pytest.approx(point["mean"], rel=1e-4, abs=1e-5), key
        assert np.abs(outputs[key]).max() == pytest.approx(point["absmax"], rel=1e-4), key


def test_variables_are_the_originals(name):
    reference = golden(name)
    for auxiliary in {False, networks.spec(name).auxiliary_scope is not None}:
        model = networks.create(
            name, reference.json("facts.json")["num_classes"], auxiliary_head=auxiliary
        )
        shapes = {key: tuple(v.shape) for key, v in networks.variables(model).items()}
        assert shapes == reference.variables(auxiliary=auxiliary)
        penalized = set(networks.weight_decay_variables(model))
        assert penalized == set(reference.weight_decay_variables()) & set(shapes)


def test_a_training_step_moves_the_averages_as_the_original(name):
    reference, description, expected = _training_golden(name)
    after = _averages_after_a_step(reference, description)
    for key, value in expected.items():
        if "/moving_" in key:
            np.testing.assert_allclose(after[key], value, rtol=0, atol=1e-5, err_msg=key)
    assert len(after) == description["n_update_ops"]


def test_batch_statistics_are_the_originals(name):
    reference, description, expected = _training_golden(name)
    # With no memory, the averages after a step are the batch's statistics.
    after = _averages_after_a_step(reference, description, batch_norm_momentum=0.0)
    for key, value in expected.items():
        if "/batch_" in key:
            moving = key.replace("batch_", "moving_").removesuffix("_unbiased")
            np.testing.assert_allclose(after[moving], value, rtol=1e-4, atol=1e-4, err_msg=key)


def test_initializers_are_the_originals(name):
    reference = golden(name)
    model = networks.create(
        name,
        reference.json("facts.json")["num_classes"],
        auxiliary_head=networks.spec(name).auxiliary_scope is not None,
    )
    rules = reference.table("initializers.csv")
    for key, variable in networks.variables(model).items():
        _check_draw(rules[key], np.asarray(variable.value), key)


def _training_golden(name: str):
    reference = golden(name)
    if not (reference.folder / "training_bn.json").exists():
        pytest.skip(f"{name} has no batch normalization")
    return reference, reference.json("training_bn.json"), reference.array("training_bn.npz")


def _averages_after_a_step(reference, description, **options) -> dict[str, np.ndarray]:
    image = reference.image(description["input"])
    model = reference.model(image.shape[1:], **options)
    model(image, training=True)
    return {
        key: np.array(variable.value)
        for key, variable in networks.variables(model).items()
        if "/moving_" in key
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
