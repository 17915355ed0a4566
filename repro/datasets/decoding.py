"""Decodes images as training does, and finds those that cannot be decoded."""

import io
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from repro import UserError

SMALL = 64  # pixels

# Images are checked this many at a time, so that a large archive is never in memory as a whole.
_CHUNK = 256
_NAMED_AT_MOST = 10


def decode(content: tf.Tensor, crop_bottom: int = 0) -> tf.Tensor:
    """Decodes JPEG, PNG or GIF (not animated) to RGB.

    Args:
      content: string [], the encoded image.
      crop_bottom: rows of pixels to leave out at the bottom; then the image must be a JPEG.

    Returns:
      uint8 [height - crop_bottom, width, 3].
    """
    if not crop_bottom:
        return tf.io.decode_jpeg(content, channels=3)
    shape = tf.io.extract_jpeg_shape(content)
    window = tf.stack([0, 0, shape[0] - crop_bottom, shape[1]])
    return tf.io.decode_and_crop_jpeg(content, window, channels=3)


def decode_small(images: Sequence[bytes], crop_bottom: int = 0) -> NDArray[np.uint8] | None:
    """Decodes all images if they are small and of one size.

    Returns:
      uint8 [n, height, width, 3]; None if an image is larger than `SMALL` pixels in a direction,
      if sizes differ, or if one cannot be decoded.
    """
    pictures = []
    for content in images:
        try:
            if not pictures and max(Image.open(io.BytesIO(content)).size) > SMALL:
                return None
            with tf.device("CPU:0"):
                picture = decode(tf.constant(content), crop_bottom).numpy()
        except (UnidentifiedImageError, tf.errors.InvalidArgumentError):
            return None
        if pictures and picture.shape != pictures[0].shape:
            return None
        pictures.append(picture)
    return np.stack(pictures) if pictures else None


def find_undecodable(
    images: Iterable[tuple[str, bytes]], crop_bottom: int = 0
) -> list[tuple[str, str]]:
    """Decodes every image, on all cores, and returns the bad ones.

    TensorFlow's decoder is the judge, for it is the one that training uses. It refuses every file
    that lacks its last bytes; PIL's `verify` passes JPEG files cut in half.

    Args:
      images: (name, encoded image).
      crop_bottom: as in `decode`.

    Returns:
      (name, what is wrong with it) of each image that cannot be decoded.
    """

    def problem(image: tuple[str, bytes]) -> str | None:
        _, content = image
        if not content:
            return "is empty"
        try:
            with tf.device("CPU:0"):
                decode(tf.constant(content), crop_bottom)
        except tf.errors.InvalidArgumentError:
            return f"cannot be decoded ({len(content):,} bytes)"
        return None

    bad = []
    images = iter(images)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        while chunk := list(islice(images, _CHUNK)):
            problems = threads.map(problem, chunk)
            bad += [(image[0], what) for image, what in zip(chunk, problems, strict=True) if what]
    return bad


def bad_images_error(bad: Sequence[tuple[str, str]], total: int, origin: str) -> UserError:
    """Returns the error that counts the bad images and names the first of them."""
    named = "".join(f"\n  {name} {what}" for name, what in bad[:_NAMED_AT_MOST])
    more = f"\n  and {len(bad) - _NAMED_AT_MOST:,} more" if len(bad) > _NAMED_AT_MOST else ""
    return UserError(
        f"{len(bad):,} of {total:,} images of {origin} cannot be used:{named}{more}\n"
        "Fetch the archive again, or replace these files."
    )
