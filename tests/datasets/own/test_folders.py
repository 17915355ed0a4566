import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from repro import UserError, datasets
from repro.datasets.decoding import decode
from tests.datasets.archives import image_bytes

SPLITS = ("train", "validation", "test")


def write(root: Path, files: Iterable[str], seed: int = 0) -> Path:
    """Writes a picture of its own to each path, in the format that its extension says."""
    formats = {".png": "PNG", ".gif": "GIF", ".bmp": "BMP", ".tiff": "TIFF", ".webp": "WEBP"}
    for number, file in enumerate(files, seed):
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image_bytes(number, file_format=formats.get(path.suffix.lower(), "JPEG")))
    return root


def of(class_name: str, count: int, folder: str = "") -> list[str]:
    return [f"{folder}{class_name}/{class_name}_{index:02d}.jpg" for index in range(count)]


@pytest.fixture
def tree(tmp_path) -> Path:
    return write(tmp_path / "own", [*of("cat", 10), *of("dog", 15), *of("ant", 2)])


@pytest.fixture
def parted(tmp_path) -> Path:
    files = [*of("cat", 10, "train/"), *of("dog", 5, "train/")]
    files += [*of("cat", 2, "val/"), *of("dog", 2, "val/")]
    files += [*of("cat", 3, "test/"), *of("dog", 3, "test/")]
    return write(tmp_path / "own", files)


def load(root: Path, split: str, tmp_path: Path, **options: object) -> datasets.Examples:
    return datasets.load(datasets.spec(f"folder:{root}", **options), split, tmp_path / "data")


def ids(root: Path, tmp_path: Path, **options: object) -> dict[str, set[str]]:
    return {split: set(load(root, split, tmp_path, **options).ids) for split in SPLITS}


def test_one_tree_is_split_into_disjoint_parts_class_by_class(tree, tmp_path):
    parts = {split: load(tree, split, tmp_path) for split in SPLITS}
    assert parts["train"].class_names == ("ant", "cat", "dog")
    per_class = {split: np.bincount(part.labels).tolist() for split, part in parts.items()}
    assert per_class["test"] == [1, 2, 3]
    assert per_class["train"] == [1, 6, 10]
    assert per_class["validation"] == [0, 2, 2]
    names = [name for part in parts.values() for name in part.ids]
    assert sorted(names) == sorted(name.removesuffix(".jpg") for name in files_of(tree))
    for part in parts.values():
        for name, label in zip(part.ids, part.labels, strict=True):
            assert name.split("/")[0] == part.class_names[label]


def files_of(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in root.rglob("*.*")]


def test_the_split_depends_on_the_seed_and_on_nothing_else(tree, tmp_path):
    copy = write(tmp_path / "elsewhere", sorted(files_of(tree), reverse=True), seed=100)
    assert ids(copy, tmp_path) == ids(tree, tmp_path)
    assert ids(tree, tmp_path, seed=1) != ids(tree, tmp_path)


def test_an_image_more_moves_no_more_than_one_other(tree, tmp_path):
    before = ids(tree, tmp_path)["test"]
    write(tree, ["dog/another.jpg"])
    assert len(before - ids(tree, tmp_path)["test"]) <= 1


def test_split_folders_are_taken_as_they_are(parted, tmp_path):
    found = ids(parted, tmp_path)
    assert {split: len(names) for split, names in found.items()} == {
        "train": 15,
        "validation": 4,
        "test": 6,
    }
    assert "val/cat/cat_00" in found["validation"]
    assert "test/dog/dog_02" in found["test"]


@pytest.mark.parametrize("name", ["valid", "Validation"])
def test_validation_has_several_names(parted, tmp_path, name):
    (parted / "val").rename(parted / name)
    assert f"{name}/cat/cat_00" in ids(parted, tmp_path)["validation"]


