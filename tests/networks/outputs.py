"""What a network computes with the recipe's weights, and whether it is what the original computed.

It needs no TensorFlow where Keras runs on another backend.
"""

from collections.abc import Callable

import keras
import numpy as np
import pytest

from repro import networks
from tests.golden import recipe
from tests.networks.goldens import Golden, relative_l2


def assign_recipe(model: keras.Model) -> None:
    """Gives a network the weights that the original was run with."""
    networks.assign(
        model,
        {
            name: recipe.value(name, tuple(variable.shape))
            for name, variable in networks.variables(model).items()
        },
    )


def moving_averages(model: keras.Model) -> dict[str, np.ndarray]:
    """Returns copies of the moving means and variances by their TF-Slim names."""
    return {
        name: np.array(variable.value)
        for name, variable in networks.variables(model).items()
        if "/moving_" in name
    }


def outputs_model(model: keras.Model) -> keras.Model:
    """Returns a model from images to all end points by name, and to `logits` and `features`."""
    tensors = networks.end_points(model) | {
        "logits": model.graph.logits,
        "features": model.graph.features,
    }
    return keras.Model(model.inputs[0], tensors)


def all_outputs(model: keras.Model, image: np.ndarray) -> dict[str, np.ndarray]:
    """Returns what `outputs_model` computes outside training."""
    outputs = outputs_model(model)(image, training=False)
    return {name: np.asarray(value) for name, value in outputs.items()}


def assert_outputs_are_the_originals(
    model: keras.Model,
    reference: Golden,
    compute: Callable[[keras.Model, np.ndarray], dict[str, np.ndarray]] = all_outputs,
) -> None:
    """Compares logits, features and every end point to 1e-5; the noise of float32 is 3e-6.

    An auxiliary head is compared where both have one.

    Args:
      model: with the recipe's weights, as many classes as the original, for its size of image.
      reference: of the same network.
      compute: what stands in for `all_outputs`.
    """
    description = reference.json("outputs_end_points.json")
    expected = reference.array("outputs.npz")
    outputs = compute(model, reference.image(description["input"]))

    assert relative_l2(outputs["logits"], expected["logits"]) < 1e-5
    assert relative_l2(outputs["features"], expected["features"]) < 1e-5
    if "AuxLogits" in outputs and "aux_logits" in expected:
        assert relative_l2(outputs["AuxLogits"], expected["aux_logits"]) < 1e-5
    for point in description["end_points"]:
        name = point["end_point"]
        if name == "AuxLogits" and name not in outputs:
            continue
        ours = outputs[name]
        assert list(ours.shape) == point["shape"], name
        corner = expected[f"slice:{name}"]
        # A ReLU or softmax may leave next to nothing in a corner, so its size is no measure.
        scale = max(np.linalg.norm(corner), point["std"] * np.sqrt(corner.size))
        assert np.linalg.norm(_corner(ours) - corner) < 1e-5 * scale, name
        assert np.std(ours) == pytest.approx(point["std"], rel=1e-4), name
        assert np.mean(ours) == pytest.approx(point["mean"], rel=1e-4, abs=1e-5), name
        assert np.abs(ours).max() == pytest.approx(point["absmax"], rel=1e-4), name


def _corner(array: np.ndarray) -> np.ndarray:
    return array[0, :2, :2, :8] if array.ndim == 4 else array[0, :8]
