import json

import numpy as np
import pytest
import tensorflow as tf

from repro import UserError, datasets
from repro.datasets.birdsnap import SPEC
from repro.datasets.preparing.omissions import Omissions
from repro.datasets.splits import digest
from tests.datasets import archives_own
from tests.shared import shared_path


@pytest.fixture(autouse=True)
def tiny(declare):
    """Declares 4 species with 5 training and 2 test images as the whole data set."""
    declare("birdsnap", archives_own.BIRDSNAP, num_classes=4)


def _load(tmp_path, split="test"):
    return datasets.load("birdsnap", split, tmp_path / "data", tmp_path / "manual")


def _omissions(tmp_path):
    return Omissions.read(next((tmp_path / "data").glob("repro_birdsnap/[0-9]*")))


def test_the_whole_list_gives_the_published_splits_and_labels(tmp_path):
    archives_own.write_birdsnap(tmp_path / "manual")
    train, test = _load(tmp_path, "train+validation"), _load(tmp_path)
    assert (len(train), len(test)) == (20, 8)
    assert train.class_names == test.class_names == archives_own.SPECIES
    assert list(np.bincount(test.labels)) == [2, 2, 2, 2]
    labels = dict(zip(test.ids, test.labels, strict=True))
    assert labels["Coopers_Hawk/000005"] == 0
    assert labels["Blue_Jay/002006"] == 2
    assert _omissions(tmp_path) is None


def test_what_is_neither_jpeg_nor_png_becomes_png_whatever_its_name(tmp_path):
    archives_own.write_birdsnap(tmp_path / "manual")
    files = {path.rsplit(".", 1)[0]: x for path, x in archives_own.birdsnap_images().items()}
    examples = _load(tmp_path, "train+validation")
    changed = set()
    for identifier, content in zip(examples.ids, examples.images, strict=True):
        assert tf.io.decode_jpeg(content, channels=3).shape.rank == 3
        if content != files[identifier]:
            changed.add(identifier)
            assert content.startswith(b"\x89PNG")
    assert changed == {f"Coopers_Hawk/00000{index}" for index in (1, 2, 3)}  # GIF, GIF, WebP


@pytest.mark.parametrize("name", ["download", "birdsnap/download", "download.tar"])
def test_the_pictures_may_lie_where_the_script_was_run_or_in_a_tar(tmp_path, name):
    archives_own.write_birdsnap(tmp_path / "manual", name=name)
    if name.startswith("birdsnap/"):
        for file, content in archives_own.birdsnap_lists(archives_own.birdsnap_images()).items():
            (tmp_path / "manual" / "birdsnap" / file).write_bytes(content)
    assert len(_load(tmp_path)) == 8


@pytest.fixture
def as_it_is_today(tmp_path):
    """Lays out pictures of which some are missing, others are not the published ones or bad."""
    images = archives_own.birdsnap_images()
    lists = archives_own.birdsnap_lists(images)
    for path in ("Wren/003005.jpg", "Wren/003006.jpg", "Coopers_Hawk/000000.jpg"):
        del images[path]
    images["Blue_Jay/002000.jpg"] = archives_own.image_bytes(77)
    images["Blue_Jay/002001.jpg"] = b"<html>This photo is no longer available</html>"
    cut = images["Blue_Jay/002005.jpg"][:-20]
    images["Blue_Jay/002005.jpg"] = cut
    images["Wren/003000.jpg"] = b""
    for path, content in (("Blue_Jay/002005.jpg", cut), ("Wren/003000.jpg", b"")):
        # The published MD5 may be that of a file that was bad already.
        md5 = archives_own.hashlib.md5(content, usedforsecurity=False).hexdigest()
        lists = _with_md5(lists, path, md5)
    images["Not_A_Bird/1.jpg"] = archives_own.image_bytes(78)
    archives_own.write_birdsnap(tmp_path / "manual", lists, images)
    return tmp_path


def _with_md5(lists, path, md5):
    rows = [row.split("\t") for row in lists["images.txt"].decode().splitlines()]
    rows = [[row[0], md5, *row[2:]] if row[2] == path else row for row in rows]
    return lists | {"images.txt": "\n".join(map("\t".join, rows)).encode()}


def test_what_cannot_be_had_is_left_out_with_a_warning(as_it_is_today):
    with pytest.warns(UserWarning, match="train has 16 of 20, test has 5 of 8 examples"):
        test = _load(as_it_is_today)
    assert len(test) == 5
    assert len(test.class_names) == test.spec.num_classes == 4
    assert set(test.labels) == {0, 1, 2}
    with pytest.warns(UserWarning, match="partial"):
        splits = {s: set(_load(as_it_is_today, s).ids) for s in ("train", "validation")}
    assert len(splits["train"] | splits["validation"]) == 16
    assert not splits["train"] & splits["validation"]


