import io
from pathlib import PurePosixPath

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from repro import UserError, datasets
from repro.datasets.preparing.omissions import Omissions
from repro.datasets.splits import digest
from repro.datasets.sun397 import MAY_NOT_DECODE, SPEC, _class_name, _identifiers
from tests.datasets import archives, archives_own
from tests.shared import shared_path


@pytest.fixture(autouse=True)
def tiny(declare):
    """Declares 3 classes with 5 training and 2 test images as the whole data set."""
    declare("sun397", archives_own.SUN397, num_classes=3)


@pytest.fixture
def official(tmp_path):
    archives_own.write_sun397(tmp_path / "manual")
    return tmp_path / "manual"


def _load(manual_dir, split="test"):
    return datasets.load("sun397", split, manual_dir.parent / "data", manual_dir)


def test_splits_and_labels_are_those_of_the_first_partition(official):
    train, test = _load(official, "train+validation"), _load(official)
    listed = archives_own.sun397_lists()["Training_01.txt"].decode().split()
    assert sorted(train.ids) == sorted(line[1:].removesuffix(".jpg") for line in listed)
    assert train.class_names == test.class_names == archives_own.SCENES
    for examples in (train, test):
        for identifier, label in zip(examples.ids, examples.labels, strict=True):
            assert f"/{PurePosixPath(identifier).parent}" == archives_own.SCENES[label]
    assert (len(_load(official, "train")), len(_load(official, "validation"))) == (12, 3)
    assert len(test) == 6


def test_jpeg_and_png_keep_their_bytes_and_others_become_png(official):
    files = archives_own.sun397_images()
    converted = {}
    for split in ("train+validation", "test"):
        examples = _load(official, split)
        for identifier, content in zip(examples.ids, examples.images, strict=True):
            if content != files[f"{identifier}.jpg"]:
                converted[identifier] = content
            assert tf.io.decode_jpeg(content, channels=3).shape == (30, 40, 3)
    # Two of GIF, BMP, TIFF.
    assert set(converted) == {f"a/abbey/sun_{number}" for number in (1, 2, 3, 6)}
    expected = np.asarray(Image.open(io.BytesIO(files["a/abbey/sun_3.jpg"])))
    np.testing.assert_array_equal(tf.io.decode_png(converted["a/abbey/sun_3"]), expected)


def test_lists_and_images_may_lie_in_any_form(tmp_path):
    lists, images = archives_own.sun397_lists(), archives_own.sun397_images()
    first = {name: lists[name] for name in ("Training_01.txt", "Testing_01.txt")}
    backwards = dict(reversed(images.items()))
    layouts = {
        "files": (("", first), ("SUN397", images)),
        "folder": (("Partitions", lists), ("SUN397.tar", backwards)),
        "zip": (("Partitions.zip", lists), ("SUN397/SUN397", images)),
    }
    digests = set()
    for name, parts in layouts.items():
        for target, files in parts:
            folder = "Partitions" if target == "Partitions.zip" else "SUN397"
            archives.write(tmp_path / name / "manual" / target, folder, files)
        manual_dir = tmp_path / name / "manual"
        digests.add((_load(manual_dir, "train").sha256, _load(manual_dir).sha256))
    assert len(digests) == 1


def test_the_extracted_folder_may_be_the_manual_folder_itself(tmp_path):
    folder = tmp_path / "SUN397"
    archives.write(folder, "SUN397", archives_own.sun397_images())
    archives.write(folder / "Partitions", "", archives_own.sun397_lists())
    assert len(_load(folder)) == 6


def test_the_archive_is_read_once(official, monkeypatch):
    opened = []
    monkeypatch.setattr(
        "repro.datasets.preparing.archives.tarfile.open",
        lambda path, _open=archives_own.tarfile.open: opened.append(path) or _open(path),
    )
    _load(official)
    assert opened == [official / "SUN397.tar.gz"]


def test_bad_images_are_all_named_and_nothing_is_prepared(tmp_path):
    images = archives_own.sun397_images()
    for name in ("a/abbey/sun_8.jpg", "w/water_tower/sun_1.jpg", "w/water_tower/sun_2.jpg"):
        images[name] = images[name][:-9]
    manual_dir = tmp_path / "manual"
    archives.write(manual_dir / "SUN397.tar", "SUN397", images)
    archives.write(manual_dir / "Partitions", "", archives_own.sun397_lists())
    with pytest.raises(UserError) as error:
        _load(manual_dir)
    # The first is in no list of partition 01.
    assert str(error.value).startswith("2 of 21 images of ")
    assert "sun_1.jpg cannot be decoded" in str(error.value)
    assert not list((tmp_path / "data").glob("repro_sun397/*"))


