"""Checkpoints of whole networks, with an auxiliary head too many, other names, moving averages.

That every network, restored from a checkpoint of the original's variables, computes what the
original computed is stated in tests/networks/golden_tests.py.
"""

import numpy as np
import pytest

from repro import networks
from repro.checkpoints import restore, write
from tests.checkpoints import made
from tests.networks.goldens import Golden, golden
from tests.networks.outputs import assert_outputs_are_the_originals

NASNET = "nasnet_mobile"


@pytest.mark.parametrize(
    "name",
    [
        "inception_v3",
        pytest.param("inception_v4", marks=pytest.mark.every_network),
        pytest.param("inception_resnet_v2", marks=pytest.mark.every_network),
        NASNET,
        pytest.param("nasnet_large", marks=pytest.mark.every_network),
    ],
)
def test_a_network_without_its_auxiliary_head_ignores_the_files(name, tmp_path):
    reference = golden(name)
    path = write(tmp_path / "model.ckpt", reference.values() | {"global_step": np.int64(1)})
    model = networks.create(name, reference.json("facts.json")["num_classes"])
    report = restore(model, path)
    remaining = set(reference.variables(auxiliary=False))
    auxiliary = set(reference.variables(auxiliary=True)) - remaining
    assert set(report.restored) == remaining
    assert set(report.ignored) == auxiliary | {"global_step"}
    assert_outputs_are_the_originals(model, reference)


@pytest.fixture(scope="module")
def nasnet() -> Golden:
    return golden(NASNET)


@pytest.fixture(scope="module")
def nasnet_with_head(nasnet):
    classes = nasnet.json("facts.json")["num_classes"]
    return networks.create(NASNET, classes, auxiliary_head=True)


@pytest.fixture(scope="module")
def averaged_nasnet_file(nasnet, tmp_path_factory):
    """With `fully_connected` for `FC`, the recipe's weights as averages, and deranged raw ones."""
    values = {
        name.replace("/FC/", "/fully_connected/"): value for name, value in nasnet.values().items()
    }
    file = {name: np.float32(1) - value for name, value in values.items()}
    file |= {name + made.AVERAGE: value for name, value in values.items()}
    return write(tmp_path_factory.mktemp("nasnet") / "model.ckpt", file)


def test_nasnet_computes_the_same_from_renamed_averages(
    nasnet, nasnet_with_head, averaged_nasnet_file
):
    report = restore(nasnet_with_head, averaged_nasnet_file)
    variables = set(nasnet.variables(auxiliary=True))
    assert set(report.restored) == set(report.averaged) == variables
    assert sum("/fully_connected/" in name for name in report.ignored) == 4
    assert {name.replace("/fully_connected/", "/FC/") for name in report.ignored} == variables
    assert_outputs_are_the_originals(nasnet_with_head, nasnet)


def test_nasnet_takes_the_raw_values_where_no_average_is_wanted(
    nasnet, nasnet_with_head, averaged_nasnet_file
):
    report = restore(nasnet_with_head, averaged_nasnet_file, prefer_moving_average=False)
    assert set(report.restored) == set(nasnet.variables(auxiliary=True))
    assert report.averaged == ()
    values = nasnet.values()
    for name, variable in networks.variables(nasnet_with_head).items():
        np.testing.assert_array_equal(variable.value, 1 - values[name], err_msg=name)
