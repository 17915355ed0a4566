"""A picture of a few images of each class, as a network is shown them."""

from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from repro.datasets.decoding import decode
from repro.datasets.examples import Examples
from repro.datasets.pipeline import EvaluationPreprocess, TrainingPreprocess, naming_bad_images

_CELL = 128  # pixels, an image
_GAP = 4
_MARGIN = 12
_LABEL_WIDTH = 168
_HEAD = 64
_TEXT_SIZE = 15
_INK, _PAPER, _EMPTY = (30, 30, 30), (255, 255, 255), (236, 236, 236)

ToRgb = Callable[[NDArray[np.float32]], NDArray[np.uint8]]


def contact_sheet(
    examples: Examples,
    for_evaluation: EvaluationPreprocess,
    for_training: TrainingPreprocess,
    to_rgb: ToRgb,
    *,
    title: str,
    max_classes: int = 12,
    images_per_class: int = 3,
    seed: int = 0,
) -> Image.Image:
    """Draws a row a class: some images as in evaluation, and the same as in training.

    Args:
      examples: a split.
      for_evaluation: image uint8 [height, width, 3] -> float32 [size, size, 3].
      for_training: the same with a seed int32 [2], from which its random choices come.
      to_rgb: their result -> uint8 [size, size, 3].
      title: above all.
      max_classes: rows at most; of more classes, some at even distances are shown.
      images_per_class: at even distances among the class's ids.
      seed: of the random choices.

    Raises:
      UserError: an image cannot be decoded.
    """
    labels = _evenly(len(examples.class_names), max_classes)
    block = images_per_class * (_CELL + _GAP)
    left, right = _MARGIN + _LABEL_WIDTH, _MARGIN + _LABEL_WIDTH + block + 4 * _GAP
    size = (right + block - _GAP + _MARGIN, _HEAD + len(labels) * (_CELL + _GAP) + _MARGIN)
    sheet = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    text, bold = _font("DejaVuSans.ttf"), _font("DejaVuSans-Bold.ttf")
    draw.text((_MARGIN, _MARGIN), _shortened(title, bold, size[0] - 2 * _MARGIN), _INK, bold)
    for x, heading in ((left, "in evaluation"), (right, "in training, at random")):
        draw.text((x, _HEAD - 24), heading, _INK, text)

    for row, label in enumerate(labels):
        y = _HEAD + row * (_CELL + _GAP)
        indices = _of_class(examples, label)
        chosen = indices[_evenly(len(indices), images_per_class)]
        name = _wrapped(f"{examples.class_names[label]}", text, _LABEL_WIDTH - 2 * _GAP)
        caption = f"{name}\n{len(indices):,} images"
        draw.multiline_text((_MARGIN, y), caption, _INK, text)
        for column in range(images_per_class):
            x = column * (_CELL + _GAP)
            if column >= len(chosen):
                for start in (left, right):
                    draw.rectangle((start + x, y, start + x + _CELL - 1, y + _CELL - 1), _EMPTY)
                continue
            index = int(chosen[column])
            with naming_bad_images(examples), tf.device("CPU:0"):
                image = decode(tf.constant(examples.images[index]), examples.spec.crop_bottom)
                shown = for_evaluation(image), for_training(image, tf.constant([seed, index]))
            for start, pixels in zip((left, right), shown, strict=True):
                sheet.paste(_cell(to_rgb(pixels.numpy())), (start + x, y))
    return sheet


def _evenly(total: int, wanted: int) -> NDArray[np.int64]:
    """Returns at most `wanted` of the positions 0 ... total - 1, the first and last included."""
    return np.unique(np.linspace(0, total - 1, min(total, wanted)).round().astype(np.int64))


def _of_class(examples: Examples, label: int) -> NDArray[np.int64]:
    has_it = (
        examples.labels[:, label] == 1 if examples.spec.multi_label else examples.labels == label
    )
    return np.flatnonzero(has_it)


def _cell(pixels: NDArray[np.uint8]) -> Image.Image:
    # Few pixels are shown as they are, sharp.
    how = Image.Resampling.NEAREST if len(pixels) < _CELL else Image.Resampling.LANCZOS
    return Image.fromarray(pixels).resize((_CELL, _CELL), how)


def _font(name: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", name), _TEXT_SIZE)


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: int, max_lines: int = 5) -> str:
    """Breaks a name after spaces, underscores and slashes, or where it must be."""
    lines, line = [], ""
    for character in text:
        if line and font.getlength(line + character) > width:
            end = max(line.rfind(mark) for mark in " _/-") + 1 or len(line)
            lines.append(line[:end])
            line = line[end:]
        line += character
    lines.append(line)
    if len(lines) > max_lines:
        lines = [*lines[: max_lines - 1], _shortened(lines[max_lines - 1] + "…", font, width)]
    return "\n".join(lines)


def _shortened(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text}…"
