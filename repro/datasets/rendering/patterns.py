"""Shapes and textures for the data set `rendered`.

A shape is a signed distance: given points [n, 2] and half the width of its lines, how far each
point is from its edge, negative inside. A texture gives each of the points a brightness, 0 to 1.
"""

import math
from collections.abc import Callable

import numpy as np

from repro.datasets.rendering.canvas import Floats, coverage, pixel_centres, rotation

# ---------------------------------------------------------------------------- shapes


def _disc(p: Floats, radius: float = 1.0, x: float = 0.0, y: float = 0.0) -> Floats:
    return np.hypot(p[:, 0] - x, p[:, 1] - y) - radius


def _box(p: Floats, half_width: float, half_height: float, y: float = 0.0) -> Floats:
    return np.maximum(np.abs(p[:, 0]) - half_width, np.abs(p[:, 1] - y) - half_height)


def _star(p: Floats, tips: int, inner: float) -> Floats:
    """A star with its tips at radius 1 and its inner corners at radius `inner`."""
    angle = np.arctan2(p[:, 0], -p[:, 1])
    half_turn = np.pi / tips
    # All edges are folded onto the one from a tip to the next inner corner.
    folded = np.abs((angle + half_turn) % (2 * half_turn) - half_turn)
    radius = np.hypot(p[:, 0], p[:, 1])
    corner = inner * np.array([np.cos(half_turn), np.sin(half_turn)])
    normal = np.array([corner[1], 1 - corner[0]]) / np.hypot(corner[1], 1 - corner[0])
    return (radius * np.cos(folded) - 1) * normal[0] + radius * np.sin(folded) * normal[1]


def _polygon(p: Floats, sides: int) -> Floats:
    return _star(p, sides, np.cos(np.pi / sides))


def _outline(distances: Floats, half_width: float) -> Floats:
    return np.abs(distances + half_width) - half_width


def _union(*distances: Floats) -> Floats:
    return np.minimum.reduce(distances)


def _common(*distances: Floats) -> Floats:
    return np.maximum.reduce(distances)


def _heart(p: Floats) -> Floats:
    diamond = (np.abs(p[:, 0]) + np.abs(p[:, 1] - 0.2) - 0.75) / np.sqrt(2)
    return _union(diamond, _disc(p, 0.53, -0.375, -0.175), _disc(p, 0.53, 0.375, -0.175))


SHAPES: dict[str, Callable[[Floats, float], Floats]] = {
    "disc": lambda p, _: _disc(p),
    "ring": lambda p, w: _outline(_disc(p), w),
    "half_disc": lambda p, _: _common(_disc(p), -p[:, 1]),
    "ellipse": lambda p, _: _disc(p * [1, 2.2]) / 2.2,
    "crescent": lambda p, _: _common(_disc(p), -_disc(p, 0.85, 0.5)),
    "pie": lambda p, _: _common(_disc(p), -_common(-p[:, 0], p[:, 1])),
    "triangle": lambda p, _: _polygon(p, 3),
    "square": lambda p, _: _box(p, 0.8, 0.8),
    "pentagon": lambda p, _: _polygon(p, 5),
    "hexagon": lambda p, _: _polygon(p, 6),
    "triangle_outline": lambda p, w: _outline(_polygon(p, 3), w),
    "square_outline": lambda p, w: _outline(_box(p, 0.85, 0.85), w),
    "hexagon_outline": lambda p, w: _outline(_polygon(p, 6), w),
    "star_4": lambda p, _: _star(p, 4, 0.4),
    "star_5": lambda p, _: _star(p, 5, 0.4),
    "star_8": lambda p, _: _star(p, 8, 0.55),
    "star_5_outline": lambda p, w: _outline(_star(p, 5, 0.45), 0.7 * w),
    "plus": lambda p, w: _union(_box(p, 1, 1.6 * w), _box(p, 1.6 * w, 1)),
    "tee": lambda p, w: _union(_box(p, 1, 1.5 * w, -0.8), _box(p, 1.5 * w, 1)),
    "arrow": lambda p, w: _union(
        _common(np.abs(p[:, 0]) * 0.7 - (p[:, 1] + 1) * 0.7, p[:, 1] + 0.1), _box(p, 1.3 * w, 0.9)
    ),
    "chevron": lambda p, w: _common(
        np.abs(0.7 * (p[:, 1] + 0.5 - np.abs(p[:, 0]))) - 1.3 * w, np.abs(p[:, 0]) - 0.9
    ),
    "bars": lambda p, w: _union(_box(p, 0.9, 1.2 * w, -0.5), _box(p, 0.9, 1.2 * w, 0.5)),
    "two_discs": lambda p, _: _union(_disc(p, 0.42, -0.52), _disc(p, 0.42, 0.52)),
    "three_discs": lambda p, _: _union(
        _disc(p, 0.42, -0.52, 0.4), _disc(p, 0.42, 0.52, 0.4), _disc(p, 0.42, 0, -0.5)
    ),
    "bullseye": lambda p, w: _union(_outline(_disc(p), 0.8 * w), _disc(p, 0.4)),
    "square_with_hole": lambda p, _: _common(_box(p, 0.85, 0.85), -_disc(p, 0.5)),
    "ring_around_triangle": lambda p, w: _union(
        _outline(_disc(p), 0.6 * w), _polygon(p / 0.6, 3) * 0.6
    ),
    "two_rings": lambda p, w: _union(
        _outline(_disc(p, 0.6, -0.4), 0.6 * w), _outline(_disc(p, 0.6, 0.4), 0.6 * w)
    ),
    "heart": lambda p, _: _heart(p),
    "drop": lambda p, _: _union(
        _disc(p, 0.55, 0, 0.4),
        _common(np.abs(p[:, 0]) * 0.92 - (p[:, 1] + 1) * 0.38, p[:, 1] - 0.2),
    ),
}


