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
    folder = Path(checkpoint_dir).expanduser() if checkpoint_dir else default_checkpoint_dir()
    released = [entry for entry in manifest.entries() if entry.model == model_name]
    candidates = [(folder / model_name, entry.member) for entry in released]
    candidates += [(folder / entry.stem, entry.member) for entry in released]
    for place, member in candidates:
        if member is not None and _is_there(place / member):
            return files.find(place / member).path
    for place in dict.fromkeys([folder / model_name, *(place for place, _ in candidates)]):
        if place.is_dir() and _holds_checkpoint(place):
            return files.find(place).path
    if not released:
        raise UserError(
            f"No checkpoint of {model_name} is in {folder / model_name}, and no release is known. "
            "Put one there, or say where it is with --checkpoint_path."
        )
    raise UserError(_how_to_get(released[0], folder))


def _is_there(path: Path) -> bool:
    return path.is_file() or path.with_name(path.name + ".index").is_file()


def _holds_checkpoint(folder: Path) -> bool:
    names = [file.name for file in folder.iterdir()]
    return any(".ckpt" in name or name.endswith(".index") for name in names)


def _how_to_get(entry: ManifestEntry, folder: Path) -> str:
    place = folder / entry.model
    size = f" ({entry.size:,} bytes)" if entry.size else ""
    checksum = next(
        (
            f"{algorithm} {digest}"
            for algorithm, digest in (("sha256", entry.sha256), ("sha384", entry.sha384))
            if digest
        ),
        "checksum not known",
    )
    holds = f" It holds {entry.member}." if entry.member else ""
    quoted = shlex.quote(str(place))
    return "\n".join(
        [
            f"No checkpoint of {entry.model} is in {place}.",
            f"Download {entry.file}{size}",
            *(f"  from {url}" for url in entry.urls),
            f"  {checksum}",
            f"and unpack it there.{holds}",
            f"  mkdir -p {quoted}",
            f"  tar -xzf {entry.file} -C {quoted}",
            "Or say where a checkpoint is with --checkpoint_path.",
        ]
    )
