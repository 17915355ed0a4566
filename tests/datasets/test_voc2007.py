import json

import numpy as np
import pytest

from repro import datasets
from repro.datasets import voc2007
from repro.datasets.splits import digest
from tests.datasets import archives_tfds
from tests.shared import shared_path

LISTS = {"train": "train", "validation": "val", "test": "test"}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    with archives_tfds.prepared("voc2007", tmp_path_factory.mktemp("voc2007")) as data_dir:
        yield data_dir


@pytest.mark.parametrize("split", [*datasets.SPLITS])
def test_a_label_is_1_if_there_0_if_only_difficult_and_else_minus_1(data_dir, split):
    examples = datasets.load("voc2007", split, data_dir)
    assert examples.labels.shape == (len(examples), 20)
    assert examples.labels.dtype == np.int64
    for name, labels in zip(examples.ids, examples.labels, strict=True):
        objects = archives_tfds.VOC_OBJECTS[name.removeprefix("VOC2007/JPEGImages/")]
        expected = {kind: 0 for kind, _ in objects}
        expected.update({kind: 1 for kind, difficult in objects if not difficult})
        present = {
            kind: label
            for kind, label in zip(examples.class_names, labels, strict=True)
            if label != -1
        }
        assert present == expected


def test_an_image_with_nothing_but_difficult_objects_is_kept(data_dir):
    examples = datasets.load("voc2007", "validation", data_dir)
    assert examples.ids[0] == "VOC2007/JPEGImages/000005"
    assert sorted(set(examples.labels[0])) == [-1, 0]


def test_classes_are_in_alphabetical_order(data_dir):
    names = datasets.load("voc2007", "train", data_dir).class_names
    assert len(names) == 20
    assert list(names) == sorted(names)
    assert (names[0], names[14], names[19]) == ("aeroplane", "person", "tvmonitor")


def test_the_pipeline_hands_the_twenty_labels_on(data_dir):
    examples = datasets.load("voc2007", "test", data_dir)
    batches = datasets.evaluation_batches(examples, lambda image: image[:2, :2], batch_size=3)
    labels = np.concatenate([labels.numpy() for _, _, labels in batches])
    np.testing.assert_array_equal(labels, examples.labels)


@pytest.mark.parametrize("split", LISTS)
def test_the_declared_digests_are_those_of_the_official_lists(split):
    numbers = shared_path(f"data/splits/voc2007/{LISTS[split]}.txt").read_text().split()
    expected = voc2007.SPEC.expected[split]
    assert len(numbers) == expected.count
    assert digest(f"VOC2007/JPEGImages/{number}" for number in numbers) == expected.sha256


@pytest.mark.slow
def test_the_official_lists_make_the_declared_data_set(tmp_path):
    """The real lists of images, and one stand-in for all pictures and all annotations."""
    lists = {
        name: shared_path(f"data/splits/voc2007/{name}.txt").read_text().split()
        for name in LISTS.values()
    }
    archives_tfds.write_tar(
        tmp_path / "VOCtrainval_06-Nov-2007.tar",
        archives_tfds.voc2007_stand_ins(train=lists["train"], val=lists["val"]),
        compression="",
    )
    archives_tfds.write_tar(
        tmp_path / "VOCtest_06-Nov-2007.tar",
        archives_tfds.voc2007_stand_ins(test=lists["test"]),
        compression="",
    )
    with archives_tfds.declared("voc2007", tmp_path, expected=voc2007.SPEC.expected):
        examples = datasets.load("voc2007", "test", tmp_path / "data", tmp_path)
    assert len(examples) == 4_952


@pytest.mark.slow
@pytest.mark.parametrize("split", LISTS)
def test_every_class_has_its_published_number_of_images(split, tmp_path):
    """Needs the two official archives in the shared folder."""
    counts = json.loads(shared_path("facts/voc2007_counts.json").read_text())
    archives = shared_path("data/voc2007")
    examples = datasets.load("voc2007", split, tmp_path, archives)
    published = counts["test_img"]
    if split != "test":
        column = {"train": "train_img", "validation": "val_img"}[split]
        published = {name: row[column] for name, row in counts["counts"].items()}
    positives = dict(zip(examples.class_names, (examples.labels == 1).sum(axis=0), strict=True))
    assert positives == {name: published[name] for name in examples.class_names}
