"""VGG preprocessing: for VGG and ResNet v1.

Source: TF-Slim, preprocessing/vgg_preprocessing.py. Given the same random choices the results equal
the original's bit for bit.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from repro.preprocessing import common
from repro.preprocessing.resize import resize

# The original's constants; its docstring, and most copies of it, say 116.779 and 103.939.
RGB_MEANS = (123.68, 116.78, 103.94)

_CHOICES = ("resize_side", "offset_height", "offset_width", "flip")


@dataclasses.dataclass(frozen=True)
class Draws:
    """The random choices of `preprocess_for_train`; None leaves a choice to chance.

    Attributes:
      resize_side: of the shorter side of the resized picture, in pixels.
      offset_height: of the crop in the resized picture, in pixels.
      offset_width: of the crop in the resized picture, in pixels.
      flip: whether to mirror left to right.
    """

    resize_side: int | tf.Tensor | None = None
    offset_height: int | tf.Tensor | None = None
    offset_width: int | tf.Tensor | None = None
    flip: bool | tf.Tensor | None = None


def preprocess_for_eval(
    image: tf.Tensor, height: int, width: int, resize_side: int = 256
) -> tf.Tensor:
    """Resizes a picture to a given shorter side and crops its middle.

    Args:
      image: [h, w, 3] uint8 RGB; h and w may be unknown.
      height: of the result, in pixels.
      width: of the result, in pixels.
      resize_side: shorter side of the picture before the crop, in pixels.

    Returns:
      [height, width, 3] float32: RGB in 0..255 minus RGB_MEANS, so within [-123.68, 151.06].

    Raises:
      ValueError: the picture is not uint8 RGB, or the crop is larger than `resize_side`.
    """
    image = common.rgb_image(image)
    height, width = _crop_size(height, width, resize_side)
    image = _resize_shorter_side(image, resize_side)
    shape = tf.shape(image)
    image = _crop(image, (shape[0] - height) // 2, (shape[1] - width) // 2, height, width)
    return _subtract_means(image)


def preprocess_for_train(
    image: tf.Tensor,
    height: int,
    width: int,
    *,
    seed: Any = None,
    resize_side_min: int = 256,
    resize_side_max: int = 512,
    draws: Draws | Mapping[str, Any] | None = None,
) -> tf.Tensor:
    """Resizes a picture to a random shorter side, crops it at random and flips every second one.

    Args:
      image: [h, w, 3] uint8 RGB; h and w may be unknown.
      height: of the result, in pixels.
      width: of the result, in pixels.
      seed: [2] int32 or int64; the same seed gives the same result. None draws a fresh one each
        time the operation runs, so for every picture inside a tf.data map.
      resize_side_min: smallest shorter side before the crop, in pixels.
      resize_side_max: largest shorter side before the crop, in pixels; included.
      draws: choices to fix rather than draw, as Draws or a mapping with its field names.

    Returns:
      [height, width, 3] float32: RGB in 0..255 minus RGB_MEANS, so within [-123.68, 151.06].

    Raises:
      ValueError: the picture is not uint8 RGB, the crop is larger than the smallest side, or the
        range of sides, the seed or the draws make no sense.
    """
    image = common.rgb_image(image)
    height, width = _crop_size(height, width, resize_side_min)
    if resize_side_max < resize_side_min:
        raise ValueError(
            f"resize_side_max={resize_side_max} is less than resize_side_min={resize_side_min}."
        )
    fixed = common.fixed_choices(Draws, draws, "draws")
    seeds = common.sub_seeds(seed, _CHOICES)

    def integer(name: str, low: int, high: int | tf.Tensor) -> int | tf.Tensor:
        """Returns the fixed choice, or a uniform one from low to high, both included."""
        value = getattr(fixed, name)
        if value is None:
            value = tf.random.stateless_uniform([], seeds[name], low, high + 1, tf.int32)
        return value

    side = integer("resize_side", resize_side_min, resize_side_max)
    image = _resize_shorter_side(image, side)
    shape = tf.shape(image)
    top = integer("offset_height", 0, shape[0] - height)
    left = integer("offset_width", 0, shape[1] - width)
    image = _crop(image, top, left, height, width)
    flip = common.draw_flip(seeds["flip"]) if fixed.flip is None else fixed.flip
    return _subtract_means(common.flip_left_right(image, flip))


def resized_shape(
    height: int | tf.Tensor, width: int | tf.Tensor, resize_side: int | tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the size, as int32 scalars, of a picture whose shorter side becomes `resize_side`.

    Reckoned in float32 and rounded half to even, as in the original: exact arithmetic differs by a
    pixel for some pictures.
    """
    height, width = tf.cast(height, tf.float32), tf.cast(width, tf.float32)
    scale = tf.cast(resize_side, tf.float32) / tf.minimum(height, width)
    return (
        tf.cast(tf.math.rint(height * scale), tf.int32),
        tf.cast(tf.math.rint(width * scale), tf.int32),
    )


def _crop_size(height: int, width: int, smallest_side: int) -> tuple[int, int]:
    """Returns the size of the crop; ValueError where some picture would be smaller."""
    height, width = common.output_size(height, width)
    if max(height, width) > smallest_side:
        raise ValueError(
            f"a crop of {height} x {width} pixels does not fit into pictures whose shorter side is "
            f"{smallest_side}; give a larger resize_side."
        )
    return height, width


def _resize_shorter_side(image: tf.Tensor, side: int | tf.Tensor) -> tf.Tensor:
    """Returns a uint8 picture as float32 in 0..255 with the given shorter side."""
    shape = tf.shape(image)
    return resize(image, *resized_shape(shape[0], shape[1], side))


def _crop(
    image: tf.Tensor, top: int | tf.Tensor, left: int | tf.Tensor, height: int, width: int
) -> tf.Tensor:
    """Returns `height` x `width` pixels of a picture from the given corner on."""
    return tf.slice(image, [top, left, 0], [height, width, 3])


def _subtract_means(image: tf.Tensor) -> tf.Tensor:
    """Returns a picture without the mean colour of ImageNet."""
    # A whole row of means, since broadcasting along an axis of 3 is several times slower.
    row = np.broadcast_to(np.float32(RGB_MEANS), image.shape[1:])
    return image - row
