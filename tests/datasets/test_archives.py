from pathlib import Path

import pytest

from repro import UserError
from repro.datasets.archives import find, read
from repro.datasets.declaration import ArchiveFile, Part
from tests.datasets import archives

PART = Part((ArchiveFile("whole.tar.gz", size=5), ArchiveFile("whole.tar")), folder="whole")
FILES = {f"a/{index}.jpg": archives.image_bytes(index, 200, 160) for index in range(20)}


def _wanted(name: str) -> bool:
    return name.endswith(".jpg")


def _read(path: Path, part: Part = PART) -> dict[str, bytes]:
    return dict(read(path, part, _wanted))


@pytest.mark.parametrize("name", ["whole", "whole.tar", "whole.tar.gz", "whole.zip"])
def test_every_form_gives_the_same_files(tmp_path, name):
    archives.write(tmp_path / name, "whole", {**FILES, "._a.jpg": b"", "list.txt": b""})
    assert _read(tmp_path / name) == FILES


def test_names_may_start_with_a_dot_or_lie_deeper(tmp_path):
    archives.write(tmp_path / "whole.tar", "./copy/whole", FILES)
    assert _read(tmp_path / "whole.tar") == FILES


def test_a_part_can_keep_its_folder_in_the_names(tmp_path):
    archives.write(tmp_path / "whole.tar", "whole", FILES)
    part = Part(PART.archives, folder="whole", keep_folder=True)
    assert set(_read(tmp_path / "whole.tar", part)) == {f"whole/{name}" for name in FILES}


def test_a_file_that_is_no_archive_is_read_as_it_is(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"content")
    part = Part((ArchiveFile("a.jpg"),), folder=None)
    assert _read(find(part, tmp_path), part) == {"a.jpg": b"content"}


def test_the_extracted_folder_comes_before_the_archives_in_their_order(tmp_path):
    assert find(PART, tmp_path) is None
    assert find(PART, tmp_path / "nowhere") is None
    for name in ("whole.tar", "whole.tar.gz"):
        archives.write(tmp_path / name, "whole", {"a/1.jpg": b""})
        assert find(PART, tmp_path) == tmp_path / name
    (tmp_path / "whole").mkdir()
    assert find(PART, tmp_path) == tmp_path / "whole"


@pytest.mark.parametrize("name", ["whole.tar", "whole.tar.gz", "whole.zip"])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.9])
def test_a_cut_short_archive_is_named(tmp_path, name, share):
    path = tmp_path / name
    archives.write(path, "whole", FILES)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UserError, match=f"{name} is cut short or damaged"):
        _read(path)


def test_a_damaged_archive_is_named_with_both_sizes(tmp_path):
    path = tmp_path / "whole.tar.gz"
    archives.write(path, "whole", FILES)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 200] = bytes(200)
    path.write_bytes(content)
    official = rf"has {len(content):,} bytes; the official file has 5\."
    with pytest.raises(UserError, match=rf"whole\.tar\.gz is cut short or damaged .* {official}"):
        _read(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "whole").mkdir()
    (tmp_path / "whole" / "gone.jpg").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"gone\.jpg cannot be read: No such file"):
        _read(tmp_path / "whole")


def test_a_tar_cut_between_two_members_is_noticed(tmp_path):
    path = tmp_path / "whole.tar"
    archives.write(path, "whole", {"a/1.jpg": b"1", "a/2.jpg": b"2"})
    path.write_bytes(path.read_bytes()[:1024])
    with pytest.raises(UserError, match="no end-of-archive mark"):
        _read(path)
