from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from repro import UserError, datasets
from repro.datasets.decoding import decode
from repro.datasets.own import any_tfds
from repro.datasets.own.tfds_fields import choose_fields
from repro.datasets.preparing.tfds_builders import quietly
from repro.metrics import METRICS

NAMES = ("cat", "dog", "eel")
PLAIN = {
    "image": tfds.features.Image(shape=(None, None, 3)),
    "label": tfds.features.ClassLabel(names=NAMES),
}


def picture(number: int) -> np.ndarray:
    return np.full([8, 9, 3], number % 256, np.uint8)


def prepare(
    data_dir: Path,
    sizes: Mapping[str, int],
    features: Mapping[str, object] = PLAIN,
    supervised_keys: tuple[str, str] | None = ("image", "label"),
    unlabelled: Sequence[str] = (),
) -> None:
    """Prepares a data set of a person's own with plain TFDS: label i % 3, grey value i."""

    def generate(split: str, size: int):
        for index in range(size):
            number = index + 50 * list(sizes).index(split)
            values = {
                "image": picture(number),
                "photo": picture(number),
                "label": -1 if split in unlabelled else index % 3,
                "species": index % 3,
                "id": f"{split}-{number}",
                "file_name": "always the same",
            }
            yield f"{index}", {key: values[key] for key in features}

    class OwnPictures(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            return tfds.core.DatasetInfo(
                builder=self,
                features=tfds.features.FeaturesDict(features),
                supervised_keys=supervised_keys,
            )

        def _split_generators(self, dl_manager):
            del dl_manager
            return {split: self._generate_examples(split, size) for split, size in sizes.items()}

        def _generate_examples(self, split, size):
            return generate(split, size)

    with quietly():
        OwnPictures(data_dir=data_dir).download_and_prepare()


def load(tmp_path: Path, split: str, name: str = "tfds:own_pictures", **options: object):
    return datasets.load(datasets.spec(name, **options), split, tmp_path)


def test_splits_labels_and_pictures_are_those_of_tfds(tmp_path):
    prepare(
        tmp_path, {"train": 20, "validation": 7, "test": 6}, {**PLAIN, "id": tfds.features.Text()}
    )
    for split, size in (("train", 20), ("validation", 7), ("test", 6)):
        examples = load(tmp_path, split)
        assert len(examples) == size
        assert examples.class_names == NAMES
        expected = {
            f"{split}/{row['id'].decode()}": row
            for row in tfds.load("own_pictures", split=split, data_dir=tmp_path).as_numpy_iterator()
        }
        assert list(examples.ids) == sorted(expected)
        for name, label, image in zip(examples.ids, examples.labels, examples.images, strict=True):
            assert label == expected[name]["label"]
            assert (decode(tf.constant(image)).numpy() == expected[name]["image"]).all()
    spec = examples.spec
    assert (spec.num_classes, spec.metric, spec.train_size, spec.test_size) == (3, "top1", 27, 6)
    assert spec.metric in METRICS
    assert spec.notes == ()


def test_without_validation_a_fifth_of_train_is_held_out(tmp_path):
    prepare(tmp_path, {"train": 30, "test": 6})
    both = load(tmp_path, "train+validation")
    assert list(load(tmp_path, "validation").ids) == list(
        both.ids[datasets.hold_out(both.ids, both.labels)]
    )
    assert both.spec.train_size == 30
    assert both.spec.notes == ("validation is a fifth of train",)


def test_without_test_the_validation_is_it(tmp_path):
    prepare(tmp_path, {"train": 30, "validation": 6})
    examples = load(tmp_path, "test")
    assert len(examples) == 6
    assert "validation is the test set, for there is no other" in examples.spec.notes


def test_train_alone_is_split_by_the_seed(tmp_path):
    prepare(tmp_path, {"train": 30})
    parts = [load(tmp_path, split) for split in ("train", "validation", "test")]
    assert [np.bincount(part.labels).tolist() for part in parts] == [[6] * 3, [2] * 3, [2] * 3]
    assert len({name for part in parts for name in part.ids}) == 30
    again = load(tmp_path, "test", seed=1)
    assert set(again.ids) != set(parts[2].ids)
    assert any("split by --split_seed=1" in note for note in again.spec.notes)


def test_a_test_set_without_labels_is_left_out(tmp_path):
    prepare(tmp_path, {"train": 30, "validation": 6, "test": 9}, unlabelled=("test",))
    examples = load(tmp_path, "test")
    assert len(examples) == 6
    assert "test has images without a label and is left out" in examples.spec.notes


def test_images_to_train_on_need_labels(tmp_path):
    prepare(tmp_path, {"train": 30, "test": 6}, unlabelled=("train",))
    with pytest.raises(UserError, match="images of train have no label"):
        load(tmp_path, "test")


@pytest.mark.parametrize(
    ("features", "first"),
    [
        ({}, "train/00000"),
        ({"file_name": tfds.features.Text()}, "train/00000"),  # which is always the same
        ({"id": tfds.features.Text()}, "train/train-0"),
    ],
)
def test_ids_are_the_records_own_or_their_position(tmp_path, features, first):
    prepare(tmp_path, {"train": 30, "test": 6}, PLAIN | features)
    assert load(tmp_path, "train+validation").ids[0] == first


def test_ids_are_the_same_in_every_process(tmp_path):
    prepare(tmp_path / "a", {"train": 30, "test": 6})
    prepare(tmp_path / "b", {"train": 30, "test": 6})
    one, other = load(tmp_path / "a", "train"), load(tmp_path / "b", "train")
    assert one.sha256 == other.sha256
    assert list(one.images) == list(other.images)


def test_supervised_keys_name_other_features(tmp_path):
    features = {"photo": PLAIN["image"], "species": PLAIN["label"]}
    prepare(tmp_path, {"train": 30, "test": 6}, features, ("photo", "species"))
    assert len(load(tmp_path, "train")) == 24


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"label": PLAIN["label"]}, r"feature 'image' to be one Image. It has label"),
        ({"image": PLAIN["image"], "text": tfds.features.Text()}, r"'label' to be one ClassLabel"),
        (
            {
                "image": PLAIN["image"],
                "labels": tfds.features.Sequence(tfds.features.ClassLabel(num_classes=3)),
            },
            "several labels",
        ),
        (
            {
                "image": PLAIN["image"],
                "objects": tfds.features.Sequence(
                    {"label": tfds.features.ClassLabel(num_classes=3)}
                ),
            },
            "detection",
        ),
        ({"image": PLAIN["image"], "label": tfds.features.Text()}, r"one ClassLabel, not Text"),
    ],
)
def test_what_is_no_classification_of_images_is_refused(tmp_path, monkeypatch, features, message):
    builder = tfds.testing.DummyDataset(data_dir=tmp_path)
    info = tfds.core.DatasetInfo(builder=builder, features=tfds.features.FeaturesDict(features))
    monkeypatch.setattr(type(builder), "info", info)
    monkeypatch.setattr(any_tfds.tfds, "builder", lambda *_, **__: builder)
    with pytest.raises(UserError, match=message):
        load(tmp_path, "train")


