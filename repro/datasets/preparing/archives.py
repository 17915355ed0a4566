"""Reads the original archives, or the folders extracted from them, without unpacking to disk."""

import gzip
import io
import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from repro import UserError
from repro.datasets.declaration import ArchiveFile, Part

_TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz")
_ARCHIVE_SUFFIXES = (*_TAR_SUFFIXES, ".zip")
_NAMED_AT_MOST = 3

Wanted = Callable[[str], bool]


class Place(NamedTuple):
    """Where a file's bytes can be read again: `path`, from byte `offset` on."""

    path: Path
    offset: int


class Member(NamedTuple):
    """A file of an archive or of an extracted folder.

    Attributes:
      name: below the folder of the whole.
      content: all of it.
      place: where it can be read again; None if only in the order of the archive.
    """

    name: str
    content: bytes
    place: Place | None = None


def find(part: Part, manual_dir: str | os.PathLike) -> Path | None:
    """Returns where in `manual_dir` a part lies.

    That is the extracted folder, else the first of its archives; `manual_dir` may itself be the
    extracted folder. None if there is none of them.
    """
    if part.folder is not None and (folder := Path(manual_dir, part.folder)).is_dir():
        return folder
    files = (Path(manual_dir, archive.name) for archive in part.archives)
    found = next((file for file in files if file.exists()), None)
    if found is None and part.folder is not None and Path(manual_dir).is_dir():
        itself = Path(manual_dir).absolute()
        return itself if itself.name == part.folder else None
    return found


def read(path: Path, part: Part, wanted: Wanted) -> Iterator[Member]:
    """Reads the wanted files of an archive or an extracted folder, once from begin to end.

    Where a part names no folder of the whole, files go by the last step of their path; a path that
    is no archive is then the wanted file itself.

    Args:
      path: what `find` returned.
      part: the declaration of it.
      wanted: says whether a name is to be read.

    Yields:
      The files, in the order of the archive, or sorted for a folder. What macOS adds
      (`__MACOSX/`, `._name`) and links inside an archive are left out.

    Raises:
      UserError: the archive is cut short or damaged, does not hold the folder of the whole, or a
        file cannot be read.
    """
    names = _Names(path, part)
    with _naming_damage(path, part):
        if path.is_dir():
            yield from _read_folder(path, names, wanted)
            return
        if part.folder is None and not path.name.endswith(_ARCHIVE_SUFFIXES):
            if wanted(path.name):
                yield Member(path.name, path.read_bytes(), Place(path, 0))
            return
        # By content: archives are published, and kept, under the wrong suffix.
        if _begins_as_zip(path):
            yield from _read_zip(path, part, names, wanted)
        else:
            with tarfile.open(path) as archive:
                yield from _read_tar(archive, path, names, wanted)
    names.refuse_other_folders()


class _Names:
    """Turns paths in an archive into names below the folder of the whole."""

    def __init__(self, path: Path, part: Part):
        self._path = path
        self._part = part
        self._is_found = False
        self._elsewhere: list[str] = []

    def __call__(self, path: str) -> str | None:
        """Returns the name of a file's path; None if it is not below the folder of the whole."""
        steps = PurePosixPath(path).parts
        if not steps or "__MACOSX" in steps or steps[-1].startswith("._"):
            return None
        if self._part.folder is None:
            return steps[-1]
        if self._part.folder not in steps[:-1]:
            if len(self._elsewhere) < _NAMED_AT_MOST:
                self._elsewhere.append(path)
            return None
        self._is_found = True
        # The last such step: some copies have the folder inside a folder of the same name.
        folder = len(steps) - 2 - steps[-2::-1].index(self._part.folder)
        return "/".join(steps[folder if self._part.keep_folder else folder + 1 :])

    def refuse_other_folders(self) -> None:
        """Raises if files were seen, and all of them outside the folder of the whole."""
        if self._elsewhere and not self._is_found:
            raise UserError(
                f"{self._path} has no folder {self._part.folder}/, below which its files are "
                f"expected; it has {', '.join(self._elsewhere)}, ... Pack it again with that "
                "folder, or fetch the official archive."
            )


