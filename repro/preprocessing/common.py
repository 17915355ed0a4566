"""What both kinds of preprocessing share: argument checks, fixed choices, sub-seeds, the flip."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf

T = TypeVar("T")


def rgb_image(image: Any) -> tf.Tensor:
    """Returns a decoded picture as a tensor.

    Args:
      image: [h, w, 3] uint8; h and w may be unknown.

    Raises:
      ValueError: the picture has another type, rank or number of channels.
    """
    image = tf.convert_to_tensor(image)
    if image.dtype != tf.uint8 or image.shape.rank != 3 or image.shape[2] != 3:
        raise ValueError(
            f"a picture must be uint8 of shape [height, width, 3], got {image.dtype.name} of shape "
            f"{image.shape}. Decode it with tf.io.decode_image(..., channels=3, "
            "expand_animations=False), which turns grey scale into RGB."
        )
    return image


def output_size(height: int, width: int) -> tuple[int, int]:
    """Returns the size of a result, in pixels.

    Raises:
      ValueError: one of the two is missing or not positive.
    """
    if height is None or width is None or height < 1 or width < 1:
        raise ValueError(f"height and width must be positive, got {height} and {width}.")
    return int(height), int(width)


def fixed_choices(choices: type[T], given: T | Mapping[str, Any] | None, where: str) -> T:
    """Returns the random choices that the caller fixes, as a dataclass.

    Args:
      choices: the dataclass; a field that is None is left to chance.
      given: an instance of it, a mapping with names of its fields, or None for nothing fixed.
      where: the name of the argument, for the message.

    Raises:
      ValueError: a field is unknown, or a needed one is missing.
    """
    if isinstance(given, choices):
        return given
    given = {} if given is None else dict(given)
    fields = dataclasses.fields(choices)
    names = [field.name for field in fields]
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise ValueError(
            f"{where} has no field {', '.join(map(str, unknown))}; it has {', '.join(names)}."
        )
    needed = [field.name for field in fields if field.default is dataclasses.MISSING]
    missing = [name for name in needed if name not in given]
    if missing:
        raise ValueError(f"{where} needs {', '.join(needed)}; missing: {', '.join(missing)}.")
    return choices(**given)


def sub_seeds(seed: Any, names: Sequence[str]) -> dict[str, tf.Tensor]:
    """Returns one seed a random choice, so that fixing one choice leaves the others alone.

    Args:
      seed: [2] int32 or int64, or None for one that TensorFlow's global generator draws.
      names: of the choices, always in the same order.

    Raises:
      ValueError: the seed has another shape or type.
    """
    if seed is None:
        seed = tf.random.uniform([2], tf.int32.min, tf.int32.max, tf.int32)
    seed = tf.convert_to_tensor(seed)
    if seed.dtype not in (tf.int32, tf.int64) or seed.shape != (2,):
        raise ValueError(
            "seed must be an int32 or int64 tensor of shape [2], "
            f"got {seed.dtype.name} of shape {seed.shape}."
        )
    return dict(zip(names, tf.unstack(tf.random.split(seed, len(names))), strict=True))


def draw_flip(seed: tf.Tensor) -> tf.Tensor:
    """Returns a bool scalar that is true for every second picture, at random."""
    return tf.random.stateless_uniform([], seed) < 0.5


def flip_left_right(image: tf.Tensor, flip: bool | tf.Tensor) -> tf.Tensor:
    """Returns a picture [h, w, c], mirrored left to right where `flip` is true."""
    if isinstance(flip, (bool, np.bool_)):
        return tf.reverse(image, [1]) if flip else image
    return tf.cond(flip, lambda: tf.reverse(image, [1]), lambda: image)
