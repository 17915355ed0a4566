import shutil

import pytest

from repro import UserError, datasets
from repro.datasets import registry
from repro.datasets.declaration import ExpectedSplit
from repro.datasets.preparing import archives as reading
from tests.datasets import archives
from tests.datasets.conftest import tree_digest

TINY = {"train": 72, "validation": 18, "test": 9}


@pytest.fixture
def tiny_caltech101(tmp_path, declare):
    """Lays out 3 classes x 33 images, declared as the complete data set; returns the folder."""
    declare("caltech101", TINY, num_classes=3)
    folder = tmp_path / "manual" / archives.CALTECH_FOLDER
    archives.write(folder, archives.CALTECH_FOLDER, archives.caltech_files())
    return folder


def _prepare(folder, **options):
    return datasets.prepare("caltech101", _data_dir(folder), folder.parent, **options)


def _data_dir(folder):
    return folder.parent.parent / "data"


def _is_prepared(folder):
    return bool(list(_data_dir(folder).glob("repro_caltech101/[0-9]*")))


def test_what_is_prepared_is_left_as_it_is(tiny_caltech101):
    _prepare(tiny_caltech101)
    before = tree_digest(_data_dir(tiny_caltech101))
    shutil.rmtree(tiny_caltech101)
    _prepare(tiny_caltech101)
    datasets.prepare("caltech101", _data_dir(tiny_caltech101))
    assert tree_digest(_data_dir(tiny_caltech101)) == before


def test_standard_output_is_left_to_the_command(tiny_caltech101, capfd):
    _prepare(tiny_caltech101)
    assert capfd.readouterr().out == ""


def test_a_missing_archive_is_described(tmp_path):
    (tmp_path / "caltech101.zip").write_bytes(b"")
    with pytest.raises(UserError) as error:
        datasets.prepare("caltech101", tmp_path / "data", tmp_path)
    message = str(error.value)
    for fact in (
        "caltech101 is not prepared in --data_dir=",
        "caltech-101.zip (137,414,764 bytes, sha256 331234750fc7f77520e50d9565e8b6907b03565e",
        "from https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip",
        "101_ObjectCategories/ (the same, extracted)",
        f"--manual_dir={tmp_path} holds caltech101.zip.",
    ):
        assert fact in message
    assert len(message.splitlines()) < 24


@pytest.mark.parametrize(
    ("manual_dir", "remark"),
    [
        (None, "--manual_dir was not given."),
        ("nowhere", "is not a folder."),
        ("empty", "is empty."),
    ],
)
def test_a_missing_manual_folder_is_told_apart(tmp_path, manual_dir, remark):
    (tmp_path / "empty").mkdir()
    manual_dir = manual_dir and tmp_path / manual_dir
    with pytest.raises(UserError, match=remark):
        datasets.prepare("aircraft", tmp_path / "data", manual_dir)


def test_bad_images_are_counted_and_named_and_refused(tiny_caltech101):
    files = archives.caltech_files()
    for index in range(1, 13):
        name = f"accordion/image_{index:04d}.jpg"
        (tiny_caltech101 / name).write_bytes(files[name][:-3])
    (tiny_caltech101 / "Faces" / "image_0002.jpg").write_bytes(b"")
    with pytest.raises(UserError) as error:
        _prepare(tiny_caltech101)
    message = str(error.value)
    assert message.startswith(f"13 of 99 images of {tiny_caltech101} cannot be used:")
    assert "Faces/image_0002.jpg is empty" in message
    assert "accordion/image_0009.jpg cannot be decoded" in message
    assert "accordion/image_0010.jpg" not in message
    assert "and 3 more" in message
    assert not _is_prepared(tiny_caltech101)


def test_a_missing_image_is_refused_with_counts_and_digests(tiny_caltech101):
    (tiny_caltech101 / "Faces" / "image_0033.jpg").unlink()
    with pytest.raises(
        UserError, match=r"test has 8 examples \(sha256 [0-9a-f]{64}\) instead of 9"
    ):
        _prepare(tiny_caltech101)
    assert not _is_prepared(tiny_caltech101)


def test_an_archive_with_a_class_too_few_is_refused(tiny_caltech101, declare):
    declare("caltech101", TINY, num_classes=4)
    with pytest.raises(UserError, match="has 3 classes instead of 4"):
        _prepare(tiny_caltech101)


def test_other_images_of_the_same_number_are_refused(tiny_caltech101):
    expected = registry.DATASETS["caltech101"].expected
    expected["test"] = ExpectedSplit(9, "0" * 64)
    with pytest.raises(UserError, match=r"test has 9 .* instead of 9 \(sha256 0{64}\)"):
        _prepare(tiny_caltech101, allow_partial=True)
    assert not _is_prepared(tiny_caltech101)


