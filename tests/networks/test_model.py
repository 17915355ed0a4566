"""What `create` and its companions promise for any network."""

import keras
import numpy as np
import pytest

from repro import UserError, networks

SMALL = "mobilenet_v1_0.25"


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return networks.create(SMALL, 5, (None, None, 3))


@pytest.mark.parametrize("size", [(64, 64), (33, 97), (225, 31)])
def test_any_size_of_image_is_pooled_to_the_same_features(model, size):
    image = np.zeros((2, *size, 3), np.float32)
    assert model(image).shape == (2, 5)
    assert networks.feature_extractor(model)(image).shape == (2, 256)


def test_the_feature_extractor_shares_the_weights(model):
    extractor = networks.feature_extractor(model)
    image = np.ones((1, 32, 32, 3), np.float32)
    before = np.asarray(extractor(image))
    name = "MobilenetV1/Conv2d_13_pointwise/BatchNorm/beta"
    networks.assign(model, {name: np.ones(256)})
    assert not np.allclose(extractor(image), before)


def test_two_layers_of_the_same_shape_are_initialized_differently(model):
    values = networks.variables(model)
    first, second = (
        np.asarray(values[f"MobilenetV1/Conv2d_{i}_pointwise/weights"].value) for i in (8, 9)
    )
    assert not np.array_equal(first, second)


def test_a_seed_repeats_the_initialization():
    draws = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        values = networks.variables(networks.create(SMALL, 5, (32, 32, 3)))
        draws.append(np.asarray(values["MobilenetV1/Conv2d_0/weights"].value))
    np.testing.assert_array_equal(*draws)


def test_assign_refuses_all_if_one_does_not_fit(model):
    name = "MobilenetV1/Conv2d_0/BatchNorm/beta"
    before = np.array(networks.variables(model)[name].value)
    with pytest.raises(ValueError, match=r"no_such.*should be \(256,\)"):
        networks.assign(
            model,
            {
                name: before + 1,
                "no_such": np.zeros(1),
                "MobilenetV1/Conv2d_13_pointwise/BatchNorm/beta": np.zeros(3),
            },
        )
    np.testing.assert_array_equal(networks.variables(model)[name].value, before)


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        (("inception_v5", 10), {}, "Did you mean inception_v4"),
        ((SMALL, 0), {}, "0 classes"),
        ((SMALL, 10, (64, 64, 1)), {}, r"\(64, 64, 1\)"),
        ((SMALL, 10), {"auxiliary_head": True}, "no auxiliary head"),
        (("inception_v4", 10, (None, None, 3)), {"auxiliary_head": True}, "fixed input_shape"),
        (("inception_v4", 10, (40, 40, 3)), {}, "40x40 pixels are too small"),
    ],
)
def test_a_mistake_is_named(arguments, options, words):
    with pytest.raises(UserError, match=words):
        networks.create(*arguments, **options)
