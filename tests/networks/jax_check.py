"""Asserts that networks compute on JAX what the original computed, without TensorFlow.

KERAS_BACKEND=jax python -m tests.networks.jax_check mobilenet_v2 resnet_v1_50
"""

import sys
from collections.abc import Sequence

import keras
import numpy as np

from repro import networks
from tests.networks.goldens import golden
from tests.networks.outputs import assert_outputs_are_the_originals, assign_recipe, outputs_model


def compiled_outputs(model: keras.Model, image: np.ndarray) -> dict[str, np.ndarray]:
    """Returns what `outputs_model` computes, as one compiled program."""
    return outputs_model(model).predict_on_batch(image)


def main(names: Sequence[str]) -> None:
    """Checks the networks and that nothing has imported TensorFlow; raises an AssertionError."""
    assert keras.backend.backend() == "jax"
    for name in names:
        reference = golden(name)
        model = networks.create(
            name,
            reference.json("facts.json")["num_classes"],
            auxiliary_head=networks.spec(name).auxiliary_scope is not None,
        )
        assign_recipe(model)
        assert_outputs_are_the_originals(model, reference, compiled_outputs)
        print(name, "computes what the original computed")
    assert "tensorflow" not in sys.modules


if __name__ == "__main__":
    main(sys.argv[1:])
