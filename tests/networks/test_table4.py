"""The paper's Table 4 follows from the code."""

import pytest

from repro import checkpoints, networks

# Parameters in millions, features, image size, ImageNet top-1: typed in from the paper.
TABLE4 = {
    "vgg_16": (134.3, 4096, 224, 70.9),
    "vgg_19": (139.6, 4096, 224, 71.0),
    "inception_v1": (5.6, 1024, 224, 69.8),
    "inception_v2": (10.1, 1024, 224, 74.0),
    "inception_v3": (21.8, 2048, 299, 78.0),
    "inception_v4": (41.1, 1536, 299, 80.2),
    "inception_resnet_v2": (54.3, 1536, 299, 80.4),
    "resnet_v1_50": (23.5, 2048, 224, 75.2),
    "resnet_v1_101": (42.5, 2048, 224, 76.4),
    "resnet_v1_152": (58.1, 2048, 224, 76.8),
    "mobilenet_v1": (3.2, 1024, 224, 70.7),
    "nasnet_mobile": (4.2, 1056, 224, 74.0),
    "nasnet_large": (84.7, 4032, 331, 82.7),
}
LARGE = (
    "vgg_16",
    "vgg_19",
    "inception_v4",
    "inception_resnet_v2",
    "resnet_v1_101",
    "resnet_v1_152",
    "nasnet_large",
)
ROUNDED_OTHERWISE = ("inception_v2",)  # 10.15M, which the paper prints as 10.1M


def test_its_networks_come_first_and_in_its_order():
    assert list(networks.NETWORKS)[: len(TABLE4)] == list(TABLE4)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.every_network) if name in LARGE else name
        for name in TABLE4
    ],
)
def test_its_numbers_are_those_of_the_network(name):
    parameters, features, size, top1 = TABLE4[name]
    spec = networks.spec(name)
    model = networks.create(name, 10, auxiliary_head=spec.auxiliary_scope is not None)
    counted = networks.num_parameters(model) / 1e6
    if name in ROUNDED_OTHERWISE:
        assert counted == pytest.approx(parameters, abs=0.06)
    else:
        assert round(counted, 1) == parameters
    assert networks.feature_extractor(model).output.shape == (None, features)
    assert spec.num_features == features
    assert spec.image_size == size
    assert spec.imagenet_top1 == top1
    assert checkpoints.entry(name).imagenet_top1 == top1
    assert checkpoints.entry(name).num_classes == spec.num_classes
