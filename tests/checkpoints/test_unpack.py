import gzip
import stat
import tarfile
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro import UserError
from repro.checkpoints.unpack import BadArchiveError, unpack
from tests.checkpoints import archives
from tests.checkpoints.archives import member
from tests.downloading import light

CONTENTS = {"net.ckpt.data-00000-of-00001": bytes(range(256)) * 9, "net.ckpt.index": b"index"}
BLOCK = tarfile.BLOCKSIZE


@pytest.fixture
def unpacked(tmp_path):
    """Unpacks the bytes of an archive; `folder` is where to."""

    def unpacked(archive, **bounds):
        path = tmp_path / "net.tgz"
        path.write_bytes(archive)
        names = unpack(path, unpacked.folder, **bounds)
        found = archives.in_folder(unpacked.folder)
        assert sorted(map(str, names)) == sorted(found)
        return found

    unpacked.folder = tmp_path / "in" / "out"
    unpacked.folder.parent.mkdir()
    return unpacked


def assert_refused(unpacked, archive, why, **bounds):
    """Asserts that the archive is refused, and that nothing of it is anywhere."""
    before = archives.in_folder(unpacked.folder.parents[1])
    before.pop("net.tgz", None)
    with pytest.raises(BadArchiveError, match=why):
        unpacked(archive, **bounds)
    after = archives.in_folder(unpacked.folder.parents[1])
    after.pop("net.tgz")
    assert after == before
    assert list(unpacked.folder.parent.iterdir()) == []


@pytest.mark.parametrize("mode", ["w", "w:gz"])
@pytest.mark.parametrize("format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_the_files_of_an_archive_are_there(unpacked, mode, format):
    assert unpacked(archives.as_python_writes(CONTENTS, mode, format=format)) == CONTENTS


def test_folders_and_long_names_are_no_obstacle(unpacked):
    long = f"{'deep/' * 20}{'n' * 120}.ckpt"
    contents = CONTENTS | {long: b"1", "empty": b""}
    assert unpacked(archives.of_files(contents)) == contents


def test_what_is_unpacked_cannot_be_executed(unpacked):
    unpacked(archives.tar_gz([member("net.ckpt", b"#!/bin/sh\n", mode=0o7777)]))
    mode = (unpacked.folder / "net.ckpt").stat().st_mode
    assert not mode & (stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH | stat.S_ISUID | stat.S_ISGID)


OUTSIDE = ("../evil", "a/../../evil", "a/..", "/tmp/evil", "//evil", "..", "./../evil", "a\\..\\b")


@pytest.mark.parametrize("name", [*OUTSIDE, "C:/evil", "C:evil"])
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.DIRTYPE])
def test_a_path_that_leads_out_of_the_folder_is_refused(unpacked, name, kind):
    archive = archives.tar_gz([member("good", b"1"), member(name, type=kind)])
    assert_refused(unpacked, archive, "may lead out of the folder")


@pytest.mark.parametrize("name", ["a\nb", "a\x07b", "a\x1b[2Jb", "\udcff\udcfe", "x" * 256])
def test_a_name_that_is_none_is_refused_and_shown_safely(unpacked, name):
    archive = archives.tar_gz([member(name, b"1")])
    with pytest.raises(BadArchiveError, match="no name for a file") as caught:
        unpacked(archive)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", [".", "./"])
def test_a_file_without_a_name_is_refused(unpacked, name):
    assert_refused(unpacked, archives.tar_gz([member(name, type=b"0")]), "without a name|twice")


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (tarfile.SYMTYPE, "a symbolic link"),
        (tarfile.LNKTYPE, "a hard link"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.BLKTYPE, "a device"),
        (tarfile.FIFOTYPE, "a pipe"),
        (tarfile.CONTTYPE, "no regular file"),
        (b"9", "no regular file"),
    ],
)
@pytest.mark.parametrize("target", ["good", "/etc/passwd", "../../x"])
def test_what_is_no_regular_file_is_refused(unpacked, kind, what, target):
    bad = member("bad", type=kind, linkname=target, devmajor=1, devminor=3)
    assert_refused(
        unpacked, archives.tar_gz([member("good", b"1"), bad]), f"'bad', which is {what}"
    )


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_a_link_is_not_written_through(unpacked, tmp_path, kind):
    link = member("out", type=kind, linkname=str(tmp_path))
    archive = archives.tar_gz([link, member("out/evil", b"1"), member("out", b"1")])
    assert_refused(unpacked, archive, "'out', which is a")