def test_the_report_counts_what_was_left_out_and_names_empty_species(as_it_is_today, capfd):
    with pytest.warns(UserWarning, match="partial"):
        _load(as_it_is_today)
    omissions = _omissions(as_it_is_today)
    assert omissions.counts("test") == {"is missing": 2, "cannot be decoded": 1}
    assert omissions.counts("train") == {
        "has another MD5 than the published": 2,
        "is missing": 1,
        "is empty": 1,
    }
    assert omissions.empty_classes == {"train": [], "test": ["Wren"]}
    printed = capfd.readouterr().err
    assert "train has 16 of 20 images (left out: 2 has another MD5 than the published, 1" in printed
    assert "test has no image of 1 classes: Wren" in printed
    file = next((as_it_is_today / "data").glob("repro_birdsnap/[0-9]*/left_out.json"))
    assert json.loads(file.read_text())["left_out"]["test"]["Wren/003005"] == "is missing"


def test_the_lists_must_be_complete_even_if_the_images_are_not(tmp_path):
    images = archives_own.birdsnap_images()
    lists = archives_own.birdsnap_lists(images)
    rows = lists["images.txt"].splitlines(keepends=True)
    lists["images.txt"] = b"".join(rows[:1] + rows[2:])
    archives_own.write_birdsnap(tmp_path / "manual", lists)
    with pytest.raises(UserError, match=r"has 19 examples .* instead of 20"):
        _load(tmp_path)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (
            "images.txt",
            b"\t4\t1",
            b"\t5\t1",
            r"species_id '5' for Wren/003000\.jpg, which is not in",
        ),
        ("images.txt", b"\tspecies_id", b"\tspecies", r"images\.txt names no field species_id; it"),
        ("test_images.txt", b"path\n", b"path\nWren/9.jpg\n", r"has Wren/9\.jpg, which is not in"),
        ("test_images.txt", b"path\n", b"", r"test_images\.txt names no field path; it is 'Coop"),
    ],
)
def test_a_list_that_does_not_fit_is_named(tmp_path, name, old, new, message):
    lists = archives_own.birdsnap_lists(archives_own.birdsnap_images())
    assert old in lists[name]
    lists[name] = lists[name].replace(old, new)
    archives_own.write_birdsnap(tmp_path / "manual", lists)
    with pytest.raises(UserError, match=message):
        _load(tmp_path)


def test_a_missing_list_is_named(tmp_path):
    lists = archives_own.birdsnap_lists(archives_own.birdsnap_images())
    del lists["test_images.txt"]
    archives_own.write_birdsnap(tmp_path / "manual", lists)
    with pytest.raises(UserError, match=r"birdsnap\.tgz, .*download lacks test_images\.txt"):
        _load(tmp_path)


def test_pictures_that_were_never_downloaded_are_asked_for(tmp_path):
    archives_own.write_birdsnap(tmp_path / "manual", name="elsewhere")
    with pytest.raises(UserError, match=r"birdsnap/download \(the folder that get_birdsnap\.py"):
        _load(tmp_path)


def test_pictures_below_another_folder_are_told(tmp_path):
    images = {f"full_size/{path}": x for path, x in archives_own.birdsnap_images().items()}
    archives_own.write_birdsnap(tmp_path / "manual", images=images)
    with pytest.raises(
        UserError, match=r"as in download/images/Acad\w+/534067\.jpg; it holds .*full_size/"
    ):
        _load(tmp_path)


def test_the_digests_follow_from_the_published_paths():
    folder = shared_path("data/splits/birdsnap")
    paths = (folder / "birdsnap_all_paths.txt").read_text().split()
    test = {path[:-4] for path in (folder / "birdsnap_test_images.txt").read_text().split()[1:]}
    train = [path[:-4] for path in paths if path[:-4] not in test]
    species = sorted({path.split("/")[0] for path in paths})
    held_out = datasets.hold_out(train, [species.index(path.split("/")[0]) for path in train])
    splits = {
        "train": np.array(train)[~held_out],
        "validation": np.array(train)[held_out],
        "test": test,
    }
    for split, ids in splits.items():
        assert (len(ids), digest(ids)) == (SPEC.expected[split].count, SPEC.expected[split].sha256)
    assert len(species) == SPEC.num_classes
