"""Inception-ResNet v2 is TF-Slim's."""

from repro import networks
from tests.networks.golden_tests import GoldenTests


class TestInceptionResNetV2(GoldenTests):
    name = "inception_resnet_v2"


def test_the_auxiliary_kernel_is_as_large_as_the_map():
    model = networks.create("inception_resnet_v2", 7, (299, 399, 3), auxiliary_head=True)
    kernel = networks.variables(model)["InceptionResnetV2/AuxLogits/Conv2d_2a_5x5/weights"]
    assert kernel.shape == (5, 7, 128, 768)
    assert [output.shape for output in model.outputs] == [(None, 7), (None, 7)]
