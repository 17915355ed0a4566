import shutil

import numpy as np
import pytest
import scipy.io

from repro import datasets
from repro.datasets import flowers
from repro.datasets.splits import digest
from tests.datasets import archives_tfds
from tests.datasets.archives import image_bytes
from tests.shared import shared_path

MAT_SPLITS = {"train": "trnid", "validation": "valid", "test": "tstid"}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    with archives_tfds.prepared("flowers", tmp_path_factory.mktemp("flowers")) as data_dir:
        yield data_dir


@pytest.mark.parametrize("split", MAT_SPLITS)
def test_splits_and_labels_are_those_of_the_mat_files_which_count_from_one(data_dir, split):
    examples = datasets.load("flowers", split, data_dir)
    numbers = sorted(archives_tfds.flower_splits()[MAT_SPLITS[split]])
    assert list(examples.ids) == [f"image_{number:05d}" for number in numbers]
    labels = archives_tfds.flower_labels()
    assert list(examples.labels) == [labels[number - 1] - 1 for number in numbers]


def test_class_names_are_those_of_the_authors_page(data_dir):
    names = datasets.load("flowers", "train", data_dir).class_names
    assert len(names) == 102
    assert (names[0], names[76], names[101]) == (
        "pink primrose",
        "passion flower",
        "blackberry lily",
    )


def test_the_original_bytes_are_kept(data_dir):
    examples = datasets.load("flowers", "test", data_dir)
    files = archives_tfds.flowers_images()
    assert list(examples.images) == [files[f"jpg/{name}.jpg"] for name in examples.ids]


@pytest.mark.parametrize("split", MAT_SPLITS)
def test_the_declared_digests_are_those_of_the_official_lists(split):
    numbers = scipy.io.loadmat(shared_path("data/splits/flowers/setid.mat"))[MAT_SPLITS[split]][0]
    expected = flowers.SPEC.expected[split]
    assert len(numbers) == expected.count
    assert digest(f"image_{number:05d}" for number in numbers) == expected.sha256


@pytest.mark.slow
def test_the_official_lists_make_the_declared_data_set(tmp_path):
    """The real setid.mat and imagelabels.mat, and one stand-in for all of the 8,189 pictures."""
    for name in ("setid.mat", "imagelabels.mat"):
        shutil.copy(shared_path(f"data/splits/flowers/{name}"), tmp_path)
    picture = image_bytes(0)
    files = {f"jpg/image_{number:05d}.jpg": picture for number in range(1, 8_190)}
    archives_tfds.write_tar(tmp_path / "102flowers.tgz", files)
    with archives_tfds.declared("flowers", tmp_path, expected=flowers.SPEC.expected):
        examples = datasets.load("flowers", "train+validation", tmp_path / "data", tmp_path)
    assert list(np.bincount(examples.labels)) == [20] * 102
