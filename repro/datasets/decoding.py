"""Decodes images as training does, and finds or converts those that it cannot decode.

TensorFlow's `decode_jpeg` is the judge of a picture, for TF-Slim's input pipelines decode with it.
A CMYK JPEG becomes R = C K / 255 and so on where it has Adobe's mark, whose CMYK is inverted, and
R = (255 - C) (255 - K) / 255 where it has not; PIL takes all of them for inverted. Of 16 bits a
sample the upper 8 are taken, transparency is dropped, and EXIF's orientation is not applied.
"""

import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import numpy as np
import PIL.Image
import tensorflow as tf
from numpy.typing import NDArray

from repro import UserError

SMALL = 64  # pixels

# Pixels decoded around a crop. Colours of half the resolution are interpolated from neighbours,
# which the decoder does not see beyond the edge of what it decodes.
_MARGIN = 2

# Images are checked this many at a time, so that a large archive is never in memory as a whole.
_CHUNK = 256
_NAMED_AT_MOST = 10
_KEPT = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_GIF = (b"GIF87a", b"GIF89a")
_READ_BY_PIL = ("BMP", "TIFF", "WEBP")

_Key = TypeVar("_Key")
_Result = TypeVar("_Result")


class UndecodableError(ValueError):
    """An image cannot be decoded; the text says why, as in "NAME is empty"."""


def decode(content: tf.Tensor, crop_bottom: int = 0) -> tf.Tensor:
    """Decodes JPEG, PNG or GIF (not animated) to RGB.

    Args:
      content: string [], the encoded image.
      crop_bottom: rows of pixels to leave out at the bottom; of a JPEG they are not decoded.

    Returns:
      uint8 [height - crop_bottom, width, 3].
    """
    if not crop_bottom:
        return tf.io.decode_jpeg(content, channels=3)

    def decode_top() -> tf.Tensor:
        shape = tf.io.extract_jpeg_shape(content)
        window = tf.stack([0, 0, shape[0] - crop_bottom, shape[1]])
        return tf.io.decode_and_crop_jpeg(content, window, channels=3)

    return tf.cond(
        tf.io.is_jpeg(content),
        decode_top,
        lambda: tf.io.decode_jpeg(content, channels=3)[:-crop_bottom],
    )


def decode_crop(content: tf.Tensor, shape: tf.Tensor, window: Sequence[tf.Tensor]) -> tf.Tensor:
    """Decodes a part of a JPEG to the bits that decoding all of it would give.

    Args:
      content: string [], an encoded JPEG.
      shape: int32 [3], of the whole: height, width, channels.
      window: first row, first column, rows, columns; int32 scalars.

    Returns:
      uint8 [rows, columns, 3].
    """
    row, column, rows, columns = window
    top, left = tf.maximum(row - _MARGIN, 0), tf.maximum(column - _MARGIN, 0)
    bottom = tf.minimum(row + rows + _MARGIN, shape[0])
    right = tf.minimum(column + columns + _MARGIN, shape[1])
    decoded = tf.io.decode_and_crop_jpeg(
        content, tf.stack([top, left, bottom - top, right - left]), channels=3
    )
    return tf.slice(decoded, [row - top, column - left, 0], [rows, columns, 3])


def decode_small(images: Sequence[bytes], crop_bottom: int = 0) -> NDArray[np.uint8] | None:
    """Decodes all images if they are small and of one size.

    Returns:
      uint8 [n, height, width, 3]; None if an image is larger than `SMALL` pixels in a direction,
      if sizes differ, or if one cannot be decoded.
    """
    pictures = []
    for content in images:
        try:
            if not pictures and max(PIL.Image.open(io.BytesIO(content)).size) > SMALL:
                return None
            with tf.device("CPU:0"):
                picture = decode(tf.constant(content), crop_bottom).numpy()
        except (PIL.UnidentifiedImageError, tf.errors.InvalidArgumentError):
            return None
        if pictures and picture.shape != pictures[0].shape:
            return None
        pictures.append(picture)
    return np.stack(pictures) if pictures else None


