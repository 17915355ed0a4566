"""Writing files so that a crash leaves the old one or the new one; their locks and names."""

import errno
import fcntl
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A context that yields a temporary path beside `path` and moves it there at the end.

    Args:
      path: of the file to write; its folder must exist.

    Yields:
      The path to write to. After an error it is removed and `path` is as it was.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())  # or a power cut could leave the new name with no content
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def lock(file: IO, on_wait: Callable[[], None]) -> None:
    """Takes an open file's lock for this process alone, until the file is closed.

    The system takes it back from a process that dies.

    Args:
      file: any open file.
      on_wait: called once if another process has the lock and must be waited for.

    Raises:
      OSError: the file system knows no locks.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EAGAIN):
            raise
        on_wait()
        fcntl.flock(file, fcntl.LOCK_EX)


def file_name(name: str) -> str:
    """Returns the name itself where it can be a file's, else one made of it and of its digest."""
    if re.fullmatch(r"\w[\w.-]*", name, re.ASCII):
        return name
    readable = re.sub(r"[^\w.-]+", "_", name, flags=re.ASCII)[-48:].strip("_.-")
    return f"{readable}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"
