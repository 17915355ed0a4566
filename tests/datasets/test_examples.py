import shutil

import numpy as np
import pytest

from repro import UserError, datasets
from repro.datasets import registry


def test_examples_are_ordered_by_id(digits_dir):
    examples = datasets.load("digits", "train+validation", digits_dir)
    assert list(examples.ids) == sorted(examples.ids)
    assert examples.ids.dtype.kind == "U"
    assert examples.labels.dtype == np.int64
    assert isinstance(examples.images[0], bytes)


def test_train_and_validation_part_the_training_set(digits_dir):
    train, validation, both, test = (
        datasets.load("digits", split, digits_dir)
        for split in ("train", "validation", "train+validation", "test")
    )
    assert sorted([*train.ids, *validation.ids]) == list(both.ids)
    assert not set(test.ids) & set(both.ids)
    image_of = dict(zip(both.ids, both.images, strict=True))
    label_of = dict(zip(both.ids, both.labels, strict=True))
    for part in (train, validation):
        assert [image_of[name] for name in part.ids] == list(part.images)
        assert [label_of[name] for name in part.ids] == list(part.labels)


def test_a_data_set_that_is_not_there_is_prepared_first(tmp_path):
    assert len(datasets.load("digits", "test", tmp_path)) == 599


def test_an_unknown_split_is_answered_with_the_allowed_ones(digits_dir):
    with pytest.raises(UserError, match=r"split=val is unknown.*train\+validation, validation"):
        datasets.load("digits", "val", digits_dir)


@pytest.fixture
def damaged(digits_dir, tmp_path):
    """Copies the digits, for a test to damage."""
    shutil.copytree(digits_dir, tmp_path / "data")
    return tmp_path / "data" / "repro_digits" / "1.0.0"


@pytest.mark.parametrize("loss", ["cut", "flip", "remove"])
def test_damaged_records_are_noticed(damaged, loss):
    (records,) = damaged.glob("*train.tfrecord*")
    content = bytearray(records.read_bytes())
    if loss == "remove":
        records.unlink()
    elif loss == "cut":
        records.write_bytes(content[:-100])
    else:
        content[len(content) // 2] ^= 1
        records.write_bytes(content)
    with pytest.raises(UserError, match=r"repro_digits/1\.0\.0 is damaged: .*Remove that folder"):
        datasets.load("digits", "train", damaged.parents[1])


@pytest.mark.parametrize("name", ["dataset_info.json", "label.labels.txt"])
@pytest.mark.parametrize("loss", ["empty", "remove"])
def test_damaged_metadata_are_noticed(damaged, name, loss):
    if loss == "remove":
        (damaged / name).unlink()
    else:
        (damaged / name).write_text("")
    with pytest.raises(UserError, match=r"is damaged|damaged dataset_info|no complete data set"):
        datasets.load("digits", "train", damaged.parents[1])


def test_prepared_data_with_another_split_are_refused(digits_dir, declare):
    counts = {"train": 959, "validation": 239, "test": 599}
    spec = declare("digits", counts)
    assert len(datasets.load("digits", "test", digits_dir)) == 599
    spec.expected["test"] = type(spec.expected["test"])(599, "0" * 64)
    with pytest.raises(
        UserError, match=rf"test has 599 examples \(sha256 593a.* \(sha256 {'0' * 64}"
    ):
        datasets.load("digits", "test", digits_dir)


def test_more_examples_than_declared_are_refused(digits_dir, declare):
    declare("digits", {"train": 900, "validation": 239, "test": 599})
    with pytest.raises(UserError, match=r"has 1,198 examples .* instead of 1,139"):
        datasets.load("digits", "validation", digits_dir)


def test_fewer_examples_than_declared_warn(digits_dir, declare):
    declare("digits", {"train": 960, "validation": 240, "test": 600})
    with pytest.warns(UserWarning, match=r"train has 1,198 of 1,200, test has 599 of 600"):
        datasets.load("digits", "validation", digits_dir)


def test_a_registered_name_is_needed(tmp_path):
    assert "imagenet" not in registry.DATASETS
    with pytest.raises(UserError, match="--dataset=imagenet is unknown"):
        datasets.load("imagenet", "train", tmp_path)