def test_the_file_that_is_known_not_to_decode_is_left_out_and_reported(tmp_path, capfd):
    [known] = MAY_NOT_DECODE
    scenes = (*archives_own.SCENES[:2], f"/{PurePosixPath(known).parent}")
    lists, images = archives_own.sun397_lists(scenes), archives_own.sun397_images(scenes)
    old = f"/{PurePosixPath(known).parent}/sun_6.jpg".encode()
    lists["Testing_01.txt"] = lists["Testing_01.txt"].replace(old, f"/{known}.jpg".encode())
    images[f"{known}.jpg"] = b"GIF89a but no more"
    manual_dir = tmp_path / "manual"
    archives.write(manual_dir / "SUN397.tar", "SUN397", images)
    archives.write(manual_dir, "", lists)
    with pytest.warns(UserWarning, match="test has 5 of 6 examples"):
        examples = _load(manual_dir)
    assert known not in examples.ids
    omissions = Omissions.read(next((tmp_path / "data").glob("*/1.0.0")))
    assert omissions.left_out["test"] == {known: "cannot be decoded (18 bytes)"}
    assert omissions.left_out["train"] == {}
    assert "test has 5 of 6 images (left out: 1 cannot be decoded" in capfd.readouterr().err


def test_a_missing_list_is_asked_for(official):
    (official / "Partitions.zip").unlink()
    archives.write(official, "", {"Training_01.txt": b""})
    with pytest.raises(
        UserError, match=r"Partitions\.zip \(18,293,705 bytes.*\n.*\n.*\n  Testing_01"
    ):
        _load(official)


def test_a_partition_archive_without_the_list_is_named(official):
    lists = archives_own.sun397_lists()
    del lists["Testing_01.txt"]
    archives.write(official / "Partitions.zip", "Partitions", lists)
    with pytest.raises(
        UserError, match=r"Partitions\.zip, .*SUN397\.tar\.gz lacks Testing_01\.txt"
    ):
        _load(official)


def test_images_in_the_wrong_place_are_told(tmp_path):
    manual_dir = tmp_path / "manual"
    archives.write(manual_dir, "", archives_own.sun397_lists())
    archives.write(manual_dir / "SUN397.tar", "SUN", archives_own.sun397_images())
    with pytest.raises(
        UserError, match=r"no folder SUN397/, .* it has SUN/a/abbey/sun_0\.jpg, SUN"
    ):
        _load(manual_dir)
    (manual_dir / "SUN397.tar").unlink()
    files = {f"images/{name}": content for name, content in archives_own.sun397_images().items()}
    archives.write(manual_dir / "SUN397", "", files)
    with pytest.raises(
        UserError,
        match=r"as in SUN397/a/abbey/sun_aqs\w+\.jpg; it holds images/a/abbey/sun_0\.jpg, im",
    ):
        _load(manual_dir)


def test_an_image_in_both_lists_is_named(official):
    lists = archives_own.sun397_lists()
    lists["Testing_01.txt"] += b"/a/abbey/sun_0.jpg\n"
    (official / "Partitions.zip").unlink()
    archives.write(official / "Partitions", "", lists)
    with pytest.raises(UserError, match="lists a/abbey/sun_0 in both train and test"):
        _load(official)


def test_the_digests_follow_from_the_published_lists():
    lists = shared_path("data/splits/sun397")
    train, test = (
        _identifiers((lists / name).read_bytes()) for name in ("Training_01.txt", "Testing_01.txt")
    )
    names = (lists / "ClassName.txt").read_text().split()
    assert sorted({_class_name(key) for key in train}) == names
    held_out = datasets.hold_out(train, [names.index(_class_name(key)) for key in train])
    splits = {
        "train": np.array(train)[~held_out],
        "validation": np.array(train)[held_out],
        "test": test,
    }
    for split, ids in splits.items():
        assert (len(ids), digest(ids)) == (SPEC.expected[split].count, SPEC.expected[split].sha256)
    assert set(test) >= MAY_NOT_DECODE
