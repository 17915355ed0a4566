"""One split's features on disk: written in order, going on after an interruption, checked.

features.npy       float32 [n, d]; there once it is complete
features.npy.part  the same file while it is written
progress.json      how many rows of the part are safely on disk, and their checksum
ids.txt            the ids, one a line; its SHA-256 is the split's digest
meta.json          the key in words, the checksum, images/s, the machine's part in it
lock               held (flock) while the entry is written
"""

import io
import json
import os
import time
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from repro._files import replacing

ROW_TYPE = np.dtype("<f4")
_CHECKED_AT_ONCE = 1 << 24  # bytes


class DamagedEntryError(Exception):
    """What is on disk is not what was written, or not for this key."""


@dataclass(frozen=True, eq=False)
class Features:
    """Penultimate features of a split.

    Attributes:
      values: float32 [n, d] in the order of the examples' ids; memory-mapped and read-only if they
        come from a file.
      seconds: that the extraction took, all sittings together.
      device: what it ran on.
      cached: whether they were there already.
      folder: where they are kept; None if they are not.
    """

    values: NDArray[np.float32]
    seconds: float
    device: str
    cached: bool
    folder: Path | None = None

    @property
    def images_per_second(self) -> float:
        """Of the extraction, the building of the network not included."""
        return len(self.values) / max(self.seconds, 1e-9)

    def facts(self) -> dict[str, Any]:
        """Returns what metrics.json says of them."""
        return {
            "images_per_second": round(self.images_per_second, 2),
            "seconds": round(self.seconds, 3),
            "device": self.device,
            "cached": self.cached,
        }


@dataclass(frozen=True)
class Progress:
    """How far an extraction is.

    Attributes:
      key_sha256: of the key that it belongs to.
      rows: complete and on disk.
      width: d.
      crc32: of those rows' bytes.
      seconds: that they took.
    """

    key_sha256: str
    rows: int = 0
    width: int = 0
    crc32: int = 0
    seconds: float = 0.0


def ids_text(ids: Iterable[str]) -> str:
    """Returns the content of ids.txt."""
    return "\n".join(map(str, ids))


def read(folder: Path, key: Mapping[str, Any], ids: NDArray[np.str_]) -> Features | None:
    """Returns the complete features of an entry, memory-mapped; None if it has none.

    Raises:
      DamagedEntryError: saying what is wrong with them.
    """
    path = folder / "features.npy"
    if not path.exists():
        return None
    try:
        meta = json.loads((folder / "meta.json").read_text())
        if meta["key"] != key:
            raise DamagedEntryError("meta.json is of another key")
        if (folder / "ids.txt").read_text(encoding="utf-8") != ids_text(ids):
            raise DamagedEntryError("ids.txt has other ids than the split")
        values = np.load(path, mmap_mode="r")
        if values.dtype != ROW_TYPE or values.shape != (len(ids), meta["width"]):
            raise DamagedEntryError(f"features.npy is {values.dtype} {list(values.shape)}")
        if path.stat().st_size != len(_header(*values.shape)) + values.nbytes:
            raise DamagedEntryError("features.npy has another size than its header says")
        if _crc32(values) != meta["crc32"]:
            raise DamagedEntryError("the checksum of features.npy is wrong")
        return Features(values, meta["seconds"], meta["device"], cached=True, folder=folder)
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise DamagedEntryError(str(error).splitlines()[0]) from error