def draw_shape(name: str, rng: np.random.Generator, size: int) -> Floats:
    """Draws a shape, a little turned, stretched and off the middle.

    Args:
      name: a key of SHAPES.
      rng: the source of chance.
      size: pixels along a side.

    Returns:
      float32 [size, size] in [0, 1], how much ink each pixel holds.
    """
    scale = rng.uniform(0.5, 0.9)
    stretch = np.diag(1 / rng.uniform(0.85, 1.15, 2))
    to_shape = (rotation(rng.normal(0, np.radians(12))) @ stretch / scale).astype(np.float32)
    shift = rng.uniform(-1, 1, 2) * (0.95 - scale)
    points = (pixel_centres(size) - shift.astype(np.float32)) @ to_shape
    distances = SHAPES[name](points, rng.uniform(0.12, 0.2)) * scale
    return coverage(distances.reshape(size, size), rng, size)


# ---------------------------------------------------------------------------- textures


def _wave(turns: Floats) -> Floats:
    return 0.5 + 0.5 * np.sin(2 * np.pi * turns)


def _checks(x: Floats, y: Floats) -> Floats:
    return 0.5 + 2 * np.sin(2 * np.pi * x) * np.sin(2 * np.pi * y)


def _cut(values: Floats, hardness: float) -> Floats:
    """Turns a smooth pattern around 0.5 into one of clearer edges."""
    return np.clip(0.5 + hardness * (values - 0.5), 0, 1)


def _lattice(p: Floats, shift_rows: float = 0.0) -> tuple[Floats, Floats]:
    """Returns (x, y) within cells of size 1, from -0.5 to 0.5; every other row is shifted."""
    row = np.floor(p[:, 1])
    x = p[:, 0] + shift_rows * (row % 2)
    return x - np.floor(x) - 0.5, p[:, 1] - row - 0.5


def _bricks(p: Floats) -> Floats:
    x, y = _lattice(p * [1, 2], 0.5)
    return 4 - 9 * np.maximum(np.abs(x), np.abs(y) - 0.05)


def _scales(p: Floats) -> Floats:
    x, y = _lattice(p, 0.5)
    return 1.8 * np.hypot(x, y + 0.5) - 0.4


def _weave(p: Floats) -> Floats:
    x, y = _lattice(p)
    over = (np.floor(p[:, 0]) + np.floor(p[:, 1])) % 2 == 0
    from_middle = np.abs(np.where(over, x, y))
    return np.cos(np.pi * from_middle) * np.where(from_middle > 0.38, 0.3, 1)


def _spiral(p: Floats) -> Floats:
    return _wave(np.hypot(*p.T) + np.arctan2(p[:, 1], p[:, 0]) / np.pi)


def _spokes(p: Floats, rng: np.random.Generator) -> Floats:
    return _wave(rng.integers(5, 10) * np.arctan2(p[:, 1], p[:, 0]) / (2 * np.pi))


def _cells(p: Floats, rng: np.random.Generator) -> Floats:
    seeds = rng.uniform(-1.2, 1.2, [rng.integers(14, 30), 2])
    distances = np.hypot(*(p[:, None] - seeds).transpose(2, 0, 1))
    nearest, second = np.partition(distances, 1, axis=1)[:, :2].T
    return (second - nearest) * 5


def _noise(
    p: Floats,
    rng: np.random.Generator,
    amplitude: Callable[[Floats], Floats],
    stretch_x: float = 1.0,
    stretch_y: float = 1.0,
) -> Floats:
    """Noise of the given amplitude at a frequency in periods a picture; p only says how many."""
    size = math.isqrt(len(p))
    x = np.fft.rfftfreq(size, 1 / size) * stretch_x
    y = np.fft.fftfreq(size, 1 / size)[:, None] * stretch_y
    spectrum = np.fft.rfft2(rng.standard_normal([size, size]))
    spectrum *= amplitude(np.maximum(np.hypot(x, y), 1))
    spectrum[0, 0] = 0
    values = np.fft.irfft2(spectrum, [size, size]).ravel()
    return 0.5 + 0.25 * values / values.std()