def decodable(content: bytes, crop_bottom: int = 0) -> bytes:
    """Returns an image in a form that `decode` takes.

    Args:
      content: an image file of any name: JPEG, PNG, GIF, BMP, TIFF or WebP.
      crop_bottom: as in `decode`.

    Returns:
      JPEG and PNG files unchanged; of the other formats the first frame, as an RGB PNG. GIF too,
      for TFDS reads the prepared data by a decoder that gives a GIF a dimension of frames.

    Raises:
      UndecodableError: it is another file, or cut short.
    """
    if not content:
        raise UndecodableError("is empty")
    converted = content if content.startswith(_KEPT) else _as_png(content)
    if converted is None or not _is_decoded(converted, crop_bottom):
        raise UndecodableError(f"cannot be decoded ({len(content):,} bytes)")
    return converted


def _is_decoded(content: bytes, crop_bottom: int) -> bool:
    try:
        with tf.device("CPU:0"):
            shape = decode(tf.constant(content), crop_bottom).shape
    except tf.errors.InvalidArgumentError:
        return False
    # A WebP gives its frames, an image lower than its banner no row.
    return shape.rank == 3 and shape[0] > 0


def _as_png(content: bytes) -> bytes | None:
    """Returns the first frame as a PNG file; None if that cannot be had."""
    try:
        if content.startswith(_GIF):
            with tf.device("CPU:0"):
                frame = PIL.Image.fromarray(tf.io.decode_gif(content)[0].numpy())
        else:
            frame = _first_frame(content)
        file = io.BytesIO()
        frame.save(file, "PNG", compress_level=1)
    except (
        tf.errors.InvalidArgumentError,
        OSError,
        ValueError,
        SyntaxError,
        PIL.Image.DecompressionBombError,
    ):
        return None
    return file.getvalue()


def _first_frame(content: bytes) -> PIL.Image.Image:
    with PIL.Image.open(io.BytesIO(content), formats=_READ_BY_PIL) as image:
        if image.mode.startswith("I;16"):  # of which PIL's conversion would clip all above 255
            image = PIL.Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        elif image.mode.startswith(("I", "F")):
            raise ValueError("which of its numbers is white cannot be known")
        return image.convert("RGB")


def made_decodable(
    images: Iterable[tuple[_Key, bytes]], crop_bottom: int = 0
) -> Iterator[tuple[_Key, bytes, bytes | UndecodableError]]:
    """Applies `decodable` to every image, on all cores.

    Args:
      images: (whatever tells it apart, encoded image).
      crop_bottom: as in `decode`.

    Yields:
      (that, content as given, content for `decode` or what is wrong with it), in order.
    """

    def convert(image: tuple[_Key, bytes]) -> bytes | UndecodableError:
        try:
            return decodable(image[1], crop_bottom)
        except UndecodableError as error:
            return error

    for (key, content), converted in _on_all_cores(convert, images):
        yield key, content, converted


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
        content = image[1]
        if not content:
            return "is empty"
        if not _is_decoded(content, crop_bottom):
            return f"cannot be decoded ({len(content):,} bytes)"
        return None

    return [(image[0], what) for image, what in _on_all_cores(problem, images) if what]


def _on_all_cores(
    function: Callable[[tuple[_Key, bytes]], _Result], images: Iterable[tuple[_Key, bytes]]
) -> Iterator[tuple[tuple[_Key, bytes], _Result]]:
    images = iter(images)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        while chunk := list(islice(images, _CHUNK)):
            yield from zip(chunk, threads.map(function, chunk), strict=True)


def bad_images_error(
    bad: Sequence[tuple[str, str]],
    total: int,
    origin: str,
    advice: str = "Fetch the archive again, or replace these files.",
) -> UserError:
    """Returns the error that counts the bad images and names the first of them."""
    named = "".join(f"\n  {name} {what}" for name, what in bad[:_NAMED_AT_MOST])
    more = f"\n  and {len(bad) - _NAMED_AT_MOST:,} more" if len(bad) > _NAMED_AT_MOST else ""
    return UserError(
        f"{len(bad):,} of {total:,} images of {origin} cannot be used:{named}{more}\n{advice}"
    )
