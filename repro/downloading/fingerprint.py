"""What tells one file from another: its size and digests; and a disk's errors as a person's."""

import errno
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from repro import UserError

BLOCK = 1 << 20  # bytes
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Fingerprint:
    """What is known of a file's bytes; None stands for what is unknown.

    Attributes:
      size: in bytes.
      sha256: 64 hexadecimal digits.
      sha384: 96 hexadecimal digits.
    """

    size: int | None = None
    sha256: str | None = None
    sha384: str | None = None

    @property
    def has_digest(self) -> bool:
        """Whether it proves that a file is the right one."""
        return self.sha256 is not None or self.sha384 is not None

    def difference(self, known: "Fingerprint") -> str | None:
        """Returns how a file with this fingerprint differs from what is known of it, if it does."""
        if known.size not in (None, self.size):
            return f"it has {self.size:,} bytes instead of {known.size:,}"
        for algorithm in ("sha256", "sha384"):
            mine, wanted = getattr(self, algorithm), getattr(known, algorithm)
            if wanted not in (None, mine):
                return f"its {algorithm} is {mine} instead of {wanted}"
        return None


def fingerprint(path: Path, show_progress: bool | None = None) -> Fingerprint:
    """Returns a file's size and both digests.

    Args:
      path: of the file.
      show_progress: as in `progress_bar`; nothing is shown in the first two seconds.

    Raises:
      UserError: the file cannot be read.
    """
    sha256, sha384, size = hashlib.sha256(), hashlib.sha384(), 0
    try:
        with (
            path.open("rb") as file,
            progress_bar(
                f"Checking {path.name}", path.stat().st_size, show_progress, delay=2
            ) as bar,
        ):
            while block := file.read(BLOCK):
                sha256.update(block)
                sha384.update(block)
                size += len(block)
                bar.update(len(block))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from error
    return Fingerprint(size, sha256.hexdigest(), sha384.hexdigest())


def progress_bar(what: str, total: int | None, show: bool | None, **options: float) -> tqdm:
    """Returns a bar of bytes on stderr; with `show=None` it is there on a terminal only."""
    hidden = None if show is None else not show
    return tqdm(desc=what, total=total, unit="B", unit_scale=True, disable=hidden, **options)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """A context in which an `OSError` becomes a `UserError` that names the file and the way out."""
    try:
        yield
    except OSError as error:
        remedy = "Make room there, or choose" if error.errno in _FULL else "Choose"
        raise UserError(
            f"{error.filename or path} cannot be written: {error.strerror or error}. "
            f"{remedy} another folder with --checkpoint_dir."
        ) from error
