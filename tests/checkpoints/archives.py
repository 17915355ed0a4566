"""Archives that the tests make: good ones, and such as no one should unpack."""

import gzip
import io
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

CHECKSUM = slice(148, 156)  # of a tar header


def member(name: str, content: bytes = b"", **fields) -> tuple[tarfile.TarInfo, bytes]:
    """Returns a member; `fields` replace those of its header."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


def tar(members: Iterable[tuple[tarfile.TarInfo, bytes]], *, format=tarfile.GNU_FORMAT) -> bytes:
    """Returns an uncompressed archive; headers may lie about what follows them."""
    parts = []
    for info, content in members:
        parts += [info.tobuf(format), content, bytes(-len(content) % tarfile.BLOCKSIZE)]
    return b"".join([*parts, bytes(2 * tarfile.BLOCKSIZE)])


def tar_gz(members: Iterable[tuple[tarfile.TarInfo, bytes]], **options) -> bytes:
    """Returns a compressed archive."""
    return gzip.compress(tar(members, **options), 6, mtime=0)


def of_files(contents: Mapping[str, bytes]) -> bytes:
    """Returns the compressed archive of some files, as GNU tar makes it of the folder `.`."""
    folder = member("./", type=tarfile.DIRTYPE)
    return tar_gz([folder, *(member(f"./{name}", content) for name, content in contents.items())])


def in_folder(folder: Path) -> dict[str, bytes]:
    """Returns the files below a folder, with their content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def as_python_writes(contents: Mapping[str, bytes], mode: str, **options) -> bytes:
    """Returns the archive that Python's tarfile makes of some files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, **options) as archive:
        for name, content in contents.items():
            info, _ = member(name, content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()
