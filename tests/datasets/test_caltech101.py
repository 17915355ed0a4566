import random

import pytest

from repro import UserError, datasets
from repro.datasets.splits import digest, hold_out
from tests.datasets import archives
from tests.shared import shared_path

TINY = {"train": 72, "validation": 18, "test": 9}


@pytest.mark.parametrize(
    ("split", "count"),
    [("train", 2_448), ("validation", 612), ("train+validation", 3_060), ("test", 6_084)],
)
def test_caltech101_has_the_papers_splits(caltech101_dir, split, count):
    examples = datasets.load("caltech101", split, caltech101_dir)
    assert len(examples) == count
    assert len(examples.class_names) == 102
    assert examples.class_names[:3] == ("BACKGROUND_Google", "Faces", "Faces_easy")
    assert all(
        examples.class_names[label] == name.split("/")[0]
        for name, label in zip(examples.ids, examples.labels, strict=True)
    )
    if split in examples.spec.expected:
        assert examples.sha256 == examples.spec.expected[split].sha256


def test_the_digests_follow_from_the_official_names_alone():
    names = shared_path("data/splits/caltech101/files.txt").read_text().split()
    names = [name.removesuffix(".jpg") for name in names if name.endswith(".jpg")]
    assert len(names) == 9_144
    of_class = {}
    for name in names:
        of_class.setdefault(name.split("/")[0], []).append(name)
    chosen = [
        name
        for key, members in of_class.items()
        for name in random.Random("1:" + key).sample(sorted(members), 30)
    ]
    held_out = hold_out(chosen, [sorted(of_class).index(name.split("/")[0]) for name in chosen])
    expected = datasets.spec("caltech101").expected
    validation = [name for name, held in zip(chosen, held_out, strict=True) if held]
    assert digest(validation) == expected["validation"].sha256
    assert digest(set(chosen) - set(validation)) == expected["train"].sha256
    assert digest(set(names) - set(chosen)) == expected["test"].sha256


def _prepared_digests(tmp_path, manual_dir):
    data_dir = tmp_path / f"data of {manual_dir.name}"
    datasets.prepare("caltech101", data_dir, manual_dir)
    train = datasets.load("caltech101", "train+validation", data_dir)
    test = datasets.load("caltech101", "test", data_dir)
    return train.sha256, test.sha256, tuple(train.labels), train.images[5], len(train), len(test)


def test_every_form_and_order_of_the_archive_gives_the_same_split(tmp_path, declare):
    declare("caltech101", TINY, num_classes=3)
    files = archives.caltech_files()
    backwards = dict(reversed(files.items()))
    folder = archives.CALTECH_FOLDER
    archives.write(tmp_path / "folder" / folder, folder, files)
    archives.write(tmp_path / "backwards" / folder, folder, backwards)
    archives.write(tmp_path / "tar" / f"{folder}.tar", folder, files)
    archives.write(tmp_path / "gz" / f"{folder}.tar.gz", folder, backwards)
    archives.write(tmp_path / "zip" / "caltech-101.zip", f"caltech-101/{folder}", files)
    (tmp_path / "nested").mkdir()
    archives.write_nested_caltech_zip(tmp_path / "nested" / "caltech-101.zip", files)
    results = {
        form: _prepared_digests(tmp_path, tmp_path / form)
        for form in ("folder", "backwards", "tar", "gz", "zip", "nested")
    }
    assert len(set(results.values())) == 1, results
    assert results["tar"][-2:] == (90, 9)


def test_a_class_with_too_few_images_is_named(tmp_path):
    folder = archives.CALTECH_FOLDER
    archives.write(tmp_path / folder, folder, archives.caltech_files(images_per_class=30))
    with pytest.raises(UserError, match=r"has 30 images of class 'BACKGROUND_Google'; .* needs"):
        datasets.prepare("caltech101", tmp_path / "data", tmp_path, allow_partial=True)