def _blobs(p: Floats, rng: np.random.Generator) -> Floats:
    middle = rng.uniform(4, 7)
    return _noise(p, rng, lambda frequency: np.exp(-(((frequency - middle) / 1.2) ** 2)))


# The points, and a source of chance for what position alone does not say.
_Texture = Callable[[Floats, np.random.Generator], Floats]

# Lowest and highest scale, so that the points go from about -scale to scale; the pattern.
TEXTURES: dict[str, tuple[float, float, _Texture]] = {
    "rows_coarse": (1.5, 2.5, lambda p, _: _wave(p[:, 1])),
    "rows_fine": (4, 7, lambda p, _: _wave(p[:, 1])),
    "columns_coarse": (1.5, 2.5, lambda p, _: _wave(p[:, 0])),
    "columns_fine": (4, 7, lambda p, _: _wave(p[:, 0])),
    "diagonals_coarse": (1, 1.7, lambda p, _: _wave(p[:, 0] + p[:, 1])),
    "diagonals_fine": (3, 5, lambda p, _: _wave(p[:, 0] + p[:, 1])),
    "checks_coarse": (0.8, 1.4, lambda p, _: _checks(p[:, 0], p[:, 1])),
    "checks_fine": (2.2, 3.8, lambda p, _: _checks(p[:, 0], p[:, 1])),
    "diamonds": (1.2, 2.5, lambda p, _: _checks(p[:, 0] + p[:, 1], p[:, 0] - p[:, 1])),
    "dots_square": (2, 4, lambda p, _: 2.2 - 6 * np.hypot(*_lattice(p))),
    "dots_staggered": (2, 4, lambda p, _: 2.2 - 6 * np.hypot(*_lattice(p * [1, 1.3], 0.5))),
    "rings": (1.5, 3, lambda p, _: 1.2 - 8 * np.abs(np.hypot(*_lattice(p)) - 0.32)),
    "plaid": (1.5, 3, lambda p, _: (_cut(_wave(p[:, 0]), 4) + _cut(_wave(p[:, 1]), 4)) / 2),
    "weave": (2, 4, lambda p, _: _weave(p)),
    "bricks": (1.2, 2.2, lambda p, _: _bricks(p)),
    "zigzag": (1.5, 3, lambda p, _: _wave(p[:, 1] + 2 * np.abs(_lattice(p)[0]))),
    "ripples": (2, 3.5, lambda p, _: _wave(p[:, 1] + 0.4 * np.sin(np.pi * p[:, 0]))),
    "scales": (1.5, 3, lambda p, _: _scales(p)),
    "circles": (2, 4, lambda p, _: _wave(np.hypot(*p.T))),
    "spokes": (1, 1, _spokes),
    "spiral": (1.5, 3, lambda p, _: _spiral(p)),
    "slope": (0.4, 0.6, lambda p, rng: 0.5 + p @ rotation(rng.uniform(0, 2 * np.pi))[0]),
    "glow": (1, 1.6, lambda p, _: np.exp(-(p**2).sum(axis=1))),
    "noise_white": (1, 1, lambda p, rng: _noise(p, rng, np.ones_like)),
    "noise_pink": (1, 1, lambda p, rng: _noise(p, rng, lambda frequency: 1 / frequency)),
    "clouds": (1, 1, lambda p, rng: _noise(p, rng, lambda frequency: frequency**-2)),
    "streaks_across": (
        1,
        1,
        lambda p, rng: _noise(p, rng, lambda frequency: frequency**-1.5, stretch_x=8),
    ),
    "streaks_down": (
        1,
        1,
        lambda p, rng: _noise(p, rng, lambda frequency: frequency**-1.5, stretch_y=8),
    ),
    "blobs": (1, 1, _blobs),
    "cells": (1, 1, _cells),
}


def draw_texture(name: str, rng: np.random.Generator, size: int) -> Floats:
    """Draws a texture, a little turned, at a random phase, faint or hard.

    Args:
      name: a key of TEXTURES.
      rng: the source of chance.
      size: pixels along a side.

    Returns:
      float32 [size, size] in [0, 1].
    """
    lowest, highest, pattern = TEXTURES[name]
    repeats = rng.uniform(lowest, highest)
    turn = rotation(rng.normal(0, np.radians(6)))
    points = (pixel_centres(size) + rng.uniform(-0.3, 0.3, 2)) @ turn * repeats
    values = _cut(pattern(points, rng), np.exp(rng.uniform(np.log(0.7), np.log(3))))
    return values.astype(np.float32).reshape(size, size)
