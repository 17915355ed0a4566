"""Reads the original archives, or the folders extracted from them, without unpacking to disk."""

import gzip
import io
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from repro import UserError
from repro.datasets.declaration import ArchiveFile, Part

_TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz")

Wanted = Callable[[str], bool]


def find(part: Part, manual_dir: str | os.PathLike) -> Path | None:
    """Returns the extracted folder, else the first archive of `part` that lies in `manual_dir`."""
    if part.folder is not None and (folder := Path(manual_dir, part.folder)).is_dir():
        return folder
    files = (Path(manual_dir, archive.name) for archive in part.archives)
    return next((file for file in files if file.is_file()), None)


def read(path: Path, part: Part, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
    """Reads the wanted files of an archive or an extracted folder.

    Args:
      path: what `find` returned.
      part: the declaration of it.
      wanted: says whether a name is to be read.

    Yields:
      (name below the folder of the whole, content), in the order of the archive, or sorted for a
      folder. What macOS adds (`__MACOSX/`, `._name`) is left out. A file that is no archive is
      yielded under its own name.

    Raises:
      UserError: the archive is cut short or damaged, or a file cannot be read.
    """
    with _naming_damage(path, part):
        if part.folder is None:
            if wanted(path.name):
                yield path.name, path.read_bytes()
        elif path.is_dir():
            yield from _read_folder(path, part, wanted)
        elif path.name.endswith(_TAR_SUFFIXES):
            with tarfile.open(path) as archive:
                yield from _read_tar(archive, part, wanted)
        else:
            yield from _read_zip(path, part, wanted)


def _read_folder(path: Path, part: Part, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
    for directory, subdirectories, files in os.walk(path):
        subdirectories.sort()
        for file in sorted(files):
            full = Path(directory, file)
            name = _name_in(part, full.relative_to(path.parent).as_posix())
            if name is not None and wanted(name):
                yield name, full.read_bytes()


def _read_tar(archive: tarfile.TarFile, part: Part, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
    for member in archive:
        name = _name_in(part, member.name)
        if name is not None and wanted(name):
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                yield name, content.read()
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


def _read_zip(path: Path, part: Part, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            base = PurePosixPath(member.filename).name
            name = _name_in(part, member.filename)
            if name is not None and not member.is_dir() and wanted(name):
                yield name, archive.read(member)
            elif base.startswith(part.folder) and base.endswith(_TAR_SUFFIXES):
                with archive.open(member) as inner, tarfile.open(fileobj=inner) as tar:
                    yield from _read_tar(tar, part, wanted)


def _name_in(part: Part, path: str) -> str | None:
    """Returns the name of a path below the folder of the whole, None if it is not below."""
    steps = PurePosixPath(path).parts
    if part.folder not in steps or "__MACOSX" in steps or steps[-1].startswith("._"):
        return None
    folder = steps.index(part.folder)
    if folder == len(steps) - 1:
        return None
    return "/".join(steps[folder if part.keep_folder else folder + 1 :])


@contextmanager
def _naming_damage(path: Path, part: Part) -> Iterator[None]:
    try:
        yield
    except (
        tarfile.TarError,
        zipfile.BadZipFile,
        gzip.BadGzipFile,
        zlib.error,
        EOFError,
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
