"""A network built for any size has the maps that TensorFlow's arithmetic says at a given one.

And it computes the same as a network that is built for that size. test_any_size.py compares those
networks with TF-Slim's own code that are left out of `STAGES` here.
"""

import keras
import numpy as np
import pytest

from repro import networks
from tests.networks.goldens import relative_l2
from tests.networks.outputs import assign_recipe, outputs_model
from tests.networks.plain_reference import output_size
from tests.networks.tf_slim_reference import image

CLASSES = 11

# For each stage the end point, and the kernel, stride and padding of its layers that may change the
# size of the map, from the descriptions of TF-Slim's networks.
KEPT = [(3, 1, "same")]
HALVED = [(3, 2, "same")]
SHRUNK = [(3, 1, "valid")]
SHRUNK_AND_HALVED = [(3, 2, "valid")]
STAGES = {
    "inception_v4": {
        "Conv2d_1a_3x3": SHRUNK_AND_HALVED,
        "Conv2d_2a_3x3": SHRUNK,
        "Conv2d_2b_3x3": KEPT,
        "Mixed_3a": SHRUNK_AND_HALVED,
        "Mixed_4a": SHRUNK,
        "Mixed_5a": SHRUNK_AND_HALVED,
        "Mixed_5e": KEPT,
        "Mixed_6a": SHRUNK_AND_HALVED,
        "Mixed_6h": KEPT,
        "Mixed_7a": SHRUNK_AND_HALVED,
        "Mixed_7d": KEPT,
    },
    "inception_resnet_v2": {
        "Conv2d_1a_3x3": SHRUNK_AND_HALVED,
        "Conv2d_2a_3x3": SHRUNK,
        "Conv2d_2b_3x3": KEPT,
        "MaxPool_3a_3x3": SHRUNK_AND_HALVED,
        "Conv2d_3b_1x1": [(1, 1, "valid")],
        "Conv2d_4a_3x3": SHRUNK,
        "MaxPool_5a_3x3": SHRUNK_AND_HALVED,
        "Mixed_5b": KEPT,
        "Mixed_6a": SHRUNK_AND_HALVED,
        "PreAuxLogits": KEPT,
        "Mixed_7a": SHRUNK_AND_HALVED,
        "Conv2d_7b_1x1": KEPT,
    },
    "mobilenet_v1_0.25": {
        "Conv2d_0": HALVED,
        "Conv2d_1_pointwise": KEPT,
        "Conv2d_2_pointwise": HALVED,
        "Conv2d_3_pointwise": KEPT,
        "Conv2d_4_pointwise": HALVED,
        "Conv2d_5_pointwise": KEPT,
        "Conv2d_6_pointwise": HALVED,
        "Conv2d_11_pointwise": KEPT,
        "Conv2d_12_pointwise": HALVED,
        "Conv2d_13_pointwise": KEPT,
    },
    "mobilenet_v2": {
        "layer_1": HALVED,
        "layer_2": KEPT,
        "layer_3": HALVED,
        "layer_4": KEPT,
        "layer_5": HALVED,
        "layer_7": KEPT,
        "layer_8": HALVED,
        "layer_14": KEPT,
        "layer_15": HALVED,
        "layer_19": KEPT,
    },
    "nasnet_mobile": {
        "Stem": SHRUNK_AND_HALVED + HALVED + HALVED,
        "Cell_3": KEPT,
        "Reduction_Cell_0": HALVED,
        "Cell_7": KEPT,
        "Reduction_Cell_1": HALVED,
        "Cell_11": KEPT,
    },
    "nasnet_large": {
        "Stem": SHRUNK_AND_HALVED + HALVED + HALVED,
        "Cell_5": KEPT,
        "Reduction_Cell_0": HALVED,
        "Cell_11": KEPT,
        "Reduction_Cell_1": HALVED,
        "Cell_17": KEPT,
    },
}
FAST = ("mobilenet_v1_0.25", "mobilenet_v2", "nasnet_mobile", "inception_v1", "resnet_v1_50")
SLOW = ("inception_v2", "inception_v3", "inception_v4", "inception_resnet_v2", "nasnet_large")
ALL = (*FAST, *(pytest.param(name, marks=pytest.mark.every_network) for name in (*SLOW, "vgg_16")))
WITH_STAGES = tuple(
    name if name in FAST else pytest.param(name, marks=pytest.mark.every_network) for name in STAGES
)


@pytest.fixture(scope="module")
def network(request) -> keras.Model:
    """For any size of image, with the recipe's weights; `request.param` is its name."""
    model = networks.create(request.param, CLASSES, (None, None, 3))
    assign_recipe(model)
    return model


@pytest.mark.parametrize("network", WITH_STAGES, indirect=True)
def test_every_stage_has_the_size_of_tensorflows_arithmetic(network):
    name = networks.spec_of(network).name
    computed = outputs_model(network)
    for size in ((97, 131), (128, 75), (76, 142)):
        outputs = computed(image(name, size), training=False)
        expected = size
        for end_point, layers in STAGES[name].items():
            for layer in layers:
                expected = tuple(output_size(pixels, *layer) for pixels in expected)
            assert outputs[end_point].shape[1:3] == expected, (size, end_point)


@pytest.mark.parametrize("network", ALL, indirect=True)
def test_it_computes_the_same_as_a_network_for_that_size(network):
    name = networks.spec_of(network).name
    for size in ((225, 259), (257, 231)) if name == "vgg_16" else ((97, 131), (143, 75)):
        x = image(name, size)
        fixed = networks.create(name, CLASSES, (*size, 3))
        assign_recipe(fixed)
        ours = np.asarray(network(x, training=False))
        assert relative_l2(ours, fixed(x, training=False)) < 1e-5
