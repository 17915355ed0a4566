import pytest

from repro import datasets
from tests.datasets import archives_tfds


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    with archives_tfds.prepared("dtd", tmp_path_factory.mktemp("dtd")) as data_dir:
        yield data_dir


@pytest.mark.parametrize(("split", "file"), [("train", "train"), ("validation", "val")])
def test_the_splits_are_those_of_the_first_fold(data_dir, split, file):
    files = archives_tfds.dtd_files()
    listed = files[f"dtd/labels/{file}1.txt"].decode().split()
    assert listed != files[f"dtd/labels/{file}2.txt"].decode().split()
    examples = datasets.load("dtd", split, data_dir)
    assert list(examples.ids) == [f"images/{name.removesuffix('.jpg')}" for name in listed]


def test_labels_count_the_official_class_names(data_dir):
    examples = datasets.load("dtd", "test", data_dir)
    assert len(examples.class_names) == 47
    assert [examples.class_names[label] for label in examples.labels] == [
        name.split("/")[1] for name in examples.ids
    ]


@pytest.mark.parametrize("compression", ["", "gz"])
def test_the_archive_may_be_compressed_as_its_name_says_or_not_as_it_is(tmp_path, compression):
    archive = tmp_path / "dtd-r1.0.1.tar.gz"
    archives_tfds.write_tar(archive, archives_tfds.dtd_files(), compression)
    with archives_tfds.declared("dtd", tmp_path):
        examples = datasets.load("dtd", "train+validation", tmp_path / "data", tmp_path)
    assert len(examples) == 8
