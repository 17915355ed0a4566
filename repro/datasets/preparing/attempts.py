"""Tells which attempts to prepare a data set are alive, and removes what dead ones left."""

import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from repro._files import lock

_LEFTOVERS = "incomplete.*"  # the folders that TFDS writes to


@contextmanager
def alive(folder: Path) -> Iterator[None]:
    """A context for preparing a data set, with the versions of it in `folder`.

    On entry the unfinished folders of earlier attempts are removed if no other attempt is alive;
    that of a killed process stays behind, and may be as large as the data set. Each attempt holds a
    shared lock on `folder`, which the system releases when the process ends, however it ends.

    Args:
      folder: is made if it is not there. Where its file system knows no locks, nothing is removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if _lock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB):
            for leftover in folder.glob(_LEFTOVERS):
                shutil.rmtree(leftover, ignore_errors=True)
        _lock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind)
    except OSError:
        return False
    return True


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Keeps other processes out of a block; yields False where the file system cannot lock."""
    with path.open("w") as file:
        alone = True
        waits = f"Another process holds {path}: waiting for it."
        try:
            lock(file, lambda: print(waits, file=sys.stderr))
        except OSError:
            alone = False
        yield alone
