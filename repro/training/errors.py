"""What can go wrong in a training run beside a person's mistakes."""

from pathlib import Path

from repro import UserError


def unwritable(path: Path, error: Exception) -> UserError:
    """Returns what to say of a file or folder of a run that cannot be written."""
    return UserError(
        f"{path} cannot be written ({reason(error)}): free space on that disk, or mend the "
        "folder's permissions, and give the same command again."
    )


def reason(error: Exception) -> str:
    """Returns the first line of what the system or TensorFlow says."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (str(error).strip() or type(error).__name__).splitlines()[0]


class DivergedError(UserError):
    """The loss of a run is not finite any more: in a grid a result, of a single run the end."""
