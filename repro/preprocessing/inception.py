"""Inception preprocessing: for the Inception family, Inception-ResNet, MobileNet and NASNet.

Source: TF-Slim, preprocessing/inception_preprocessing.py. Given the same random choices the results
equal the original's bit for bit.
"""

import dataclasses
import functools
import numbers
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from repro.preprocessing import common
from repro.preprocessing.resize import METHODS, resize

_ADJUST = {
    "brightness": tf.image.adjust_brightness,
    "saturation": tf.image.adjust_saturation,
    "hue": tf.image.adjust_hue,
    "contrast": tf.image.adjust_contrast,
}
_FACTOR_RANGES = {
    "brightness": (-32.0 / 255.0, 32.0 / 255.0),
    "saturation": (0.5, 1.5),
    "hue": (-0.2, 0.2),
    "contrast": (0.5, 1.5),
}
_FAST_ORDERINGS = (("brightness", "saturation"), ("saturation", "brightness"))
_ORDERINGS = (
    ("brightness", "saturation", "hue", "contrast"),
    ("saturation", "brightness", "contrast", "hue"),
    ("contrast", "hue", "brightness", "saturation"),
    ("hue", "saturation", "contrast", "brightness"),
)
_CHOICES = ("crop", "resize_method", "flip", "color_ordering", *_FACTOR_RANGES)


@dataclasses.dataclass(frozen=True)
class Crop:
    """The part of a picture that is kept, in its pixels."""

    offset_height: int | tf.Tensor
    offset_width: int | tf.Tensor
    height: int | tf.Tensor
    width: int | tf.Tensor


@dataclasses.dataclass(frozen=True)
class Factors:
    """How strongly colours are changed; brightness and hue are added, the others multiply."""

    brightness: float | tf.Tensor | None = None
    saturation: float | tf.Tensor | None = None
    hue: float | tf.Tensor | None = None
    contrast: float | tf.Tensor | None = None


@dataclasses.dataclass(frozen=True)
class Draws:
    """The random choices of `preprocess_for_train`; None leaves a choice to chance.

    Attributes:
      crop: Crop, or a mapping with its four fields.
      resize_method: one of repro.preprocessing.resize.METHODS.
      flip: whether to mirror left to right.
      color_ordering: 0 to 3, see `distort_color`.
      factors: Factors, or a mapping with some of its fields.
    """

    crop: Crop | Mapping[str, int | tf.Tensor] | None = None
    resize_method: str | None = None
    flip: bool | tf.Tensor | None = None
    color_ordering: int | tf.Tensor | None = None
    factors: Factors | Mapping[str, float | tf.Tensor] | None = None


def preprocess_for_eval(
    image: tf.Tensor,
    height: int | None,
    width: int | None,
    central_fraction: float | None = 0.875,
    crop_image: bool = True,
) -> tf.Tensor:
    """Crops the middle of a picture and resizes it; the aspect ratio is not kept.

    Args:
      image: [h, w, 3] uint8 RGB; h and w may be unknown.
      height: of the result in pixels, or None (then width too) to leave the crop unresized.
      width: of the result in pixels.
      central_fraction: of each side that is kept, in (0, 1], or None for all of it.
      crop_image: False keeps the whole picture.

    Returns:
      [height, width, 3] float32 in [-1, 1].

    Raises:
      ValueError: the picture is not uint8 RGB, or a size or the fraction makes no sense.
    """
    image = common.rgb_image(image)
    if crop_image and central_fraction is not None:
        # TF-Slim converts to float first. Conversion is per pixel, so cropping first gives the
        # same bits, and neither copies four times the bytes nor converts what is thrown away.
        image = tf.image.central_crop(image, central_fraction)
    image = _to_unit_range(image)
    if height is not None or width is not None:
        image = resize(image, *common.output_size(height, width))
    return _to_network_range(image)


def preprocess_for_train(
    image: tf.Tensor,
    height: int,
    width: int,
    *,
    seed: Any = None,
    fast_mode: bool = True,
    draws: Draws | Mapping[str, Any] | None = None,
) -> tf.Tensor:
    """Crops a picture at random, resizes it, flips every second one and changes its colours.

    Args:
      image: [h, w, 3] uint8 RGB; h and w may be unknown.
      height: of the result, in pixels.
      width: of the result, in pixels.
      seed: [2] int32 or int64; the same seed gives the same result. None draws a fresh one each
        time the operation runs, so for every picture inside a tf.data map.
      fast_mode: TF-Slim's default: bilinear resizing, brightness and saturation in this order.
        False also changes hue and contrast, and draws the method of resizing and the order.
      draws: choices to fix rather than draw, as Draws or a mapping with its field names.

    Returns:
      [height, width, 3] float32 in [-1, 1].

    Raises:
      ValueError: the picture is not uint8 RGB, or size, seed or draws make no sense.
    """
    image = common.rgb_image(image)
    height, width = common.output_size(height, width)
    fixed = common.fixed_choices(Draws, draws, "draws")
    seeds = common.sub_seeds(seed, _CHOICES)

    if fixed.crop is None:
        crop = _draw_crop(tf.shape(image), seeds["crop"])
    else:
        crop = common.fixed_choices(Crop, fixed.crop, "draws.crop")
    begin = [crop.offset_height, crop.offset_width, 0]
    # As in evaluation, cropping before the conversion gives the bits of TF-Slim's order.
    image = _to_unit_range(tf.slice(image, begin, [crop.height, crop.width, 3]))
    image = _resize(image, height, width, fixed.resize_method, seeds["resize_method"], fast_mode)
    flip = common.draw_flip(seeds["flip"]) if fixed.flip is None else fixed.flip
    image = common.flip_left_right(image, flip)

    ordering = fixed.color_ordering
    if ordering is None:
        ordering = 0 if fast_mode else _draw_index(seeds["color_ordering"], len(_ORDERINGS))
    factors = common.fixed_choices(Factors, fixed.factors, "draws.factors")
    used = _FAST_ORDERINGS[0] if fast_mode else _ORDERINGS[0]
    drawn = {
        name: tf.random.stateless_uniform([], seeds[name], *_FACTOR_RANGES[name])
        for name in used
        if getattr(factors, name) is None
    }
    factors = dataclasses.replace(factors, **drawn)
    return _to_network_range(distort_color(image, ordering, fast_mode, factors))