@pytest.mark.parametrize("headers", [{"GNU.sparse.major": "1"}, {"GNU.sparse.map": "0,1"}])
def test_a_sparse_file_is_refused(unpacked, headers):
    bad = member(
        "bad", b"1\n0\n1\n" + bytes(BLOCK), pax_headers=headers | {"GNU.sparse.minor": "0"}
    )
    assert_refused(unpacked, archives.tar_gz([bad], format=tarfile.PAX_FORMAT), "no regular file")


@pytest.mark.parametrize(
    "names", [("a", "a"), ("a", "./a"), ("a", "a/b"), ("a", "a/b/c"), ("a/b", "a")]
)
def test_a_file_that_comes_twice_is_refused(unpacked, names):
    assert_refused(
        unpacked, archives.tar_gz([member(name, b"1") for name in names]), "holds .* twice"
    )


def test_a_bomb_is_refused_by_what_it_becomes(unpacked):
    archive = archives.tar_gz([member("zeros", bytes(100 << 20))])
    assert len(archive) < 200_000
    assert_refused(unpacked, archive, "more than .* bytes, too much for an archive of its size")


def test_a_bomb_of_a_lie_is_refused_before_it_is_written(unpacked):
    archive = archives.tar_gz([member("zeros", b"1", size=1 << 50)])
    assert_refused(unpacked, archive, "too much")


def test_a_bomb_behind_the_end_is_refused(unpacked):
    archive = archives.of_files(CONTENTS) + gzip.compress(bytes(100 << 20))
    assert_refused(unpacked, archive, "too much")


def test_a_bomb_in_a_name_is_refused_without_being_read_into_memory(unpacked):
    for kind in (tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE):
        name = member("././@LongLink", b"", type=kind, size=60 << 20)
        archive = archives.tar([name, member("x", b"1")])
        assert_refused(unpacked, gzip.compress(archive), "whose name is no name")


def test_headers_within_headers_are_refused(unpacked):
    name = member("././@LongLink", b"x\0", type=tarfile.GNUTYPE_LONGNAME)
    assert_refused(unpacked, archives.tar_gz([name] * 3000), "damaged|more than")


def test_there_is_a_bound_on_files_and_one_on_bytes(unpacked):
    archive = archives.tar_gz([member(f"{i}", b"1") for i in range(11)])
    assert_refused(unpacked, archive, "more than 10 files", most_members=10)
    assert_refused(unpacked, archive, "more than 5,000 bytes", most_bytes=5000)
    assert len(unpacked(archive, most_members=11, most_bytes=20_000)) == 11


def test_an_archive_that_is_cut_anywhere_is_told(unpacked):
    archive = archives.of_files(CONTENTS)
    for size in range(0, len(archive), 7):
        assert_refused(unpacked, archive[:size], "cut short, damaged or no tar archive")


def test_an_uncompressed_archive_that_is_cut_anywhere_is_told(unpacked):
    archive = archives.tar(member(name, content) for name, content in CONTENTS.items())
    for size in range(0, len(archive) - BLOCK, 171):
        assert_refused(unpacked, archive[:size], "cut short, damaged or no tar archive")


def test_a_wrong_checksum_at_the_very_end_is_told(unpacked):
    archive = bytearray(archives.of_files(CONTENTS))
    archive[-6] ^= 1
    assert_refused(unpacked, bytes(archive), "damaged")


