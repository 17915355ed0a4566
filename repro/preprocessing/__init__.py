"""Preprocessing as TF-Slim did it: the pictures that the released checkpoints were trained on.

`inception` serves the Inception family, MobileNet and NASNet, `vgg` serves VGG and ResNet v1, each
with `preprocess_for_eval` and `preprocess_for_train`. A picture is resized the way TensorFlow 1
did it (`resize`), which no layer of Keras and no default of TensorFlow 2 does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from repro import unknown_name
from repro.preprocessing import inception, resize, vgg

__all__ = [
    "VERSION",
    "CropFirst",
    "for_evaluation",
    "for_training",
    "get",
    "inception",
    "resize",
    "to_rgb",
    "vgg",
]

# Part of the name under which features are kept. To be raised by 1 with every change, here or in
# decoding, that makes any pixel of evaluation another one, be it by rounding.
VERSION = 1

_KINDS = {"inception": inception, "vgg": vgg}


def get(kind: str) -> ModuleType:
    """Returns the module for a kind of preprocessing, as `NetworkSpec.preprocessing` names it.

    Args:
      kind: "inception" or "vgg".

    Raises:
      UserError: there is no such kind.
    """
    if kind not in _KINDS:
        raise unknown_name("preprocessing", kind, _KINDS)
    return _KINDS[kind]


def for_evaluation(kind: str, image_size: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """Returns image uint8 [h, w, 3] -> float32 [image_size, image_size, 3], nothing random.

    Args:
      kind: as in `get`.
      image_size: height and width of the network's input. Away from VGG's 224 pixels the shorter
        side before the crop keeps its proportion to it.
    """
    module = get(kind)
    options = {} if module is inception else {"resize_side": _in_proportion(256, image_size)}
    return lambda image: module.preprocess_for_eval(image, image_size, image_size, **options)


def for_training(kind: str, image_size: int) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Returns (image, seed int32 [2]) -> float32, as `for_evaluation` but with random choices.

    That for "inception" is a `CropFirst`, which also takes a picture of which only the crop was
    decoded; "vgg" resizes before it crops, and needs the whole.
    """
    module = get(kind)
    if module is inception:
        return CropFirst(image_size)
    sides = {
        "resize_side_min": _in_proportion(256, image_size),
        "resize_side_max": _in_proportion(512, image_size),
    }
    return lambda image, seed: vgg.preprocess_for_train(
        image, image_size, image_size, seed=seed, **sides
    )


@dataclass(frozen=True)
class CropFirst:
    """Inception's random preprocessing, in one piece or with the crop apart.

    Attributes:
      image_size: height and width of the result.
    """

    image_size: int

    def __call__(self, image: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Returns `inception.preprocess_for_train` of a whole picture, uint8 [h, w, 3]."""
        return inception.preprocess_for_train(image, self.image_size, self.image_size, seed=seed)

    def draw_crop(self, image_shape: tf.Tensor, seed: tf.Tensor) -> inception.Crop:
        """Returns the crop that the call makes with this seed; `inception.draw_crop`."""
        return inception.draw_crop(image_shape, seed)

    def from_crop(self, crop: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Returns what the call returns, of the part of the picture that `draw_crop` chose."""
        shape = tf.shape(crop)
        everything = inception.Crop(0, 0, shape[0], shape[1])
        draws = inception.Draws(crop=everything)
        return inception.preprocess_for_train(
            crop, self.image_size, self.image_size, seed=seed, draws=draws
        )


def to_rgb(kind: str, image: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Turns what a network is given back into a picture for the eye.

    Args:
      kind: as in `get`.
      image: [..., 3], as preprocessing made it.

    Returns:
      uint8 [..., 3].
    """
    rgb = (image + 1) * 127.5 if get(kind) is inception else image + np.float32(vgg.RGB_MEANS)
    return np.clip(np.round(rgb), 0, 255).astype(np.uint8)


def _in_proportion(side: int, image_size: int) -> int:
    return round(side * image_size / 224)
