"""What all drawings of the data set `rendered` share: pixels, edges, colours, enlargement."""

import functools

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@functools.cache
def pixel_centres(size: int) -> Floats:
    """Returns [size * size, 2], the pixels' (x, y) on a canvas from -1 to 1, y downwards."""
    centres = (2 * np.arange(size, dtype=np.float32) + 1) / size - 1
    return np.stack(np.meshgrid(centres, centres), axis=-1).reshape(-1, 2)


def rotation(angle: float) -> Floats:
    """Returns the 2 x 2 matrix that turns by `angle`, in radians."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine], [sine, cosine]], np.float32)


def coverage(distances: Floats, rng: np.random.Generator, size: int) -> Floats:
    """Turns signed distances to an edge into ink, with edges from sharp to soft.

    Args:
      distances: [size, size], in canvas units (the canvas is 2 wide), negative inside.
      rng: the source of chance.
      size: pixels along a side.

    Returns:
      float32 [size, size] in [0, 1].
    """
    softness = 2 / size * rng.choice([1.0, 1.5, 3.0], p=[0.6, 0.25, 0.15])
    return np.clip(0.5 - distances / softness, 0, 1).astype(np.float32)


@functools.cache
def _enlargement(coarse: int, size: int, kind: str) -> Floats:
    """Returns [size, coarse], the weights that enlarge one axis."""
    position = np.arange(size) * coarse / size
    if kind == "centre":
        position = np.maximum(position + 0.5 * coarse / size - 0.5, 0)
    elif kind == "block":
        position = np.floor(position)
    low = np.minimum(position.astype(int), coarse - 1)
    high = np.minimum(low + 1, coarse - 1)
    fraction = (position - low)[:, None]
    pixels = np.eye(coarse)
    return (pixels[low] * (1 - fraction) + pixels[high] * fraction).astype(np.float32)


def enlarge(values: Floats, size: int, kind: str) -> Floats:
    """Enlarges [n, n] to [size, size].

    Args:
      values: float32 [n, n].
      size: pixels along a side afterwards.
      kind: "corner" is TF1's bilinear resize, whose pixel i looks at i * n / size; "centre" aligns
        the centres of the pixels instead; "block" repeats pixels.
    """
    if len(values) == size:
        return values
    weights = _enlargement(len(values), size, kind)
    return weights @ values @ weights.T


def _colours(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Returns the colours of ink and paper, [3] each, about in [0, 1], apart in brightness."""
    if rng.uniform() < 0.4:
        dark, light = rng.uniform(0, 0.08), rng.uniform(0.85, 1)
    else:
        dark, light = rng.uniform(0, 0.3), rng.uniform(0.6, 1)
    tint = 0.0 if rng.uniform() < 0.6 else 0.25
    pair = [(grey + rng.uniform(-tint, tint, 3)).astype(np.float32) for grey in (dark, light)]
    paper, ink = pair if rng.uniform() < 0.65 else pair[::-1]
    return ink, paper


def develop(ink: Floats, rng: np.random.Generator, size: int) -> NDArray[np.uint8]:
    """Turns ink into a picture: noise, enlargement, colours and sometimes uneven light.

    Args:
      ink: float32 [n, n] in [0, 1].
      rng: the source of chance.
      size: height and width of the picture; n is enlarged to it.

    Returns:
      uint8 [size, size, 3].
    """
    noise = np.float32(rng.uniform(0, 0.08) if rng.uniform() < 0.6 else 0)
    ink = ink + noise * rng.standard_normal(ink.shape, np.float32)
    ink = enlarge(ink, size, str(rng.choice(["corner", "centre", "block"], p=[0.5, 0.3, 0.2])))
    front, back = _colours(rng)
    picture = back + ink[..., None] * (front - back)
    if rng.uniform() < 0.3:
        slope = rng.normal(0, 0.1, 2).astype(np.float32)
        picture += (pixel_centres(size) @ slope).reshape(size, size, 1)
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