@pytest.mark.parametrize(
    "content", [b"", b"<html>moved</html>", b"PK\x03\x04" * 200, b"\x1f\x8b" * 200]
)
def test_what_is_no_archive_is_told(unpacked, content):
    assert_refused(unpacked, content, "no tar archive")


def test_a_folder_that_is_there_is_not_touched(unpacked):
    unpacked.folder.mkdir()
    (unpacked.folder / "mine").write_bytes(b"1")
    with pytest.raises(UserError, match="File exists"):
        unpacked(archives.of_files(CONTENTS))
    assert archives.in_folder(unpacked.folder) == {"mine": b"1"}


def test_an_archive_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(UserError, match=r"net\.tgz cannot be read: No such file"):
        unpack(tmp_path / "net.tgz", tmp_path / "out")


def test_a_full_disk_is_told_and_nothing_is_left(tmp_path):
    (tmp_path / "net.tgz").write_bytes(archives.of_files({"net.ckpt": bytes(9000)}))
    code = """
import resource
from pathlib import Path
from repro import UserError
from repro.checkpoints.unpack import unpack
resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))
try:
    unpack(Path(sys.argv[1], "net.tgz"), Path(sys.argv[1], "out"))
except UserError as error:
    print(error)
"""
    said = light.run(code, str(tmp_path))
    assert "cannot be written: File too large. Make room there" in said
    assert [path.name for path in tmp_path.iterdir()] == ["net.tgz"]


_PARTS = st.sampled_from(["..", ".", "", "a", "b", "~", "C:", "a\\b", "\n", "é", "x" * 200])
_NAMES = st.lists(_PARTS, min_size=1, max_size=4).map("/".join) | st.text(max_size=20)
_KINDS = st.sampled_from([b"0", b"\0", b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"S", b"V"])
_MEMBERS = st.builds(
    lambda name, content, kind, link: member(name, content, type=kind, linkname=link),
    _NAMES.filter(lambda name: "\0" not in name),
    st.binary(max_size=20),
    _KINDS,
    _NAMES.filter(lambda name: "\0" not in name),
)


def _try_to_unpack(archive: bytes) -> None:
    """Asserts that all that comes of an archive is regular files inside, or the error for it."""
    with tempfile.TemporaryDirectory() as name:
        above, outside = Path(name), Path(name, "outside")
        folder = outside / "folder"
        outside.mkdir()
        (above / "archive").write_bytes(archive)
        try:
            names = unpack(above / "archive", folder)
        except BadArchiveError as error:
            assert str(error).isprintable()
            assert not folder.exists()
        else:
            assert {path for path in folder.rglob("*") if not path.is_dir()} == {
                folder / name for name in names
            }
            assert all(
                path.is_file() and not path.is_symlink() for path in map(folder.joinpath, names)
            )
        assert {path.name for path in above.iterdir()} == {"archive", "outside"}
        assert list(outside.iterdir()) in ([], [folder])


@given(st.lists(_MEMBERS, max_size=4), st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]))
def test_whatever_the_members_are_nothing_is_written_outside(members, format):
    try:
        archive = archives.tar(members, format=format)
    except (ValueError, UnicodeError):
        return
    _try_to_unpack(archive)


@given(st.data())
def test_whatever_is_changed_in_an_archive_it_is_unpacked_or_told(data):
    archive = bytearray(archives.tar([member("a/net.ckpt", b"1" * 600), member("b", b"2")]))
    for _ in range(data.draw(st.integers(1, 4))):
        archive[data.draw(st.integers(0, 2100))] = data.draw(st.integers(0, 255))
    for begin in range(0, 2048, BLOCK):  # so that the change is not told by a header's checksum
        begin, end = begin + archives.CHECKSUM.start, begin + archives.CHECKSUM.stop
        archive[begin:end] = b" " * 8
        archive[begin:end] = b"%06o\0 " % sum(archive[begin - 148 : begin + 364])
    _try_to_unpack(bytes(archive))
