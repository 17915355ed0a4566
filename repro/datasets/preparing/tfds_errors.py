"""Says in a line what made one of TFDS's builders fail."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tensorflow as tf

from repro import UserError

_NO_FAULT_OF_THE_FILES = (tf.errors.ResourceExhaustedError, tf.errors.PermissionDeniedError)


@contextmanager
def naming_cause(origin: str, staging: Path) -> Iterator[None]:
    """Turns what TFDS's builder raises for the content of its files into a UserError.

    Args:
      origin: the files, for the message.
      staging: the folder below which they are extracted, to `extracted`.

    Raises:
      UserError: saying what is wrong with the files.
      OSError: nothing is wrong with them, but the disk is full or may not be written to.
    """
    try:
        yield
    except Exception as error:
        for cause in _causes(error):
            if isinstance(cause, OSError) and cause.errno not in (None, errno.ENOENT):
                raise cause from error
            if isinstance(cause, _NO_FAULT_OF_THE_FILES):
                raise OSError(cause.message) from error
        raise UserError(f"{origin} cannot be prepared: {_describe(error, staging)}.") from error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _describe(error: Exception, staging: Path) -> str:
    """Returns what is wrong in a line, from TFDS's message, which may be a screen long."""
    *_, root = _causes(error)
    lines = str(root).strip().splitlines() or [""]
    # What is wrong with an example follows after its content.
    reason = lines[-1 if lines[0].startswith("Failed to encode") else 0].rstrip(":.")
    if isinstance(root, FileNotFoundError | tf.errors.NotFoundError):
        inside = re.search(
            rf"{re.escape(str(staging))}/extracted/[A-Z_]+\.([^/]+)/([^';]+)", reason
        )
        if inside:
            return f"{inside[1]} lacks {inside[2]}"
    if type(error).__name__ == "ExtractError":
        [archive] = re.findall(r"files/(\S+) to ", str(error))[:1] or ["a file"]
        return f"{archive} is cut short or damaged ({reason})"
    example = re.search(r"'(?:id|file_name|image/filename)': '([^']+)'", str(error))
    return f"{example[1]}: {reason}" if example else f"{type(root).__name__}: {reason}"
