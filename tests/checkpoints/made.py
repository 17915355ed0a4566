"""Checkpoints that the tests make for themselves, from the recipe's weights."""

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from tests.golden import recipe

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "networks"
AVERAGE = "/ExponentialMovingAverage"


def shapes(network: str) -> dict[str, tuple[int, ...]]:
    """Returns the original code's variables by name, in its order of creation."""
    with (GOLDEN / network / "variables.csv").open(newline="") as stream:
        rows = csv.DictReader(stream)
        return {row["name"]: tuple(map(int, row["shape"].split("x"))) for row in rows}


def values(network: str) -> dict[str, np.ndarray]:
    """Returns the recipe's weights of a network."""
    return {name: recipe.value(name, shape) for name, shape in shapes(network).items()}


def small_values() -> dict[str, np.ndarray]:
    """Returns a handful of variables, a few hundred bytes in all."""
    return {
        "net/conv/weights": recipe.value("net/conv/weights", (3, 3, 2, 4)),
        "net/conv/biases": recipe.value("net/conv/biases", (4,)),
        "net/logits/weights": recipe.value("net/logits/weights", (4, 10)),
        "global_step": np.int64(7),
    }


def write_v1(path: Path, values: Mapping[str, np.ndarray]) -> Path:
    """Writes a single-file checkpoint with the original tf.train.Saver."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        arrays = {name: np.asarray(value) for name, value in values.items()}
        feeds = {name: v1.placeholder(value.dtype, value.shape) for name, value in arrays.items()}
        variables = {name: v1.get_variable(name, initializer=feed) for name, feed in feeds.items()}
        session.run(
            [variable.initializer for variable in variables.values()],
            {feeds[name]: value for name, value in arrays.items()},
        )
        saver = v1.train.Saver(variables, write_version=v1.train.SaverDef.V1)
        saver.save(session, str(path), write_meta_graph=False, write_state=False)
    return path


def flipped(data: bytes, offset: int, bit: int) -> bytes:
    """Returns the bytes with one bit changed."""
    changed = bytearray(data)
    changed[offset] ^= 1 << bit
    return bytes(changed)


def varint(value: int) -> bytes:
    """Returns a protocol-buffer integer."""
    data = b""
    while value >= 128:
        data += bytes([value & 127 | 128])
        value >>= 7
    return data + bytes([value])
