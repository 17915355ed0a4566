"""Fetches a released checkpoint into its folder: downloads, verifies and unpacks the archive once.

In the folder of the checkpoints are then `<model>/` with the archive's files and `fetched.json`,
which says where they come from and what they were. A process that is killed leaves at most files
whose names begin with a dot, which nothing takes for a checkpoint, or a verified archive, which the
next run unpacks.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from repro import UserError
from repro._files import lock
from repro.checkpoints import files, inventory, location, manifest
from repro.checkpoints.inventory import RECORD, Record, Status, StoredFile
from repro.checkpoints.manifest import ManifestEntry
from repro.checkpoints.unpack import BadArchiveError, unpack
from repro.downloading.fingerprint import Fingerprint, fingerprint, writing
from repro.downloading.transfer import (
    DownloadError,
    Patience,
    Tell,
    download,
    print_to_stderr,
)


@dataclass(frozen=True)
class Fetched:
    """A checkpoint that is there.

    Attributes:
      status: what it is.
      is_new: whether it was not there before.
    """

    status: Status
    is_new: bool


def fetch(
    entry: ManifestEntry,
    checkpoint_dir: str | os.PathLike[str] | None = None,
    *,
    patience: Patience | None = None,
    show_progress: bool | None = None,
    tell: Tell = print_to_stderr,
) -> Fetched:
    """Makes sure that a released checkpoint is there; what is good is left alone.

    An archive that a person put into the folder of the checkpoints, or of the network, is unpacked
    instead of downloaded, and stays.

    Args:
      entry: the archive.
      checkpoint_dir: as in `locate`.
      patience: with the servers.
      show_progress: None to show bars on a terminal only.
      tell: called with each line that a person should see meanwhile.

    Raises:
      UserError: no URL gave the archive (with what to do by hand), it is not the published one, it
        is unsafe or damaged, a file cannot be written, or what is there cannot be read.
    """
    folder = location.folder_of(checkpoint_dir)
    found = inventory.status(entry, folder, thorough=True)
    if found.is_good:  # also in a folder that cannot be written to
        return Fetched(found, is_new=False)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / f".{entry.model}.lock", tell):
        found = inventory.status(entry, folder, thorough=True)  # another process may have been here
        if found.is_good:
            return Fetched(found, is_new=False)
        if found.state == inventory.DAMAGED:
            raise UserError(f"{found.problem} Or remove it: then the same command fetches it.")
        if found.state == inventory.CHANGED:
            tell(f"{found.path} is not what was fetched; it is fetched again.")
        _get_and_install(entry, folder, patience, show_progress, tell)
        return Fetched(inventory.status(entry, folder), is_new=True)


def _get_and_install(
    entry: ManifestEntry,
    folder: Path,
    patience: Patience | None,
    show_progress: bool | None,
    tell: Tell,
) -> None:
    known = Fingerprint(entry.size, entry.sha256, entry.sha384)
    by_hand = _archive_by_hand(entry, folder)
    archive = by_hand or folder / entry.file
    if by_hand is not None:
        tell(f"{archive} is there already; it is unpacked.")
        digests, source = fingerprint(archive, show_progress), str(archive)
        _check(entry, archive, digests, known)
    else:
        try:
            digests, source = download(
                entry.urls,
                archive,
                known,
                patience=patience,
                show_progress=show_progress,
                tell=tell,
            )
        except DownloadError as error:
            raise UserError(
                f"{entry.file} could not be downloaded.\n{error}\n{location.by_hand(entry, folder)}"
            ) from error
    if not known.has_digest:
        tell(
            f"Warning: no checksum of {entry.file} is published, so that nothing proves that this "
            f"is the original. Its sha256 is {digests.sha256}; {folder / entry.model / RECORD} "
            "keeps it."
        )
    try:
        _unpack_and_install(entry, archive, folder, digests, source, known.has_digest)
    except BadArchiveError:
        if by_hand is None:
            archive.unlink()
        raise
    if by_hand is None:
        with writing(archive):
            archive.unlink()


def _archive_by_hand(entry: ManifestEntry, folder: Path) -> Path | None:
    places = (folder, folder / entry.model, folder / entry.stem)
    return next((place / entry.file for place in places if (place / entry.file).is_file()), None)


def _check(entry: ManifestEntry, archive: Path, found: Fingerprint, known: Fingerprint) -> None:
    difference = found.difference(known)
    if difference is None:
        return
    other = next((row for row in manifest.entries() if row.sha256 == found.sha256), None)
    which = f" It is that of {other.urls[0]}." if other is not None else ""
    raise UserError(
        f"{archive} is not the archive of {entry.model}: {difference}.{which} Remove it: then the "
        f"same command downloads the right one. Or unpack it elsewhere, and give its path with "
        "--checkpoint_path."
    )


def _unpack_and_install(
    entry: ManifestEntry,
    archive: Path,
    folder: Path,
    digests: Fingerprint,
    source: str,
    is_published: bool,
) -> None:
    fresh = folder / f".{entry.model}.unpacking"
    with writing(fresh):
        if fresh.exists():
            shutil.rmtree(fresh)  # of a run that was killed; this one has the lock
        try:
            names = unpack(archive, fresh)
            holder = _holder(entry, archive, fresh, names)
            inside = [
                name.relative_to(holder).as_posix()
                for name in names
                if name.is_relative_to(holder) and name.name != RECORD
            ]
            Record(
                entry.model,
                entry.file,
                source,
                digests.sha256,
                is_published,
                tuple(StoredFile.of(fresh / holder, name) for name in sorted(inside)),
            ).write(fresh / holder)
            _install(fresh / holder, folder / entry.model, sorted(inside))
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def _holder(entry: ManifestEntry, archive: Path, fresh: Path, names: tuple[Path, ...]) -> Path:
    """Returns the folder of the unpacked archive in which its checkpoint is."""
    for holder in sorted({name.parent for name in names}, key=lambda path: len(path.parts)):
        checkpoint = fresh / holder / (entry.member or "")
        if entry.member is None or location.is_there(checkpoint):
            try:
                files.find(checkpoint)
            except UserError as error:
                raise BadArchiveError(f"{archive} holds no good checkpoint: {error}") from error
            return holder
    held = ", ".join(map(str, names[:8])) or "nothing"
    raise BadArchiveError(
        f"{archive} does not hold the checkpoint {entry.member}, but {held}. Fetch it from "
        "elsewhere."
    )


def _install(fresh: Path, place: Path, names: list[str]) -> None:
    """Moves unpacked files to their place; at any moment the record tells whether all are there."""
    try:
        fresh.replace(place)  # at once, where nothing is there yet
        return
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
    (fresh / RECORD).replace(place / RECORD)
    for name in names:  # .data-* before .index
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (fresh / name).replace(place / name)


@contextmanager
def _locked(path: Path, tell: Tell) -> Iterator[None]:
    """A context that one process at a time is in; the system ends the lock with the process."""
    with writing(path):
        file = path.open("ab")
    with file:
        waits = f"Another process is fetching into {path.parent}; waiting for it."
        try:
            lock(file, lambda: tell(waits))
        except OSError as error:
            raise UserError(
                f"{path} cannot be locked: {error.strerror}. Choose a folder on another disk "
                "with --checkpoint_dir."
            ) from error
        yield