def draw_crop(image_shape: tf.Tensor, seed: Any) -> Crop:
    """Draws the crop that `preprocess_for_train` takes with this seed, without the picture.

    The crop has 10% to 100% of the picture's area and an aspect ratio of 0.75 to 1.33. (TF-Slim
    writes 5%, which its demand to cover a tenth of the picture overrules.) Where 100 attempts find
    none, as on a long strip, it is the whole picture.

    Args:
      image_shape: [3] int32: height, width, channels.
      seed: [2] int32 or int64, as given to `preprocess_for_train`.

    Returns:
      Crop of int32 scalars.
    """
    return _draw_crop(image_shape, common.sub_seeds(seed, _CHOICES)["crop"])


def distort_color(
    image: tf.Tensor,
    color_ordering: int | tf.Tensor,
    fast_mode: bool,
    factors: Factors | Mapping[str, float | tf.Tensor],
) -> tf.Tensor:
    """Changes the colours of a picture; order matters, as nothing is clipped in between.

    Args:
      image: [h, w, 3] float32 in [0, 1].
      color_ordering: 0 to 3. Slow: 0 brightness, saturation, hue, contrast; 1 saturation,
        brightness, contrast, hue; 2 contrast, hue, brightness, saturation; 3 hue, saturation,
        contrast, brightness. Fast: 0 brightness, saturation; any other the reverse.
      fast_mode: changes brightness and saturation only.
      factors: of every change that is made: brightness (added), saturation (times), hue (added,
        in turns of the colour circle), contrast (times).

    Returns:
      [h, w, 3] float32, clipped to [0, 1].

    Raises:
      ValueError: the ordering is not 0 to 3, or a factor is unknown or missing.
    """
    factors = common.fixed_choices(Factors, factors, "factors")
    orderings = _FAST_ORDERINGS + _FAST_ORDERINGS[1:] * 2 if fast_mode else _ORDERINGS
    missing = [name for name in orderings[0] if getattr(factors, name) is None]
    if missing:
        raise ValueError(f"factors needs {', '.join(orderings[0])}; missing: {', '.join(missing)}.")

    def adjusted(ordering: tuple[str, ...]) -> tf.Tensor:
        result = image
        for name in ordering:
            result = _ADJUST[name](result, getattr(factors, name))
        return result

    if isinstance(color_ordering, numbers.Integral):
        if not 0 <= color_ordering < len(orderings):
            raise ValueError(f"color_ordering must be 0 to 3, got {color_ordering}.")
        result = adjusted(orderings[color_ordering])
    else:
        # A branch that is not taken is not computed.
        branches = [functools.partial(adjusted, ordering) for ordering in orderings]
        result = tf.switch_case(color_ordering, branches)
    # One pass; tf.clip_by_value takes two, a twentieth of the time of a training picture.
    return tf.raw_ops.ClipByValue(t=result, clip_value_min=0.0, clip_value_max=1.0)


def _to_unit_range(image: tf.Tensor) -> tf.Tensor:
    """Returns a uint8 picture as float32 in [0, 1]: times float32(1 / 255), not divided by 255."""
    return tf.image.convert_image_dtype(image, tf.float32)


def _to_network_range(image: tf.Tensor) -> tf.Tensor:
    """Returns a picture in [0, 1] as the networks take it, in [-1, 1]."""
    return (image - 0.5) * 2.0


def _draw_crop(image_shape: tf.Tensor, seed: tf.Tensor) -> Crop:
    """Returns a crop drawn with its own sub-seed."""
    begin, size, _ = tf.image.stateless_sample_distorted_bounding_box(
        image_shape,
        bounding_boxes=[[[0.0, 0.0, 1.0, 1.0]]],  # The whole picture: no object is marked.
        seed=seed,
        min_object_covered=0.1,
        aspect_ratio_range=(0.75, 1.33),
        area_range=(0.05, 1.0),
        max_attempts=100,
        use_image_if_no_bounding_boxes=True,
    )
    return Crop(begin[0], begin[1], size[0], size[1])


def _resize(
    image: tf.Tensor,
    height: int,
    width: int,
    method: str | None,
    seed: tf.Tensor,
    fast_mode: bool,
) -> tf.Tensor:
    """Returns a picture resized by the method that was fixed, or one drawn at random."""
    if method is None and fast_mode:
        method = "bilinear"
    if method is not None:
        return resize(image, height, width, method)
    # A branch that is not taken is not computed.
    branches = [functools.partial(resize, image, height, width, name) for name in METHODS]
    return tf.switch_case(_draw_index(seed, len(METHODS)), branches)


def _draw_index(seed: tf.Tensor, count: int) -> tf.Tensor:
    """Returns a uniform int32 scalar in [0, count)."""
    return tf.random.stateless_uniform([], seed, 0, count, tf.int32)
