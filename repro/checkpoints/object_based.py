"""Gives the variables of this project's training checkpoints and SavedModels TF-Slim's names.

Both are V2 files of tf.train.Checkpoint, which calls a variable by the way to it from the saved
object: `network/MobilenetV1.SConv2d_0.Sweights/.ATTRIBUTES/VARIABLE_VALUE`. Of a SavedModel only
the variables are read, never its functions.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import tensorflow as tf

from repro.checkpoints.reader import CheckpointReader

_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
_NETWORK, _MOMENTUM = "network/", "momentum/"  # as in `training.Trainer.checkpoint`


def is_object_based(reader: CheckpointReader) -> bool:
    """Returns whether tf.train.Checkpoint wrote a checkpoint, not tf.train.Saver."""
    return _GRAPH in reader.shapes


def variable_key(slim_name: str) -> str:
    """Returns the name under which a variable of the dictionary `network` is stored."""
    return f"{_NETWORK}{slim_name.replace('.', '..').replace('/', '.S')}{_VALUE}"


class ObjectBasedReader:
    """An open checkpoint of tf.train.Checkpoint, with the attributes of `CheckpointReader`.

    Momentum is called `name/Momentum` and the step `global_step`, as TF-Slim does.
    """

    def __init__(self, reader: CheckpointReader):
        self._reader = reader
        self._keys = {_name(key): key for key in reader.shapes if key != _GRAPH}
        self.path: Path = reader.path
        self.format: str = reader.format
        names = sorted(self._keys)
        self.shapes: Mapping[str, tuple[int, ...]] = MappingProxyType(
            {name: reader.shapes[self._keys[name]] for name in names}
        )
        self.dtypes: Mapping[str, tf.DType] = MappingProxyType(
            {name: reader.dtypes[self._keys[name]] for name in names}
        )

    def read(self, name: str) -> np.ndarray:
        """Returns one variable's value; see `CheckpointReader.read`."""
        return self._reader.read(self._keys[name])


def _name(key: str) -> str:
    place = key.removesuffix(_VALUE)
    if place.startswith(_NETWORK):
        return _unescaped(place.removeprefix(_NETWORK))
    if place.startswith(_MOMENTUM):
        return f"{_unescaped(place.removeprefix(_MOMENTUM))}/Momentum"
    return "global_step" if place == "step" else place


def _unescaped(name: str) -> str:
    return re.sub(r"\.([.S])", lambda match: {".": ".", "S": "/"}[match[1]], name)
