import numpy as np
import pytest

from repro import datasets
from repro.datasets import cifar
from repro.datasets.splits import digest
from tests.datasets import archives_tfds
from tests.datasets.archives_tfds import CIFAR10_NAMES, CIFAR100_FINE


@pytest.fixture(scope="module")
def cifar10_dir(tmp_path_factory):
    with archives_tfds.prepared("cifar10", tmp_path_factory.mktemp("cifar10")) as data_dir:
        yield data_dir


@pytest.fixture(scope="module")
def cifar100_dir(tmp_path_factory):
    with archives_tfds.prepared("cifar100", tmp_path_factory.mktemp("cifar100")) as data_dir:
        yield data_dir


def test_an_id_is_the_place_in_the_five_training_files_or_in_the_test_file(cifar10_dir):
    train = datasets.load("cifar10", "train+validation", cifar10_dir)
    test = datasets.load("cifar10", "test", cifar10_dir)
    assert list(train.ids) == [f"train/{index:05d}" for index in range(50)]
    assert list(test.ids) == [f"test/{index:05d}" for index in range(12)]
    assert list(train.labels) == list(range(10)) * 5
    assert list(test.labels) == [1, 0, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]


def test_class_names_come_from_the_archive(cifar10_dir, cifar100_dir):
    assert datasets.load("cifar10", "test", cifar10_dir).class_names == CIFAR10_NAMES
    assert datasets.load("cifar100", "test", cifar100_dir).class_names == tuple(CIFAR100_FINE)


def test_labels_of_cifar100_are_the_fine_ones(cifar100_dir):
    examples = datasets.load("cifar100", "test", cifar100_dir)
    assert list(examples.labels) == [0, 7, 30, 50, 98, 99]


def test_pictures_are_those_of_the_archive(cifar10_dir, cifar100_dir):
    for name, data_dir in (("cifar10", cifar10_dir), ("cifar100", cifar100_dir)):
        examples = datasets.load(name, "test", data_dir)
        expected = [
            archives_tfds.cifar_picture(index, label)
            for index, label in enumerate(map(int, examples.labels))
        ]
        np.testing.assert_array_equal(examples.small_pictures, expected)


def test_a_fifth_of_each_class_is_held_out(cifar10_dir):
    validation = datasets.load("cifar10", "validation", cifar10_dir)
    assert sorted(validation.labels) == list(range(10))


@pytest.mark.parametrize("spec", [cifar.CIFAR10, cifar.CIFAR100])
def test_the_declared_digest_is_that_of_ten_thousand_places(spec):
    expected = spec.expected["test"]
    assert expected.sha256 == digest(f"test/{index:05d}" for index in range(10_000))
