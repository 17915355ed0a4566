import gzip
import hashlib
import shutil
import tarfile
import zipfile

import pytest

from repro import UserError
from repro.checkpoints import find, sha256_of
from repro.checkpoints.reader import CheckpointReader
from tests.checkpoints import made

DATA = "model.ckpt.data-00000-of-00001"
INDEX = "model.ckpt.index"


@pytest.mark.parametrize("name", ["model.ckpt", INDEX, DATA, "model.ckpt.meta", "", "."])
def test_a_v2_checkpoint_is_found_by_its_prefix_any_of_its_files_and_its_folder(v2, name):
    found = find(v2.parent / name)
    assert (found.path, found.format) == (v2, "V2")
    assert [file.name for file in found.files] == [DATA, INDEX]


@pytest.mark.parametrize("name", ["model.ckpt", "model.ckpt.meta", ""])
def test_a_v1_checkpoint_is_found_by_its_name_and_its_folder(v1, name):
    found = find(v1.parent / name)
    assert (found.path, found.format, found.files) == (v1, "V1", (v1,))


def test_a_path_may_start_at_home(v1, monkeypatch):
    monkeypatch.setenv("HOME", str(v1.parent))
    assert find("~/model.ckpt").path == v1


def test_other_files_of_an_archive_do_not_disturb(v2):
    for name in ("model.ckpt.meta", "model_frozen.pb", "model.tflite", "info.txt"):
        (v2.parent / name).write_bytes(b"something")
    assert find(v2.parent).path == v2


def test_a_folder_with_several_checkpoints_is_refused_by_their_names(v1, v2):
    for file in v2.parent.iterdir():
        shutil.copy(file, v1.parent / file.name.replace("model", "other"))
    with pytest.raises(UserError, match=r"holds 2 checkpoints: model\.ckpt, other\.ckpt"):
        find(v1.parent)


@pytest.mark.parametrize("folder", ["", "/somewhere/else/"])
def test_a_state_file_says_which_checkpoint_of_a_folder_is_meant(v1, v2, folder):
    for file in v2.parent.iterdir():
        shutil.copy(file, v1.parent / file.name.replace("model", "other"))
    state = v1.parent / "checkpoint"
    state.write_text(f'model_checkpoint_path: "{folder}other.ckpt"\n')
    assert find(v1.parent).path == v1.parent / "other.ckpt"
    assert find(state).path == v1.parent / "other.ckpt"


def test_a_state_file_that_names_nothing_there_is_passed_over(v1):
    (v1.parent / "checkpoint").write_text('model_checkpoint_path: "gone.ckpt"\n')
    assert find(v1.parent).path == v1


def test_a_folder_without_a_checkpoint_is_refused(tmp_path):
    with pytest.raises(UserError, match="holds no checkpoint"):
        find(tmp_path)


def test_a_folder_with_an_archive_says_to_unpack_it(tmp_path):
    (tmp_path / "inception_v1_2016_08_28.tar.gz").write_bytes(b"\x1f\x8b")
    with pytest.raises(UserError, match=r"Unpack inception_v1_2016_08_28\.tar\.gz"):
        find(tmp_path)


def test_a_missing_checkpoint_is_named_with_the_nearest_name(v1):
    with pytest.raises(UserError, match=r"no checkpoint .*modle\.ckpt.*Did you mean model\.ckpt"):
        find(v1.parent / "modle.ckpt")
    with pytest.raises(UserError, match=r"There is no folder .*nowhere"):
        find(v1.parent / "nowhere" / "model.ckpt")


def test_a_url_is_refused():
    with pytest.raises(UserError, match="URL"):
        find("http://download.tensorflow.org/models/inception_v1_2016_08_28.tar.gz")


@pytest.mark.parametrize("given", ["model.ckpt", ""])
@pytest.mark.parametrize("missing", [DATA, INDEX])
def test_a_missing_half_of_a_v2_checkpoint_is_named(v2, given, missing):
    (v2.parent / missing).unlink()
    with pytest.raises(UserError, match=rf"{missing} is missing, though .* needs both"):
        find(v2.parent / given)


def test_a_missing_data_file_among_several_is_named(v2):
    index = bytearray((v2.parent / INDEX).read_bytes())
    assert index[3:5] == b"\x08\x01"  # one data file
    index[4] = 3
    (v2.parent / INDEX).write_bytes(index)
    with pytest.raises(UserError, match=r"data-00000-of-00003 and 2 more is missing"):
        find(v2)


def test_two_checkpoints_of_one_name_are_not_mixed_up(v1, v2):
    shutil.copy(v1, v2)
    with pytest.raises(UserError, match="ambiguous"):
        find(v2)
    assert find(v2.parent / INDEX).format == "V2"


def test_an_empty_file_is_named(v1, v2):
    index = v2.parent / INDEX
    for file in (v1, index):
        file.write_bytes(b"")
        with pytest.raises(UserError, match=f"{file} is empty"):
            find(file)


def test_a_cut_short_file_is_named(v1, v2):
    for file in (v1, v2.parent / INDEX):
        whole = file.read_bytes()
        for length in (1, 10, 47, 48, len(whole) // 2, len(whole) - 1):
            file.write_bytes(whole[:length])
            with pytest.raises(UserError, match=f"{file} is"):
                find(file)
    assert "cut short" in str(_error(v1))


def _error(path):
    with pytest.raises(UserError) as caught:
        find(path)
    return caught.value


@pytest.mark.parametrize("reader", [find, CheckpointReader])
def test_files_of_other_kinds_are_told_apart(tmp_path, reader):
    inside = tmp_path / "inside.ckpt"
    inside.write_text("weights")
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.write(inside)
    with tarfile.open(tmp_path / "model.tar", "w") as archive:
        archive.add(inside)
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        archive.add(inside)
    (tmp_path / "model.gz").write_bytes(gzip.compress(b"weights"))
    (tmp_path / "model.html").write_text("\n<!DOCTYPE html><title>403 Forbidden</title>")
    (tmp_path / "model.txt").write_text("one line\n" * 20)
    (tmp_path / "model.pb").write_bytes(bytes(range(255, 0, -1)))
    for name, what in {
        "model.keras": "zip archive without model.weights.h5",
        "model.tar": "tar archive: unpack it",
        "model.tar.gz": "gzip archive: unpack it",
        "model.gz": "gzip archive",
        "model.html": "web page",
        "model.txt": "text file",
        "model.pb": "of another kind",
    }.items():
        with pytest.raises(UserError, match=rf"{name} is no TF-Slim checkpoint.*{what}"):
            reader(tmp_path / name)


@pytest.mark.parametrize("length", [2**32, 2**62, 2**64 - 1])
def test_a_footer_that_asks_for_absurd_memory_is_refused(v1, v2, length):
    for file in (v1, v2.parent / INDEX):
        handles = b"\0\0\0" + made.varint(length)
        file.write_bytes(
            file.read_bytes()[:-48] + handles.ljust(40, b"\0") + file.read_bytes()[-8:]
        )
        with pytest.raises(UserError, match=f"{file} is damaged"):
            find(file)


def test_the_digest_of_a_v1_checkpoint_is_that_of_its_file(v1):
    assert sha256_of(v1) == hashlib.sha256(v1.read_bytes()).hexdigest()


def test_the_digest_of_a_v2_checkpoint_covers_data_then_index(v2):
    both = (v2.parent / DATA).read_bytes() + (v2.parent / INDEX).read_bytes()
    assert sha256_of(v2) == hashlib.sha256(both).hexdigest()
    assert sha256_of(v2.parent) == sha256_of(v2)
