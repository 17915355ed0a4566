import re

import pytest

from repro import UserError, networks
from repro.checkpoints import entries, entry

TABLE_4 = {
    "vgg_16": 70.9,
    "vgg_19": 71.0,
    "inception_v1": 69.8,
    "inception_v2": 74.0,
    "inception_v3": 78.0,
    "inception_v4": 80.2,
    "inception_resnet_v2": 80.4,
    "resnet_v1_50": 75.2,
    "resnet_v1_101": 76.4,
    "resnet_v1_152": 76.8,
    "mobilenet_v1": 70.7,
    "nasnet_mobile": 74.0,
    "nasnet_large": 82.7,
}


def test_every_network_of_table_4_is_there_with_its_accuracy_and_in_its_order():
    listed = list(dict.fromkeys(row.model for row in entries() if row.imagenet_top1 is not None))
    assert listed == list(TABLE_4)
    assert {row.model: row.imagenet_top1 for row in entries() if row.model in TABLE_4} == TABLE_4


def test_narrower_and_later_mobilenets_are_there_without_a_number_of_the_paper():
    others = {row.model for row in entries()} - set(TABLE_4)
    assert others == {
        "mobilenet_v1_0.75",
        "mobilenet_v1_0.5",
        "mobilenet_v1_0.25",
        "mobilenet_v2",
        "mobilenet_v2_1.4",
    }
    assert all(entry(model).imagenet_top1 is None for model in others)


@pytest.mark.parametrize("row", entries(), ids=lambda row: row.file)
def test_every_cell_is_well_formed(row):
    assert row.urls
    assert all(re.fullmatch(r"https?://\S+", url) for url in row.urls)
    assert all(url.endswith(f"/{row.file}") for url in row.urls)
    assert row.sha256 is None or re.fullmatch("[0-9a-f]{64}", row.sha256)
    assert row.sha384 is None or re.fullmatch("[0-9a-f]{96}", row.sha384)
    assert row.size is None or row.size > 1_000_000
    assert row.format in ("V1", "V2")
    assert row.member.endswith(".ckpt")
    assert row.num_classes == (1000 if row.preprocessing == "vgg" else 1001)
    assert row.preprocessing in ("vgg", "inception")
    assert row.note


@pytest.mark.parametrize("name", list(networks.NETWORKS))
def test_the_manifest_agrees_with_the_network(name):
    spec, row = networks.spec(name), entry(name)
    assert (row.num_classes, row.preprocessing) == (spec.num_classes, spec.preprocessing)
    assert row.imagenet_top1 == spec.imagenet_top1 or name not in TABLE_4


def test_no_archive_has_the_checksum_of_another():
    for digests in ([row.sha256 for row in entries()], [row.sha384 for row in entries()]):
        known = [digest for digest in digests if digest is not None]
        assert len(set(known)) == len(known)


def test_the_recommended_archive_of_table_4_has_a_checksum():
    assert all(entry(model).sha256 is not None for model in TABLE_4)


def test_what_is_not_known_is_none():
    row = entry("nasnet_large")
    assert (row.sha384, row.size, row.moving_averages) == (None, None, None)
    assert entry("vgg_16").moving_averages is False
    assert entry("mobilenet_v2").moving_averages is True


def test_of_several_releases_the_first_is_recommended():
    released = [row for row in entries() if row.model == "mobilenet_v1"]
    assert len(released) == 3
    assert entry("mobilenet_v1") == released[0]


def test_an_unknown_network_is_told_with_the_nearest_names():
    with pytest.raises(UserError, match=r"--model=inception_v5 is unknown. Did you mean inception"):
        entry("inception_v5")