class Writer:
    """Writes an entry's rows in order; the caller holds its lock.

    Args:
      folder: of the entry; it exists.
      key: the entry's, in words.
      key_sha256: its digest.
      ids: of the rows.
      device: what they are computed on.
      seconds_between_saves: after which rows are made safe against a crash.
    """

    def __init__(
        self,
        folder: Path,
        key: Mapping[str, Any],
        key_sha256: str,
        ids: NDArray[np.str_],
        device: str,
        seconds_between_saves: float,
    ):
        self._folder = folder
        self._key = dict(key)
        self._ids = ids
        self._device = device
        self._seconds_between_saves = seconds_between_saves
        self._part = folder / "features.npy.part"
        self._progress = _resumable(folder, key_sha256, len(ids))
        self._file: BinaryIO | None = None
        self._started = self._saved = 0.0

    def open(self) -> None:
        """Opens the part behind the rows that are there; from now on the time counts."""
        progress = self._progress
        self._file = self._part.open("r+b" if progress.rows else "wb")
        if progress.rows:
            self._seek_to(progress.rows)
        self._started = self._saved = time.monotonic()

    def close(self) -> None:
        """Makes what was written safe, and closes the file."""
        try:
            if self._progress.rows:
                self.save()
        finally:
            self._file.close()

    @property
    def rows(self) -> int:
        """Rows that need not be computed any more."""
        return self._progress.rows

    def bytes_needed(self, width: int) -> int:
        """Returns how many bytes are still to be written."""
        return (len(self._ids) - self.rows) * width * ROW_TYPE.itemsize

    def append(self, values: NDArray[np.float32]) -> None:
        """Writes the next rows, [b, d]."""
        progress, data = self._progress, np.ascontiguousarray(values, ROW_TYPE)
        if not progress.rows:
            self._file.write(_header(len(self._ids), data.shape[1]))
        self._file.write(data)
        self._progress = Progress(
            progress.key_sha256,
            progress.rows + len(data),
            data.shape[1],
            zlib.crc32(data, progress.crc32),
            progress.seconds,
        )
        if time.monotonic() - self._saved >= self._seconds_between_saves:
            self.save()

    def save(self) -> None:
        """Makes the rows written so far safe against a crash."""
        self._file.flush()
        os.fsync(self._file.fileno())
        now = time.monotonic()
        seconds = self._progress.seconds + now - self._started
        self._progress = Progress(**asdict(self._progress) | {"seconds": seconds})
        self._started = self._saved = now
        _write_text(self._folder / "progress.json", json.dumps(asdict(self._progress)))

    def finish(self) -> None:
        """Makes the entry complete."""
        if self.rows != len(self._ids):
            raise RuntimeError(f"{self.rows} of {len(self._ids)} features were computed.")
        self.save()
        progress = self._progress
        meta = {
            "key": self._key,
            "examples": len(self._ids),
            "width": progress.width,
            "crc32": progress.crc32,
            "seconds": progress.seconds,
            "images_per_second": len(self._ids) / max(progress.seconds, 1e-9),
            "device": self._device,
        }
        _write_text(self._folder / "ids.txt", ids_text(self._ids))
        _write_text(self._folder / "meta.json", json.dumps(meta, indent=2) + "\n")
        self._part.replace(self._folder / "features.npy")
        (self._folder / "progress.json").unlink(missing_ok=True)
        self._progress = Progress(progress.key_sha256)

    def _seek_to(self, rows: int) -> None:
        header = len(_header(len(self._ids), self._progress.width))
        self._file.truncate(header + rows * self._progress.width * ROW_TYPE.itemsize)
        self._file.seek(0, os.SEEK_END)


def _resumable(folder: Path, key_sha256: str, num_rows: int) -> Progress:
    """Returns how far an interrupted extraction got; no rows if it cannot be gone on with."""
    nothing = Progress(key_sha256)
    try:
        progress = Progress(**json.loads((folder / "progress.json").read_text()))
        if progress.key_sha256 != key_sha256 or not 0 < progress.rows <= num_rows:
            return nothing
        header = _header(num_rows, progress.width)
        with (folder / "features.npy.part").open("rb") as file:
            if file.read(len(header)) != header:
                return nothing
            left, crc32 = progress.rows * progress.width * ROW_TYPE.itemsize, 0
            while left and (data := file.read(min(left, _CHECKED_AT_ONCE))):
                left, crc32 = left - len(data), zlib.crc32(data, crc32)
        return progress if not left and crc32 == progress.crc32 else nothing
    except (OSError, ValueError, TypeError):
        return nothing


def _header(rows: int, width: int) -> bytes:
    """Returns the beginning of a .npy file of float32 [rows, width]."""
    buffer = io.BytesIO()
    fields = {"descr": ROW_TYPE.str, "fortran_order": False, "shape": (rows, width)}
    np.lib.format.write_array_header_1_0(buffer, fields)
    return buffer.getvalue()


def _crc32(values: NDArray[np.float32]) -> int:
    crc32 = 0
    rows = max(1, _CHECKED_AT_ONCE // max(1, values.shape[1] * ROW_TYPE.itemsize))
    for first in range(0, len(values), rows):
        crc32 = zlib.crc32(np.ascontiguousarray(values[first : first + rows]), crc32)
    return crc32


def _write_text(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