def test_validation_is_held_out_of_train_by_the_rule_of_all_data_sets(parted, tmp_path):
    for path in sorted((parted / "val").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (parted / "val").rmdir()
    both = load(parted, "train+validation", tmp_path)
    held_out = both.ids[datasets.hold_out(both.ids, both.labels)]
    assert list(load(parted, "validation", tmp_path).ids) == list(held_out)
    assert "validation is a fifth of train" in both.spec.notes


def test_without_test_the_validation_folder_is_the_test_set_and_that_is_said(parted, tmp_path):
    (parted / "test").rename(parted / ".hidden")
    examples = load(parted, "test", tmp_path)
    assert {name.split("/")[0] for name in examples.ids} == {"val"}
    assert any("val/ is the test set" in note for note in examples.spec.notes)


def test_a_class_may_be_called_train(tmp_path):
    root = write(tmp_path / "own", [*of("car", 5), *of("train", 5)])
    assert load(root, "test", tmp_path).class_names == ("car", "train")


def test_deeper_folders_count_for_their_class(tmp_path):
    root = write(tmp_path / "own", [*of("cat", 5), *of("dog", 5), "cat/old/2007/x.jpg"])
    names = [name for part in ids(root, tmp_path).values() for name in part]
    assert "cat/old/2007/x" in names


def test_files_that_differ_in_their_extension_keep_it(tmp_path):
    root = write(tmp_path / "own", [*of("cat", 3), *of("dog", 3), "cat/cat_00.png", "cat/a.b.jpg"])
    names = {name for part in ids(root, tmp_path).values() for name in part}
    assert {"cat/cat_00.jpg", "cat/cat_00.png", "cat/cat_01", "cat/a.b"} <= names


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".png", ".gif", ".bmp", ".tiff", ".webp"])
def test_every_format_is_decoded_as_pil_decodes_it(tmp_path, suffix):
    root = write(tmp_path / "own", [f"{name}/{i}{suffix}" for name in "ab" for i in range(2)])
    examples = load(root, "train+validation", tmp_path)
    for content in examples.images:
        assert decode(tf.constant(content)).shape == (18, 24, 3)


def test_a_lossless_file_keeps_its_pixels(tmp_path):
    root = write(tmp_path / "own", ["a/0.bmp", "a/1.bmp", "b/0.bmp", "b/1.bmp"])
    as_png = {}
    for number, name in enumerate(["a/0", "a/1", "b/0", "b/1"]):
        as_png[name] = decode(tf.constant(image_bytes(number, file_format="PNG"))).numpy()
    for split in ("train", "test"):
        examples = load(root, split, tmp_path)
        for name, content in zip(examples.ids, examples.images, strict=True):
            assert (decode(tf.constant(content)).numpy() == as_png[name]).all()


def test_other_files_are_ignored_and_counted(tree):
    (tree / "cat" / "notes.txt").write_text("x")
    (tree / "dog" / "photo.HEIC").write_text("x")
    (tree / "README").write_text("x")
    (tree / ".DS_Store").write_text("x")
    (tree / "cat" / "._cat_00.jpg").write_text("x")
    (note,) = (note for note in datasets.spec(f"folder:{tree}").notes if "ignored" in note)
    assert note.endswith(": 1 .heic, 1 .txt, 1 without extension")


def test_undecodable_files_are_all_named_up_to_ten(tree, tmp_path):
    for index in range(12):
        (tree / "dog" / f"dog_{index:02d}.jpg").write_bytes(image_bytes(index)[:200])
    (tree / "cat" / "cat_00.jpg").write_bytes(b"")
    with pytest.raises(UserError) as caught:
        load(tree, "train", tmp_path)
    message = str(caught.value)
    assert f"13 of 27 images of {tree} cannot be used" in message
    assert "cat/cat_00.jpg is empty" in message
    assert message.count(".jpg") == 10
    assert "and 3 more" in message


def test_a_mended_file_is_taken(tree, tmp_path):
    content = (tree / "cat" / "cat_00.jpg").read_bytes()
    (tree / "cat" / "cat_00.jpg").write_bytes(content[:100])
    with pytest.raises(UserError, match=r"cat/cat_00\.jpg"):
        load(tree, "train", tmp_path)
    (tree / "cat" / "cat_00.jpg").write_bytes(content)
    assert len(load(tree, "train", tmp_path)) == 17


def test_changes_between_two_runs_are_told_and_change_the_contents(tree, tmp_path):
    before = load(tree, "train", tmp_path)
    assert load(tree, "train", tmp_path).contents == before.contents
    write(tree, ["cat/cat_00.jpg"], seed=500)
    write(tree, ["cat/cat_new.jpg"])
    (tree / "dog" / "dog_00.jpg").unlink()
    after = load(tree, "train", tmp_path)
    assert after.contents != before.contents
    assert "since the last time: 1 new, 1 changed, 1 gone files" in after.spec.notes


