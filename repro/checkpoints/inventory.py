"""What is known of a released checkpoint in a folder: whether it is there, and still as fetched."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from repro import UserError
from repro._files import replacing
from repro.checkpoints import files, location
from repro.checkpoints.manifest import ManifestEntry
from repro.downloading.fingerprint import fingerprint

RECORD = "fetched.json"  # beside the files of a checkpoint that was fetched

MISSING = "missing"
VERIFIED = "verified"
UNPUBLISHED = "as fetched"
BY_HAND = "not verified"
CHANGED = "changed"
DAMAGED = "damaged"
# What each state means, for a person.
MEANINGS = {
    VERIFIED: "from the archive with the published checksum, and unchanged since",
    UNPUBLISHED: "unchanged since it was fetched; no checksum of its archive is published",
    BY_HAND: "put there by hand, or by an older version",
    CHANGED: "not what was fetched; fetch it again",
    DAMAGED: "cannot be read; remove it, and fetch it again",
}


@dataclass(frozen=True)
class StoredFile:
    """One unpacked file, as it was.

    Attributes:
      name: relative to the folder.
      size: in bytes.
      sha256: its digest.
      modified: time of its last change in nanoseconds.
    """

    name: str
    size: int
    sha256: str
    modified: int

    @classmethod
    def of(cls, folder: Path, name: str) -> "StoredFile":
        """Returns what a file is now."""
        found = fingerprint(folder / name, show_progress=False)
        modified = (folder / name).stat().st_mtime_ns
        return cls(name, found.size, found.sha256, modified)

    def is_unchanged(self, folder: Path, thorough: bool) -> bool:
        """Whether the file is as it was; without `thorough` an equal size and time will do."""
        path = folder / self.name
        if not path.is_file() or path.stat().st_size != self.size:
            return False
        if not thorough and path.stat().st_mtime_ns == self.modified:
            return True
        return fingerprint(path, show_progress=False).sha256 == self.sha256


@dataclass(frozen=True)
class Record:
    """Where the files of a checkpoint came from.

    Attributes:
      model: the network.
      archive: name of the archive.
      source: its URL, or its path where a person had downloaded it.
      sha256: of the archive.
      is_published: whether a digest of the archive was known, and was this.
      files: what was in it.
    """

    model: str
    archive: str
    source: str
    sha256: str
    is_published: bool
    files: tuple[StoredFile, ...]

    def write(self, folder: Path) -> None:
        """Writes the record into the folder of the files."""
        with replacing(folder / RECORD) as temporary:
            temporary.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    def is_true(self, folder: Path, thorough: bool) -> bool:
        """Whether all files are in the folder, and are as they were."""
        return all(file.is_unchanged(folder, thorough) for file in self.files)


def record_in(folder: Path) -> Record | None:
    """Returns the record of a folder, None where there is none that can be read."""
    try:
        content = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        stored = tuple(StoredFile(**file) for file in content.pop("files"))
        return Record(**content, files=stored)
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return None


@dataclass(frozen=True)
class Status:
    """What there is of a released checkpoint.

    Attributes:
      state: one of the module's constants.
      path: of the checkpoint, None where it is missing; of its folder where it cannot be read.
      size: of its files in bytes.
      source: where it came from, or can be had.
      problem: why it cannot be read.
    """

    state: str
    path: Path | None = None
    size: int | None = None
    source: str | None = None
    problem: str | None = None

    @property
    def is_good(self) -> bool:
        """Whether it is there and there is nothing against it."""
        return self.state in (VERIFIED, UNPUBLISHED, BY_HAND)


def status(entry: ManifestEntry, folder: Path, *, thorough: bool = False) -> Status:
    """Returns what there is of an archive's network in a folder of checkpoints.

    Args:
      entry: the archive.
      folder: of the checkpoints, as `locate` takes it.
      thorough: read every byte of what was fetched, rather than its size and time of change.
    """
    place = folder / entry.model
    record = record_in(place)
    try:
        path = location.search(entry.model, folder)
    except UserError as error:
        state = DAMAGED if record is None else CHANGED
        return Status(state, place, problem=str(error), source=record and record.source)
    if record is not None and not record.is_true(place, thorough):
        return Status(CHANGED, path or place, source=record.source)
    if path is None:
        return Status(MISSING, size=entry.size, source=entry.urls[0] if entry.urls else None)
    size = sum(file.stat().st_size for file in files.find(path).files)
    if record is None or path.parent != place:
        return Status(BY_HAND, path, size)
    state = VERIFIED if record.is_published else UNPUBLISHED
    return Status(state, path, size, record.source)
