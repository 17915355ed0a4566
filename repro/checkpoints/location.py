"""Finds the checkpoint to use for a network, or says in one screen how to get it."""

import os
import shlex
from pathlib import Path

from repro import UserError
from repro.checkpoints import files, manifest
from repro.checkpoints.manifest import ManifestEntry


def default_checkpoint_dir() -> Path:
    """Returns $REPRO_CHECKPOINT_DIR, or ~/.cache/repro/checkpoints where that is not set."""
    given = os.environ.get("REPRO_CHECKPOINT_DIR")
    return Path(given or "~/.cache/repro/checkpoints").expanduser()


def locate(
    model_name: str,
    checkpoint_path: str | os.PathLike[str] | None = None,
    checkpoint_dir: str | os.PathLike[str] | None = None,
) -> Path:
    """Returns the path of a readable checkpoint of a network.

    Args:
      model_name: value of `--model`.
      checkpoint_path: where the person said it is (see `files.find`); None to search.
      checkpoint_dir: folder to search, None for `default_checkpoint_dir()`. Looked into are its
        folders `<model_name>` and `<archive's name without ending>`, for the archive's checkpoint
        and then for any other, as long as it is the only one.

    Returns:
      The path of a V1 file or the prefix of the V2 files.

    Raises:
      UserError: the given path holds none (see `files.find`), or nothing was found, with where it
        comes from and where to put it.
    """
    if checkpoint_path is not None:
        return files.find(checkpoint_path).path
    folder = folder_of(checkpoint_dir)
    found = search(model_name, folder)
    if found is not None:
        return found
    released = _released(model_name)
    if not released:
        raise UserError(
            f"No checkpoint of {model_name} is in {folder / model_name}, and no release is known. "
            "Put one there, or say where it is with --checkpoint_path."
        )
    raise UserError(
        f"No checkpoint of {model_name} is in {folder / model_name}. Get it with\n"
        f"  {fetch_command(model_name, folder)}\n"
        f"{by_hand(released[0], folder)}\n"
        "Or say where a checkpoint is with --checkpoint_path."
    )


def folder_of(checkpoint_dir: str | os.PathLike[str] | None) -> Path:
    """Returns the folder of the checkpoints, as `--checkpoint_dir` or the default has it."""
    return Path(checkpoint_dir).expanduser() if checkpoint_dir else default_checkpoint_dir()


def search(model_name: str, folder: Path) -> Path | None:
    """Returns the checkpoint of a network that `locate` finds in a folder, None if there is none.

    Raises:
      UserError: one is there that is cut short, incomplete or no checkpoint.
    """
    released = _released(model_name)
    candidates = [(folder / model_name, entry.member) for entry in released]
    candidates += [(folder / entry.stem, entry.member) for entry in released]
    for place, member in candidates:
        if member is not None and is_there(place / member):
            return files.find(place / member).path
    for place in dict.fromkeys([folder / model_name, *(place for place, _ in candidates)]):
        if place.is_dir() and _holds_checkpoint(place):
            return files.find(place).path
    return None


def fetch_command(model_name: str, folder: Path) -> str:
    """Returns what to type to fetch a released checkpoint."""
    where = f" --checkpoint_dir={shlex.quote(str(folder))}"
    is_default = folder == default_checkpoint_dir()
    return f"python -m repro.checkpoint fetch {model_name}{'' if is_default else where}"


def by_hand(entry: ManifestEntry, folder: Path) -> str:
    """Returns what to do where this machine cannot download an archive."""
    size = f" ({entry.size:,} bytes)" if entry.size else ""
    digests = (("sha256", entry.sha256), ("sha384", entry.sha384))
    known = (f"{algorithm} {digest}" for algorithm, digest in digests if digest)
    return "\n".join(
        [
            f"Without network here, get {entry.file}{size} elsewhere",
            *(f"  from {url}" for url in entry.urls),
            f"  {next(known, 'checksum not known')}",
            f"and put it into {folder}: the same command then verifies and unpacks it",
            f"to {folder / entry.model}{os.sep}"
            + (f" (the checkpoint in it is {entry.member})." if entry.member else "."),
        ]
    )


def _released(model_name: str) -> list[ManifestEntry]:
    return [entry for entry in manifest.entries() if entry.model == model_name]


def is_there(path: Path) -> bool:
    """Whether there is a file of that name, or an index of V2 files with that prefix."""
    return path.is_file() or path.with_name(path.name + ".index").is_file()


def _holds_checkpoint(folder: Path) -> bool:
    names = [file.name for file in folder.iterdir()]
    endings = (".index", ".keras", ".weights.h5")
    return any(".ckpt" in name or name.endswith(endings) for name in names)
