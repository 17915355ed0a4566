"""Draws the pictures of the data set `rendered`: letters of an invented script, shapes, textures.

Nothing is read from disk: a picture follows from its class, its instance and arithmetic. No class
is a digit, and letters that came out like one are left out (see `rendering_glyphs.search`): a
network pre-trained here has not been shown the classes of the data set `digits`. A hand may still
write a letter so badly that it looks like a digit.
"""

import numpy as np
from numpy.typing import NDArray

from repro.datasets.rendering.canvas import develop
from repro.datasets.rendering.glyphs import CANDIDATES, draw_glyph
from repro.datasets.rendering.patterns import SHAPES, TEXTURES, draw_shape, draw_texture

CLASS_NAMES: tuple[str, ...] = (
    *(f"glyph_{index:03d}" for index in range(len(CANDIDATES))),
    *(f"shape_{name}" for name in SHAPES),
    *(f"texture_{name}" for name in TEXTURES),
)

# Separates these streams from those that invent the letters.
_INSTANCE_STREAM = 2


def draw(class_index: int, instance: int, size: int = 64) -> NDArray[np.uint8]:
    """Draws one picture; the same arguments always give the same picture.

    Args:
      class_index: 0 <= class_index < len(CLASS_NAMES).
      instance: which variation of the class, 0 or more.
      size: height and width of the picture in pixels.

    Returns:
      uint8 [size, size, 3], RGB.

    Raises:
      IndexError: there is no such class.
      ValueError: `instance` is negative.
    """
    if not 0 <= class_index < len(CLASS_NAMES):
        raise IndexError(f"class_index={class_index} is not in 0..{len(CLASS_NAMES) - 1}")
    if instance < 0:
        raise ValueError(f"instance={instance} is negative")
    rng = np.random.Generator(np.random.PCG64([_INSTANCE_STREAM, class_index, instance]))
    family, name = CLASS_NAMES[class_index].split("_", maxsplit=1)
    if family == "glyph":
        # Most letters are drawn on few pixels and enlarged, as small pictures of digits are.
        ink = draw_glyph(class_index, rng, _resolution(rng, size, coarse_share=0.8))
    elif family == "shape":
        ink = draw_shape(name, rng, _resolution(rng, size, coarse_share=0.3))
    else:
        ink = draw_texture(name, rng, size)
    return develop(ink, rng, size)


def _resolution(rng: np.random.Generator, size: int, coarse_share: float) -> int:
    """Returns `size`, or for a share of the pictures 8 to 14 pixels."""
    return int(rng.integers(8, 15)) if rng.uniform() < coarse_share else size
