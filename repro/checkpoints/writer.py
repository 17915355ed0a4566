"""Writes checkpoints in TF-Slim's V2 format, which tf.train.Saver and TF-Slim's scripts read."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from repro import UserError, networks
from repro.checkpoints import files


def write_network(path: str | os.PathLike[str], model: keras.Model) -> Path:
    """Writes all variables of a network, moving statistics included, as `write` does.

    Args:
      path: as in `write`.
      model: from `networks.create`.

    Returns:
      The prefix of the files.
    """
    variables = networks.variables(model)
    return write(
        path,
        {name: keras.ops.convert_to_numpy(variable) for name, variable in variables.items()},
    )


def write(path: str | os.PathLike[str], values: Mapping[str, np.ndarray]) -> Path:
    """Writes a checkpoint: `path.data-00000-of-00001` and `path.index`.

    The files are made in a temporary folder beside `path` and then moved to their names, the data
    first. Until then an older checkpoint of that name stays whole; should the process die between
    the two moves, the older index fails on the newer data's checksums and never reads it silently.
    The same values give the same bytes.

    Args:
      path: prefix of the files; missing folders are made. An `.index` at its end is taken off.
      values: TF-Slim variable name, such as `MobilenetV1/Conv2d_0/weights`, -> array.

    Returns:
      The prefix of the files.

    Raises:
      UserError: there is nothing to write, a folder or V1 file has the name, or the files cannot
        be written.
    """
    prefix = Path(path).expanduser()
    prefix = prefix.with_name(prefix.name.removesuffix(".index"))
    if not values:
        raise UserError(f"There are no variables to write to {prefix}.")
    if prefix.exists():
        kind = "folder" if prefix.is_dir() else "file"
        raise UserError(f"{prefix} is a {kind}; a checkpoint needs a name of its own.")
    try:
        prefix.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{prefix.name}.", dir=prefix.parent))
        try:
            _save(folder / "new", values)
            _move(folder / "new", prefix)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except (OSError, tf.errors.OpError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "message", error)
        raise UserError(f"The checkpoint {prefix} cannot be written: {reason}.") from error
    return prefix


def _save(prefix: Path, values: Mapping[str, np.ndarray]) -> None:
    names = sorted(values)
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[np.asarray(values[name]) for name in names],
    )


def _move(source: Path, target: Path) -> None:
    new = {file.name.removeprefix(source.name): file for file in source.parent.iterdir()}
    for file in new.values():
        with file.open("rb") as stream:
            os.fsync(stream.fileno())
    for ending in sorted(new):  # .data-* before .index
        new[ending].replace(target.with_name(target.name + ending))
    for shard in files.shards(target):
        if shard.name.removeprefix(target.name) not in new:
            shard.unlink()  # of an older checkpoint with another number of data files
