import io
import tarfile
from pathlib import Path

import pytest

from repro import UserError
from repro.datasets.declaration import ArchiveFile, Part
from repro.datasets.preparing.archives import find, read
from tests.datasets import archives, archives_own

PART = Part((ArchiveFile("whole.tar.gz", size=5), ArchiveFile("whole.tar")), folder="whole")
FILES = {f"a/{index}.jpg": archives.image_bytes(index, 200, 160) for index in range(20)}


def _wanted(name: str) -> bool:
    return name.endswith(".jpg")


def _read(path: Path, part: Part = PART) -> dict[str, bytes]:
    return {name: content for name, content, _ in read(path, part, _wanted)}


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


@pytest.mark.parametrize("name", ["whole.tar", "whole.tar.gz"])
def test_headers_links_folders_and_what_macos_adds_do_not_matter(tmp_path, name):
    archives_own.write_official_tar(tmp_path / name, "whole", FILES)
    assert _read(tmp_path / name) == FILES


@pytest.mark.parametrize("really", ["tar", "tar.gz", "tar.xz", "zip"])
@pytest.mark.parametrize("name", ["whole.tar", "whole.tar.gz"])
def test_an_archive_is_what_it_holds_not_what_it_is_called(tmp_path, really, name):
    if really == "tar.xz":
        with tarfile.open(tmp_path / "other", "w:xz") as archive:
            for file, content in FILES.items():
                member = tarfile.TarInfo(f"whole/{file}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    else:
        archives.write(tmp_path / f"other.{really}", "whole", FILES)
        (tmp_path / f"other.{really}").rename(tmp_path / "other")
    (tmp_path / "other").rename(tmp_path / name)
    assert _read(tmp_path / name) == FILES


def test_a_folder_inside_one_of_the_same_name_is_the_folder_of_the_whole(tmp_path):
    archives.write(tmp_path / "whole.tar", "whole/whole", FILES)
    archives.write(tmp_path / "whole", "", {f"whole/{name}": x for name, x in FILES.items()})
    assert _read(tmp_path / "whole.tar") == _read(tmp_path / "whole") == FILES


def test_linked_folders_are_followed_and_loops_are_not(tmp_path):
    archives.write(tmp_path / "disk", "", FILES)
    (tmp_path / "whole").mkdir()
    (tmp_path / "whole" / "a").symlink_to(tmp_path / "disk" / "a")
    (tmp_path / "disk" / "a" / "again").symlink_to(tmp_path / "whole")
    assert _read(tmp_path / "whole") == FILES


def test_what_lies_outside_the_folder_of_the_whole_is_told(tmp_path):
    archives.write(tmp_path / "whole.tar", "other", FILES)
    with pytest.raises(UserError, match=r"no folder whole/, .* it has other/a/0\.jpg, other/a/1"):
        _read(tmp_path / "whole.tar")


def test_without_a_folder_of_the_whole_files_go_by_their_own_names(tmp_path):
    part = Part((ArchiveFile("lists.zip"), ArchiveFile("lists"), ArchiveFile("1.jpg")), folder=None)
    archives.write(tmp_path / "lists.zip", "some/where", FILES)
    assert _read(find(part, tmp_path), part) == {name[2:]: x for name, x in FILES.items()}
    (tmp_path / "lists.zip").rename(tmp_path / "lists.tar.zip")
    archives.write(tmp_path / "lists", "", {"1.jpg": b"1"})
    assert _read(find(part, tmp_path), part) == {"1.jpg": b"1"}


@pytest.mark.parametrize("name", ["whole", "whole.tar"])
def test_what_can_be_read_again_is_where_it_is_said_to_be(tmp_path, name):
    archives.write(tmp_path / name, "whole", FILES)
    for _, content, (path, offset) in read(tmp_path / name, PART, _wanted):
        assert path.read_bytes()[offset : offset + len(content)] == content


@pytest.mark.parametrize("name", ["whole.zip", "whole.tar.gz"])
def test_what_is_compressed_has_no_place(tmp_path, name):
    archives.write(tmp_path / name, "whole", FILES)
    assert {place for _, _, place in read(tmp_path / name, PART, _wanted)} == {None}
