import io

import numpy as np
import pytest
from PIL import Image

from repro import datasets
from repro.datasets.declaration import ExpectedSplit
from tests.datasets import archives_tfds


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    with archives_tfds.prepared("pets", tmp_path_factory.mktemp("pets")) as data_dir:
        yield data_dir


def _images(data_dir):
    examples = datasets.load("pets", "train+validation", data_dir)
    return dict(zip(map(str, examples.ids), examples.images, strict=True))


def test_the_official_lists_are_the_splits_and_a_fifth_of_training_is_held_out(data_dir):
    test = datasets.load("pets", "test", data_dir)
    assert list(test.ids) == ["Abyssinian_1", "Abyssinian_2", "beagle_1", "beagle_2"]
    assert list(test.labels) == [0, 0, 4, 4]
    validation = datasets.load("pets", "validation", data_dir)
    assert list(validation.labels) == [0, 4]
    assert len(datasets.load("pets", "train", data_dir)) == 8


def test_labels_count_the_official_class_names(data_dir):
    examples = datasets.load("pets", "train", data_dir)
    assert len(examples.class_names) == 37
    assert [examples.class_names[label] for label in examples.labels] == [
        name.rsplit("_", 1)[0] for name in examples.ids
    ]


def test_an_image_that_tfds_knows_to_be_no_jpeg_becomes_one(data_dir):
    content = _images(data_dir)["beagle_116"]
    original = archives_tfds.pets_images()["images/beagle_116.jpg"]
    assert Image.open(io.BytesIO(original)).format == "PNG"
    made = Image.open(io.BytesIO(content))
    assert made.format == "JPEG"
    difference = np.subtract(made, Image.open(io.BytesIO(original)).convert("RGB"), dtype=float)
    assert np.abs(difference).mean() < 6


def test_every_other_image_keeps_its_bytes_be_it_a_png(data_dir):
    files = archives_tfds.pets_images()
    images = _images(data_dir)
    del images["beagle_116"]
    assert images == {name: files[f"images/{name}.jpg"] for name in images}
    assert Image.open(io.BytesIO(images["beagle_117"])).format == "PNG"


def test_compressed_archives_are_as_good(tmp_path):
    archives_tfds.write_tar(tmp_path / "images.tar.gz", archives_tfds.pets_images())
    archives_tfds.write_tar(tmp_path / "annotations.tar.gz", archives_tfds.pets_annotations())
    with archives_tfds.declared("pets", tmp_path):
        assert len(datasets.load("pets", "test", tmp_path / "data", tmp_path)) == 4


def test_how_many_are_held_out_follows_from_the_classes_and_is_not_declared(tmp_path):
    archives_tfds.write_official("pets", tmp_path)
    expected = {"train": ExpectedSplit(7), "validation": ExpectedSplit(3), "test": ExpectedSplit(4)}
    with archives_tfds.declared("pets", tmp_path, expected=expected):
        assert len(datasets.load("pets", "validation", tmp_path / "data", tmp_path)) == 2