def test_a_touched_file_is_no_change(tree, tmp_path):
    before = load(tree, "test", tmp_path)
    os.utime(tree / "cat" / "cat_00.jpg", (1, 1))
    after = load(tree, "test", tmp_path)
    assert (after.contents, after.spec.notes) == (before.contents, before.spec.notes)


def test_unchanged_files_are_not_read_again(tree, tmp_path, monkeypatch):
    load(tree, "test", tmp_path)
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} is read"))
    datasets.prepare(datasets.spec(f"folder:{tree}"), tmp_path / "data")


def test_a_folder_of_data_that_cannot_be_written_is_no_hindrance(tree, tmp_path):
    (tmp_path / "data").write_text("a file where the folder should be")
    assert len(load(tree, "train", tmp_path)) == 17


def test_a_file_that_goes_during_training_is_named(tree, tmp_path):
    (tree / "ant" / "ant_00.jpg").write_bytes(image_bytes(1, width=100))  # too large to be cached
    (tree / "ant" / "ant_01.jpg").write_bytes(image_bytes(1, width=100))
    examples = load(tree, "train", tmp_path)
    batches = datasets.evaluation_batches(examples, lambda image: image, 1)
    (tree / f"{examples.ids[0]}.jpg").unlink()
    with (
        pytest.raises(UserError, match=f"{examples.ids[0]}.jpg cannot be read: No such file"),
        datasets.naming_bad_images(examples),
    ):
        list(batches)


def test_links_are_followed_but_not_in_circles(tree, tmp_path):
    (tree / "cat" / "all").symlink_to(tree / "cat")
    more = write(tmp_path / "more", of("cow", 5))
    (tree / "cow").symlink_to(more / "cow")
    assert datasets.spec(f"folder:{tree}").num_classes == 4
    assert sum(map(len, ids(tree, tmp_path).values())) == 32


def test_the_metric_can_be_chosen(tree):
    assert datasets.spec(f"folder:{tree}").metric == "top1"
    assert datasets.spec(f"folder:{tree}", metric="mean_per_class").metric == "mean_per_class"
    with pytest.raises(UserError, match=r"--metric=map11 .* top1, mean_per_class"):
        datasets.spec(f"folder:{tree}", metric="map11")
    with pytest.raises(UserError, match=r"--metric=top1 is for .*; aircraft is measured by mean"):
        datasets.spec("aircraft", metric="top1")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["x.txt"], r"own holds no images in class folders.*PATH/train/CLASS/image.jpg"),
        (["1.jpg", "2.jpg"], "own holds no images in class folders"),
        (of("cat", 5), "one class only, cat"),
        ([*of("cat", 5), *of("dog", 5), "ant/x.txt"], "folders without images: ant"),
        ([*of("cat", 5), *of("dog", 1)], "single image .*: dog"),
        (of("cat", 5, "train/"), r"own holds train but not both train/ and test/"),
        (
            [*of("cat", 5, "train/"), *of("dog", 5, "train/"), *of("eel", 1, "test/")],
            "classes of test that have no images to train on: eel",
        ),
        (
            [*of("cat", 5, "train/"), *of("dog", 5, "train/"), "test/1.jpg"],
            "own/test holds no images in class folders",
        ),
        (
            [*of("cat", 1, "train/"), *of("cat", 1, "val/"), *of("cat", 1, "valid/")],
            "both val/ and valid/",
        ),
    ],
)
def test_a_mistake_in_the_folder_gets_one_clear_sentence(tmp_path, files, message):
    with pytest.raises(UserError, match=message):
        datasets.spec(f"folder:{write(tmp_path / 'own', files)}")


def test_a_folder_that_is_not_there_is_named():
    with pytest.raises(UserError, match=r"--dataset=folder:/no/such: /no/such is not a folder"):
        datasets.spec("folder:/no/such")
    with pytest.raises(UserError, match="nothing is not a folder"):
        datasets.spec("folder:")


def test_a_class_without_test_images_is_told(tmp_path):
    files = [*of("cat", 3, "train/"), *of("dog", 3, "train/"), *of("dog", 3, "test/")]
    spec = datasets.spec(f"folder:{write(tmp_path / 'own', files)}")
    assert "without a test image: cat" in spec.notes


def test_a_name_that_is_not_utf_8_is_shown(tree):
    (tree / "cat" / os.fsdecode(b"caf\xe9.jpg")).write_bytes(image_bytes(1))
    with pytest.raises(UserError, match=r"caf\\xe9"):
        datasets.spec(f"folder:{tree}")
