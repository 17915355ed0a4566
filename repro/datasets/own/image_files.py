"""Image files that are read where they lie: what they hold, and whether they have changed."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from repro import UserError
from repro._files import replacing
from repro.datasets.decoding import (
    UndecodableError,
    bad_images_error,
    decodable,
    made_decodable,
)

# JPEG and PNG; other formats, and GIF where it is animated, are converted.
_DECODED_ALWAYS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_INDEX_VERSION = 1


class FileImages(Sequence[bytes]):
    """Images in files of their own, read when they are asked for, and then made decodable.

    Args:
      paths: of the files, str [n].
    """

    def __init__(self, paths: Sequence[str]):
        self._paths = np.array(paths, dtype=object)

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, index: int) -> bytes: ...

    @overload
    def __getitem__(self, index: NDArray[np.integer]) -> "FileImages": ...

    def __getitem__(self, index):
        """Returns the image at a position, or the images at an array of positions, unread."""
        if isinstance(index, np.ndarray):
            return FileImages(self._paths[index])
        content = _read(Path(self._paths[index]))
        if content.startswith(_DECODED_ALWAYS):
            return content
        try:
            return decodable(content)
        except UndecodableError:
            return content  # the decoder refuses it too, and then the image is named

    @classmethod
    def joined(cls, parts: "Sequence[FileImages]") -> "FileImages":
        """Returns the images of all parts, one part after the other."""
        return cls([path for part in parts for path in part._paths])


@dataclass(frozen=True)
class CheckedFiles:
    """Files of which every one was decoded, now or earlier.

    Attributes:
      sha256: path below the root -> digest of the file's content.
      changes: "2 new files", ... since the last check; empty if there was none before.
    """

    sha256: Mapping[str, str]
    changes: tuple[str, ...]


def check(root: Path, files: Sequence[str], index_file: Path) -> CheckedFiles:
    """Decodes the images that are new or have changed since the last check.

    Args:
      root: folder of the files.
      files: paths below the root.
      index_file: what the last check left, and what this one leaves; where it cannot be written,
        every check is the first.

    Raises:
      UserError: images cannot be read or decoded; names them.
    """
    before = _load_index(index_file)
    states = {file: _state(root / file) for file in files}
    known = {
        file: before[file][-1]
        for file, state in states.items()
        if file in before and before[file][:-1] == state
    }
    to_check = [file for file in files if file not in known]
    found: dict[str, str] = {}

    def images() -> Iterator[tuple[str, bytes]]:
        for file in tqdm(to_check, "Checking", unit=" files", disable=None, delay=1):
            content = _read(root / file)
            found[file] = hashlib.sha256(content).hexdigest()
            yield file, content

    bad = [
        (file, str(result))
        for file, _, result in made_decodable(images())
        if isinstance(result, UndecodableError)
    ]
    sha256 = known | found
    for file, _ in bad:
        del sha256[file]
    if to_check or before.keys() - states.keys():
        _save_index(index_file, {file: [*states[file], sha256[file]] for file in sorted(sha256)})
    if bad:
        raise bad_images_error(bad, len(files), str(root), "Remove these files, or replace them.")
    changed = sum(file in before and before[file][-1] != digest for file, digest in found.items())
    counts = {
        "new": len(files) - sum(file in before for file in files),
        "changed": changed,
        "gone": len(before.keys() - states.keys()),
    }
    changes = tuple(f"{n:,} {kind}" for kind, n in counts.items() if n) if before else ()
    return CheckedFiles(sha256, changes)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from error


def _state(path: Path) -> list[int]:
    try:
        state = path.stat()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from error
    return [state.st_size, state.st_mtime_ns]


def _load_index(file: Path) -> dict[str, list]:
    try:
        stored = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}  # there is none, or it was damaged: everything is checked again
    return stored["files"] if stored.get("version") == _INDEX_VERSION else {}


def _save_index(file: Path, files: Mapping[str, list]) -> None:
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file) as temporary:
            temporary.write_text(json.dumps({"version": _INDEX_VERSION, "files": files}))