def _read_folder(path: Path, names: _Names, wanted: Wanted) -> Iterator[Member]:
    visited = set()
    # Links are followed: the pictures of an extracted archive may lie on another disk.
    for directory, subdirectories, files in os.walk(path, followlinks=True):
        identity = os.path.realpath(directory)
        if identity in visited:
            subdirectories.clear()
            continue
        visited.add(identity)
        subdirectories.sort()
        for file in sorted(files):
            full = Path(directory, file)
            name = names(full.relative_to(path.parent).as_posix())
            if name is not None and wanted(name):
                yield Member(name, full.read_bytes(), Place(full, 0))


def _read_tar(
    archive: tarfile.TarFile, path: Path | None, names: _Names, wanted: Wanted
) -> Iterator[Member]:
    """Reads a tar; `path` is that of the file if it may be uncompressed."""
    is_plain = isinstance(archive.fileobj, io.BufferedReader) and path is not None
    for member in archive:
        if not member.isfile():
            continue
        name = names(member.name)
        if name is not None and wanted(name):
            content = archive.extractfile(member).read()
            placed = is_plain and not member.issparse()
            yield Member(name, content, Place(path, member.offset_data) if placed else None)
    _check_end(archive)


def _check_end(archive: tarfile.TarFile) -> None:
    """Refuses what tarfile takes for the end: a file cut between members, a wrong checksum."""
    if isinstance(archive.fileobj, io.BufferedReader):
        archive.fileobj.seek(archive.offset)
        if archive.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise tarfile.ReadError("no end-of-archive mark")
    else:
        # Compressed files hold their checksum behind the last byte.
        while archive.fileobj.read(1 << 20):
            pass


def _begins_as_zip(path: Path) -> bool:
    with path.open("rb") as file:
        # The second is the beginning of an empty one.
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def _read_zip(path: Path, part: Part, names: _Names, wanted: Wanted) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            base = PurePosixPath(member.filename).name
            if member.is_dir():
                continue
            if part.folder is not None and base in {part.folder + end for end in _TAR_SUFFIXES}:
                with archive.open(member) as inner, tarfile.open(fileobj=inner) as tar:
                    yield from _read_tar(tar, None, names, wanted)
                continue
            name = names(member.filename)
            if name is not None and wanted(name):
                yield Member(name, archive.read(member))


@contextmanager
def _naming_damage(path: Path, part: Part) -> Iterator[None]:
    try:
        yield
    except (
        tarfile.TarError,
        zipfile.BadZipFile,
        gzip.BadGzipFile,
        lzma.LZMAError,
        zlib.error,
        EOFError,
        NotImplementedError,  # of zipfile: a compression that it does not know
    ) as error:
        raise UserError(
            f"{path} is cut short or damaged ({error}). {size_remark(path, part)}Fetch it again."
        ) from error
    except OSError as error:
        raise UserError(
            f"{error.filename or path} cannot be read: {error.strerror or error}."
        ) from error


def size_remark(path: Path, part: Part) -> str:
    """Returns a sentence on the file's size where it is not the published one, else ""."""
    for archive in part.archives:
        if path.is_file() and path.name == archive.name and archive.size is not None:
            size = path.stat().st_size
            if size != archive.size:
                return f"It has {size:,} bytes; the official file has {archive.size:,}. "
    return ""


def how_to_get(part: Part) -> str:
    """Returns the lines that tell a person which file to fetch, and from where."""
    lines = [f"  {_describe(archive)}" for archive in part.archives]
    if part.folder is not None:
        lines.append(f"  {part.folder}/ (the same, extracted)")
    return "\n".join(lines)


def _describe(archive: ArchiveFile) -> str:
    facts = []
    if archive.size is not None:
        facts.append(f"{archive.size:,} bytes")
    if archive.sha256 is not None:
        facts.append(f"sha256 {archive.sha256}")
    if archive.note is not None:
        facts.append(archive.note)
    known = f" ({', '.join(facts)})" if facts else ""
    return f"{archive.name}{known}" + (f"\n    from {archive.url}" if archive.url else "")
