"""Unpacks a tar archive that may be malicious: regular files only, inside the folder, bounded."""

import gzip
import io
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from repro import UserError
from repro.downloading.fingerprint import BLOCK, writing

_MOST_MEMBERS = 1000
_LONGEST_NAME = 255  # bytes
# Weights hardly compress (by a tenth); a bomb does so by a thousand.
_MOST_EXPANSION, _ALWAYS_ALLOWED = 10, 64 << 20
_GZIP = b"\x1f\x8b"
_KINDS = {
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.LNKTYPE: "a hard link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
}


class BadArchiveError(UserError):
    """The archive is damaged, is none, or holds what no checkpoint has."""


def unpack(
    archive: Path,
    folder: Path,
    *,
    most_bytes: int | None = None,
    most_members: int = _MOST_MEMBERS,
) -> tuple[Path, ...]:
    """Unpacks an archive to its end, checksum included.

    Args:
      archive: a tar file, compressed with gzip or not.
      folder: to unpack to; must not be there yet, and is not there after an error.
      most_bytes: bound of the uncompressed archive; default: ten times its size and 64 MiB.
      most_members: bound of their number.

    Returns:
      The files, relative to `folder`, in the order of the archive.

    Raises:
      BadArchiveError: it is cut short, damaged or no tar; or a member is no regular file or folder,
        has a name that leads outside or comes twice; or there is more than the bounds allow.
      UserError: a file cannot be read or written.
    """
    try:
        stored = archive.stat().st_size
        stream = archive.open("rb")
    except OSError as error:
        raise UserError(f"{archive} cannot be read: {error.strerror or error}.") from error
    if most_bytes is None:
        most_bytes = _MOST_EXPANSION * stored + _ALWAYS_ALLOWED
    with stream, writing(folder):
        folder.mkdir()
        try:
            with _naming_damage(archive):
                return tuple(_unpack(archive, stream, folder, most_bytes, most_members))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise


def _unpack(
    archive: Path, stream: io.BufferedReader, folder: Path, most_bytes: int, most_members: int
) -> Iterator[Path]:
    is_gzip = stream.peek(len(_GZIP)).startswith(_GZIP)
    reader = _Reader(gzip.GzipFile(fileobj=stream) if is_gzip else stream, archive, most_bytes)
    with tarfile.open(fileobj=reader, mode="r:") as tar:
        for count, member in enumerate(tar, start=1):
            if count > most_members:
                raise _refused(archive, f"holds more than {most_members:,} files")
            name = _checked(archive, member, folder)
            if member.isdir():
                continue
            reader.check_size(member.size)
            _write(archive, tar, member, folder / name)
            yield Path(name)
    # tarfile takes a header that it cannot read for the end.
    if reader.last != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("no end-of-archive mark")
    while reader.read(BLOCK):  # gzip's checksum comes behind the last byte
        pass


def _checked(archive: Path, member: tarfile.TarInfo, folder: Path) -> PurePosixPath:
    """Returns a member's name; raises `BadArchiveError` unless it may be unpacked."""
    shown = ascii(member.name)[:_LONGEST_NAME]
    if not member.isdir() and (
        member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.issparse()
    ):
        kind = _KINDS.get(member.type, "no regular file")
        raise _refused(archive, f"holds {shown}, which is {kind}")
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts or "\\" in member.name or ":" in member.name:
        raise _refused(archive, f"holds {shown}, a path that may lead out of the folder")
    if not member.name.isprintable() or len(os.fsencode(member.name)) > _LONGEST_NAME:
        raise _refused(archive, f"holds {shown}, which is no name for a file")
    if not name.parts and not member.isdir():
        raise _refused(archive, "holds a file without a name")
    if hasattr(tarfile, "data_filter"):  # Python 3.11.4 and later
        tarfile.data_filter(member, str(folder))
    return name


def _write(archive: Path, tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("xb")  # never through a link, never over another member
    except (FileExistsError, NotADirectoryError) as error:
        raise _refused(archive, f"holds {member.name!a} twice") from error
    with file, tar.extractfile(member) as content:
        left = member.size
        while left:
            block = content.read(min(left, BLOCK))
            if not block:
                raise tarfile.ReadError("unexpected end of data")
            file.write(block)
            left -= len(block)
        file.flush()
        os.fsync(file.fileno())


class _Reader:
    """The uncompressed archive, of which no more than a bound is read, a block at a time."""

    def __init__(self, stream: io.BufferedIOBase, archive: Path, most_bytes: int):
        self._stream = stream
        self._archive = archive
        self._most_bytes = most_bytes
        self.last = b""  # what was read last

    def read(self, size: int) -> bytes:
        if not 0 <= size <= BLOCK:  # a header that is to be read into memory at once
            raise _refused(self._archive, "has a member whose name is no name")
        self.check_size(0)
        self.last = self._stream.read(size)
        return self.last

    def tell(self) -> int:
        return self._stream.tell()

    def seek(self, position: int) -> int:
        self.check_size(position - self.tell())
        return self._stream.seek(position)

    def check_size(self, size: int) -> None:
        """Raises `BadArchiveError` if so many further bytes are out of bounds."""
        if size < 0 or self.tell() + size > self._most_bytes:
            raise _refused(
                self._archive,
                f"holds more than {self._most_bytes:,} bytes, too much for an archive of its size",
            )


@contextmanager
def _naming_damage(archive: Path) -> Iterator[None]:
    try:
        yield
    except UserError:
        raise
    except tarfile.FilterError as error:
        raise _refused(archive, f"is unsafe: {error}") from error
    except (
        tarfile.TarError,
        gzip.BadGzipFile,
        zlib.error,
        EOFError,
        # What tarfile lets through of headers that nobody writes.
        ValueError,
        ArithmeticError,
        LookupError,
        RecursionError,
    ) as error:
        raise BadArchiveError(
            f"{archive} is cut short, damaged or no tar archive ({error}). Fetch it again."
        ) from error


def _refused(archive: Path, what: str) -> BadArchiveError:
    return BadArchiveError(
        f"{archive} {what}. No checkpoint needs that: it is not unpacked. Fetch it from elsewhere."
    )
