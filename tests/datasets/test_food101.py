import pytest

from repro import datasets
from tests.datasets import archives_tfds


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    with archives_tfds.prepared("food101", tmp_path_factory.mktemp("food101")) as data_dir:
        yield data_dir


def test_the_official_test_set_is_the_test_set_though_tfds_calls_it_validation(data_dir):
    examples = datasets.load("food101", "test", data_dir)
    assert list(examples.ids) == [
        "images/apple_pie/102",
        "images/apple_pie/85",
        "images/waffles/1085",
        "images/waffles/1102",
    ]


def test_validation_is_a_fifth_of_each_class_of_the_official_training_set(data_dir):
    whole = datasets.load("food101", "train+validation", data_dir)
    validation = datasets.load("food101", "validation", data_dir)
    assert len(whole) == 10
    assert set(validation.ids) < set(whole.ids)
    assert [name.split("/")[1] for name in validation.ids] == ["apple_pie", "waffles"]


def test_labels_count_the_official_class_names(data_dir):
    examples = datasets.load("food101", "train", data_dir)
    assert len(examples.class_names) == 101
    assert [examples.class_names[label] for label in examples.labels] == [
        name.split("/")[1] for name in examples.ids
    ]


def test_the_original_bytes_are_kept(data_dir):
    examples = datasets.load("food101", "train", data_dir)
    files = archives_tfds.food101_files()
    assert list(examples.images) == [files[f"food-101/{name}.jpg"] for name in examples.ids]