def test_partial_data_are_prepared_on_request_with_a_warning(tiny_caltech101):
    (tiny_caltech101 / "Faces" / "image_0033.jpg").unlink()
    with pytest.warns(UserWarning, match=r"partial: test has 8 of 9 examples"):
        _prepare(tiny_caltech101, allow_partial=True)
    with pytest.warns(UserWarning, match=r"partial: test has 8 of 9 examples"):
        assert len(datasets.load("caltech101", "train", _data_dir(tiny_caltech101))) == 72


def test_more_images_than_declared_are_not_partial(tiny_caltech101):
    (tiny_caltech101 / "Faces" / "image_0034.jpg").write_bytes(archives.image_bytes(0))
    with pytest.raises(UserError, match="test has 10 examples"):
        _prepare(tiny_caltech101, allow_partial=True)


def test_a_folder_without_images_is_refused(tmp_path):
    (tmp_path / archives.CALTECH_FOLDER).mkdir()
    with pytest.raises(UserError, match="holds no image"):
        datasets.prepare("caltech101", tmp_path / "data", tmp_path)


def test_a_cut_short_archive_leaves_nothing(tmp_path):
    path = tmp_path / "101_ObjectCategories.tar.gz"
    archives.write(path, archives.CALTECH_FOLDER, archives.caltech_files())
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=r"cut short or damaged .* official file has 131,740,031"):
        datasets.prepare("caltech101", tmp_path / "data", tmp_path)
    assert not list((tmp_path / "data").rglob("*.tfrecord*"))


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, RuntimeError])
def test_an_attempt_interrupted_while_reading_leaves_nothing(
    tiny_caltech101, monkeypatch, interruption
):
    read = reading.read

    def read_and_stop(path, part, wanted):
        for index, file in enumerate(read(path, part, wanted)):
            if index == 50:
                raise interruption
            yield file

    monkeypatch.setattr(reading, "read", read_and_stop)
    with pytest.raises(interruption):
        _prepare(tiny_caltech101)
    assert not list(_data_dir(tiny_caltech101).glob("repro_caltech101/*"))


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, RuntimeError])
def test_an_attempt_interrupted_while_writing_leaves_nothing(
    tiny_caltech101, monkeypatch, interruption
):
    builder_class = registry.DATASETS["caltech101"].builder
    generate = builder_class._generate_examples
    splits = []

    def generate_and_stop(self, images, labels):
        splits.append(labels)
        for index, example in enumerate(generate(self, images, labels)):
            if len(splits) == 2 and index == 5:
                raise interruption
            yield example

    monkeypatch.setattr(builder_class, "_generate_examples", generate_and_stop)
    with pytest.raises(interruption):
        _prepare(tiny_caltech101)
    assert len(splits) == 2
    assert not list(_data_dir(tiny_caltech101).glob("repro_caltech101/*"))


def test_a_second_attempt_after_an_interruption_is_complete(tiny_caltech101, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(registry.DATASETS["caltech101"].builder, "_generate_examples", _fail)
        with pytest.raises(RuntimeError, match="pulled plug"):
            _prepare(tiny_caltech101)
    _prepare(tiny_caltech101)
    assert len(datasets.load("caltech101", "train", _data_dir(tiny_caltech101))) == 72


def _fail(self, paths, labels):
    del self, paths, labels
    yield from ()
    raise RuntimeError("pulled plug")


def test_two_attempts_at_once_both_succeed(tiny_caltech101, monkeypatch):
    builder_class = registry.DATASETS["caltech101"].builder
    generate = builder_class._generate_examples
    other = []

    def generate_after_another(self, paths, labels):
        if not other:
            other.append("started")
            _prepare(tiny_caltech101)
        return generate(self, paths, labels)

    monkeypatch.setattr(builder_class, "_generate_examples", generate_after_another)
    builder = _prepare(tiny_caltech101)
    assert builder.info.splits["train"].num_examples == 90


def test_a_data_folder_that_cannot_be_written_is_named(tiny_caltech101):
    occupied = _data_dir(tiny_caltech101)
    occupied.write_text("a file")
    with pytest.raises(UserError, match=f"--data_dir={occupied} cannot be used: "):
        _prepare(tiny_caltech101)


def test_a_folder_that_tfds_did_not_finish_is_not_taken_for_data(tmp_path):
    (tmp_path / "repro_digits" / "1.0.0").mkdir(parents=True)
    with pytest.raises(UserError, match=r"1\.0\.0 is there but holds no complete data set"):
        datasets.prepare("digits", tmp_path)


def test_an_image_that_is_there_twice_is_named(tiny_caltech101):
    (tiny_caltech101 / "Faces" / "image_0001.JPG").write_bytes(archives.image_bytes(0))
    with pytest.raises(UserError, match="holds Faces/image_0001 more than once"):
        _prepare(tiny_caltech101)
