"""Opens a checkpoint of any kind that a network is restored from."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import tensorflow as tf

from repro.checkpoints import files
from repro.checkpoints.keras_files import KerasReader
from repro.checkpoints.object_based import ObjectBasedReader, is_object_based
from repro.checkpoints.reader import CheckpointReader


class Reader(Protocol):
    """What an open checkpoint has; see `CheckpointReader`."""

    path: Path
    format: str
    shapes: Mapping[str, tuple[int, ...]]
    dtypes: Mapping[str, tf.DType]

    def read(self, name: str) -> np.ndarray:
        """Returns one variable's value."""


def open_checkpoint(path: str | os.PathLike[str]) -> Reader:
    """Opens a checkpoint; what kind it is, its content says. Nothing in it is executed.

    Args:
      path: as in `files.find`: of a TF-Slim checkpoint, a Keras file, a SavedModel, a training
        checkpoint of this project or the folder of its run.

    Returns:
      A reader whose names are TF-Slim's, where this project or TF-Slim wrote the file.

    Raises:
      UserError: as `files.find`, or it is damaged.
    """
    if files.find(path).format == "Keras":
        return KerasReader(path)
    reader = CheckpointReader(path)
    return ObjectBasedReader(reader) if is_object_based(reader) else reader