def test_no_split_to_train_on_is_told(tmp_path):
    prepare(tmp_path, {"test": 6})
    with pytest.raises(UserError, match=r"tfds:own_pictures has no split train; it has test"):
        load(tmp_path, "test")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tfds:cifar1O", r"--dataset=tfds:cifar1O is unknown to TFDS .* Did you mean cifar10"),
        ("tfds:mnist:9.9.9", r"mnist cannot be loaded at version 9\.9\.9, only: 3\.0\.1"),
        ("tfds:cifar10/huge", "BuilderConfig huge not found"),
        ("tfds:", "is unknown to TFDS|cannot be had"),
    ],
)
def test_a_name_that_tfds_does_not_know_is_answered_with_the_nearest(tmp_path, name, message):
    with pytest.raises(UserError, match=message):
        load(tmp_path, "train", name)


def test_without_a_network_the_host_and_the_way_out_are_named_at_once(tmp_path, monkeypatch):
    def no_network(*_: object, **__: object):
        raise any_tfds.urllib.error.URLError("Name or service not known")

    monkeypatch.setattr(any_tfds.urllib.request, "urlopen", no_network)
    with pytest.raises(UserError) as caught:
        load(tmp_path, "train", "tfds:cats_vs_dogs")
    message = str(caught.value)
    assert "download.microsoft.com does not answer (Name or service not known)" in message
    what = (
        f"cats_vs_dogs/4.0.1, prepared elsewhere with TFDS, can be put into --data_dir={tmp_path}"
    )
    assert what in message
    assert not list(tmp_path.glob("cats_vs_dogs/4*"))


def test_damaged_records_are_named(tmp_path):
    prepare(tmp_path, {"train": 30, "test": 6})
    (records,) = tmp_path.rglob("*train.tfrecord*")
    records.write_bytes(records.read_bytes()[:-50])
    with pytest.raises(UserError, match=r"own_pictures/1\.0\.0 is damaged"):
        load(tmp_path, "train")


def test_other_record_formats_are_refused(tmp_path):
    prepare(tmp_path, {"train": 30, "test": 6})
    info = tmp_path / "own_pictures" / "1.0.0" / "dataset_info.json"
    info.write_text(info.read_text().replace('"tfrecord"', '"riegeli"'))
    with pytest.raises(UserError, match="is in the format riegeli; only tfrecord"):
        load(tmp_path, "train")


def test_16_bit_images_are_refused(tmp_path):
    sixteen = tfds.features.Image(shape=(None, None, 1), dtype=np.uint16)
    builder = tfds.testing.DummyDataset(data_dir=tmp_path)
    features = {"image": sixteen, "label": PLAIN["label"]}
    info = tfds.core.DatasetInfo(builder=builder, features=tfds.features.FeaturesDict(features))
    with pytest.raises(UserError, match="images of uint16; only 8 bits"):
        choose_fields("tfds:x", info)
