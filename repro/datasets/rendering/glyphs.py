"""An invented script for the data set `rendered`: its letters, and a hand that writes them.

A letter is one to four strokes of the pen. Which strokes is drawn once for each class; how they
come out (where the pen goes, slant, pressure, nib) is drawn for each picture.
"""

import functools
import itertools
from typing import NamedTuple

import numpy as np

from repro.datasets.rendering.canvas import Floats, coverage, enlarge, pixel_centres, rotation

# The letters that `search` found among its candidates. Stored, for searching takes seconds.
# fmt: off
CANDIDATES = (
    6, 70, 72, 78, 118, 124, 134, 164, 183, 197, 202, 225, 248, 327, 331, 381, 424, 440, 463, 464,
    467, 609, 671, 720, 763, 978, 1098, 1169, 1189, 1212, 1224, 1259, 1404, 1455, 1564, 1571, 1661,
    1716, 1736, 1746, 1751, 1756, 1797, 1855, 1903, 1988, 2055, 2072, 2142, 2167, 2179, 2201, 2367,
    2422, 2435, 2507, 2810, 2883, 2972, 3152, 3177, 3241, 3527, 3913, 4079, 4439, 4644, 4709, 4771,
    4807, 4893, 4931, 4971, 5054, 5251, 5341, 5369, 5398, 5454, 5537, 5695, 5720, 5842, 5860, 5941,
    6423, 6436, 6489, 6738, 6776, 6964, 6999, 7294, 7376, 7455, 7604, 7645, 7898, 8173, 8418, 9089,
    9182, 9200, 9332, 9534, 9660, 9712, 10017, 10059, 10155, 10368, 10374, 10655, 10668, 11182,
    11231, 11353, 11421, 11668, 11952, 12113, 12494, 12699, 12907, 13066, 13332, 14050, 14541,
    15404, 15473, 15996, 16743, 17324, 17420, 17444, 17516, 17858, 18786, 18814, 19111,
)
# fmt: on

# Separates these streams from those of the pictures.
_CLASS_STREAM = 1
_SEGMENTS_PER_CURVE = 20
_SIGNATURE_SIZE = 12
# Cosine of two signatures; below it a person tells two letters apart on 8 x 8 pixels.
_MAX_SIMILARITY = 0.8
# Hands differ: more distance is kept from a plain drawing of a digit than from another letter.
_MAX_LIKENESS_TO_DIGITS = 0.72


class _Stroke(NamedTuple):
    """One movement of the pen through `points` [k, 2], (x, y), y downwards, within [-1, 1]."""

    points: Floats
    rounded: bool = True
    closed: bool = False


# Plain digits, in a box 1.2 wide and 2 high: never drawn, only kept away from. A first word "o" is
# a closed curve, "s" an open one, "a" straight lines with corners.
_DIGITS = (
    "o 0,-1 -.6,0 0,1 .6,0",
    "s 0,-1 0,0 0,1",
    "a -.4,-.6 0,-1 0,1",
    "s -.55,-.6 0,-1 .55,-.5 0,.3 -.6,1; a -.6,1 .6,1",
    "s -.5,-.8 .1,-1 .5,-.5 0,-.05; s 0,-.05 .6,.5 0,1 -.55,.75",
    "a 0,-1 -.6,.3 .6,.3; a .3,-.3 .3,1",
    "a -.5,-1 -.5,0 .4,0; a .4,-1 .4,1",
    "a .5,-1 -.45,-1 -.5,-.1; s -.5,-.1 .1,-.2 .6,.4 0,1 -.55,.8",
    "s .35,-1 -.4,-.3 -.5,.5 0,1 .5,.5 0,.05 -.5,.45",
    "s -.55,-1 -.55,-.1 -.1,.3; o .1,-.1 -.4,.45 .1,1 .6,.45",
    "a -.6,-1 .6,-1 -.1,1",
    "a -.6,-1 .6,-1 -.1,1; a -.3,0 .5,0",
    "o 0,-1 -.45,-.5 0,-.05 .45,-.5; o 0,-.05 -.55,.5 0,1 .55,.5",
    "s .5,-.45 0,-.05 -.5,-.5 0,-1 .5,-.5 .4,.3 -.1,1",
    "o -.1,-1 -.6,-.5 -.1,0 .4,-.5; a .4,-.5 .4,1",
)


def _parse(description: str) -> tuple[_Stroke, ...]:
    """Reads one line of _DIGITS."""
    strokes = []
    for kind, *points in map(str.split, description.split(";")):
        places = np.array([point.split(",") for point in points], np.float32)
        strokes.append(_Stroke(places, rounded=kind != "a", closed=kind == "o"))
    return tuple(strokes)


@functools.cache
def _curve_basis(num_points: int, rounded: bool, closed: bool) -> Floats:
    """Returns [n, num_points], the corners of the drawn polyline as weights of the points.

    Rounded strokes are Catmull-Rom splines, which pass through their points.
    """
    points = np.eye(num_points, dtype=np.float32)
    if not rounded:
        return points
    if closed:
        knots = np.concatenate([points[-1:], points, points[:2]])
    else:
        before, after = 2 * points[[0, -1]] - points[[1, -2]]
        knots = np.concatenate([before[None], points, after[None]])
    num_spans = len(knots) - 3
    t = np.linspace(0, num_spans, _SEGMENTS_PER_CURVE + 1, dtype=np.float32)
    span = np.minimum(t.astype(int), num_spans - 1)
    u = (t - span)[:, None]
    return 0.5 * (
        (-u + 2 * u**2 - u**3) * knots[span]
        + (2 - 5 * u**2 + 3 * u**3) * knots[span + 1]
        + (u + 4 * u**2 - 3 * u**3) * knots[span + 2]
        + (-(u**2) + u**3) * knots[span + 3]
    )


def _polyline(stroke: _Stroke) -> Floats:
    """Returns [n, 2], the corners of the polyline that is drawn for a stroke."""
    return _curve_basis(len(stroke.points), stroke.rounded, stroke.closed) @ stroke.points


def _invent_stroke(rng: np.random.Generator, start: Floats, end: Floats) -> _Stroke:
    """Invents a stroke between two places: straight, bowed, hooked, waved, angular or round."""
    along = end - start
    across = np.array([-along[1], along[0]]) * rng.choice([-1, 1])
    kind = rng.choice(
        ["line", "bow", "hook", "wave", "angle", "loop", "curl"],
        p=[0.16, 0.26, 0.17, 0.13, 0.08, 0.08, 0.12],
    )
    if kind == "line":
        # The middle point lets a hand bend it.
        return _Stroke(np.array([start, start + 0.5 * along, end]))
    if kind == "bow":
        return _Stroke(np.array([start, start + along / 2 + across * rng.uniform(0.25, 0.6), end]))
    if kind == "hook":
        tip = end + across * rng.uniform(0.3, 0.5) - along * rng.uniform(0.05, 0.3)
        return _Stroke(np.array([start, start + 0.7 * along, end + 0.12 * across, tip]))
    if kind == "wave":
        swing = across * rng.uniform(0.2, 0.4)
        return _Stroke(
            np.array([start, start + 0.25 * along + swing, start + 0.75 * along - swing, end])
        )
    if kind == "angle":
        corner = start + along / 2 + across * rng.uniform(0.35, 0.9)
        return _Stroke(np.array([start, corner, end]), rounded=False)
    radii = np.abs(along) / 4 + rng.uniform(0.2, 0.35, 2)
    turns, last_radius = (1.0, 1.0) if kind == "loop" else (rng.uniform(0.7, 1.35), 0.5)
    angles = 2 * np.pi * (rng.uniform() + turns * rng.choice([-1, 1]) * np.arange(7) / 7)
    circle = np.stack([np.cos(angles), np.sin(angles)], 1) * np.linspace(1, last_radius, 7)[:, None]
    return _Stroke(start + along / 2 + radii * circle, closed=kind == "loop")


@functools.cache
def _invent_glyph(candidate: int) -> tuple[_Stroke, ...]:
    """Invents a letter on a loose grid and fits it to the box from -1 to 1."""
    rng = np.random.Generator(np.random.PCG64([_CLASS_STREAM, candidate]))
    columns, rows = rng.choice([[2, 3], [3, 3], [3, 4], [4, 4]])
    places = np.stack(np.meshgrid(np.linspace(-0.8, 0.8, columns), np.linspace(-1, 1, rows)), -1)
    places = places.reshape(-1, 2) + rng.uniform(-0.12, 0.12, [rows * columns, 2])
    strokes: list[_Stroke] = []
    for _ in range(rng.choice([1, 2, 3, 4], p=[0.12, 0.48, 0.32, 0.08])):
        start = places[rng.integers(len(places))]
        if strokes and rng.uniform() < 0.8:
            # Letters hang together: a stroke mostly leaves from where the pen has been.
            been = strokes[rng.integers(len(strokes))].points
            start = been[rng.integers(len(been))]
        far = places[np.hypot(*(places - start).T) > 0.75]
        strokes.append(_invent_stroke(rng, start, far[rng.integers(len(far))]))
    return _fit(tuple(strokes), half_width=rng.uniform(0.5, 0.9), most_stretched=1.6)


def _fit(
    glyph: tuple[_Stroke, ...], half_width: float, most_stretched: float
) -> tuple[_Stroke, ...]:
    """Fits a letter into a box of height 2, enlarging one direction at most so much more."""
    corners = np.concatenate([_polyline(stroke) for stroke in glyph])
    low, high = corners.min(axis=0), corners.max(axis=0)
    half = np.maximum((high - low) / 2, 0.05) / [half_width, 1]
    scale = np.minimum(1 / half, most_stretched / half.max())
    return tuple(
        stroke._replace(points=((stroke.points - (low + high) / 2) * scale).astype(np.float32))
        for stroke in glyph
    )


def _distances(
    pixels: Floats, starts: Floats, ends: Floats, start_radii: Floats, end_radii: Floats
) -> Floats:
    """Returns [n], how far each of `pixels` [n, 2] is from the nearest of the thick segments.

    Args:
      pixels: [n, 2].
      starts: [k, 2], where each segment begins.
      ends: [k, 2].
      start_radii: [k], half the thickness there.
      end_radii: [k].
    """
    along = ends - starts
    length_squared = np.maximum((along**2).sum(axis=1), 1e-6)
    projection = pixels @ along.T - (starts * along).sum(axis=1)
    from_start = (pixels**2).sum(axis=1)[:, None] - 2 * pixels @ starts.T + (starts**2).sum(axis=1)
    part = np.clip(projection / length_squared, 0, 1)
    squared = from_start + part * (part * length_squared - 2 * projection)
    distances = np.sqrt(np.maximum(squared, 0)) - start_radii - part * (end_radii - start_radii)
    return distances.min(axis=1)


def signatures(glyph: tuple[_Stroke, ...]) -> Floats:
    """Returns [18, pixels], unit vectors: the letter drawn small, shifted a pixel and mirrored."""
    lines = [_polyline(stroke) for stroke in glyph]
    starts = np.concatenate([line[:-1] for line in lines])
    ends = np.concatenate([line[1:] for line in lines])
    thin = np.zeros(len(starts), np.float32)
    distances = _distances(1.4 * pixel_centres(_SIGNATURE_SIZE), starts, ends, thin, thin)
    plain = np.clip(1.25 - distances / 0.25, 0, 1).reshape(_SIGNATURE_SIZE, _SIGNATURE_SIZE)
    variants = [
        np.roll(picture, (dy, dx), axis=(0, 1)).ravel()
        for picture in (plain, plain[:, ::-1])
        for dy in (0, -1, 1)
        for dx in (0, -1, 1)
    ]
    return np.array(variants) / np.linalg.norm(plain)


@functools.cache
def _digit_signatures() -> Floats:
    return np.stack([signatures(_parse(digit))[0] for digit in _DIGITS])


def likeness_to_digits(glyph: tuple[_Stroke, ...]) -> float:
    """Returns how like the likest digit a letter or its mirror image is, up to 1.

    The letter is given the digits' proportions first, for hands stretch what they write.
    """
    fitted = _fit(glyph, half_width=0.6, most_stretched=3)
    return float((signatures(fitted) @ _digit_signatures().T).max())


def invented() -> tuple[tuple[_Stroke, ...], ...]:
    """Returns the letters, class by class."""
    return tuple(map(_invent_glyph, CANDIDATES))


def search(num_glyphs: int) -> tuple[int, ...]:
    """Returns the first candidates that are unlike all earlier ones and all digits.

    The mirror image counts too, as training flips its pictures. Takes seconds: CANDIDATES keeps
    what it found.
    """
    accepted: list[int] = []
    letters = np.zeros([num_glyphs, _SIGNATURE_SIZE**2], np.float32)
    for candidate in itertools.count():
        if len(accepted) == num_glyphs:
            return tuple(accepted)
        glyph = _invent_glyph(candidate)
        if likeness_to_digits(glyph) > _MAX_LIKENESS_TO_DIGITS:
            continue
        variants = signatures(glyph)
        if (variants @ letters.T).max() < _MAX_SIMILARITY:
            letters[len(accepted)] = variants[0]
            accepted.append(candidate)
    raise AssertionError


def draw_glyph(index: int, rng: np.random.Generator, size: int) -> Floats:
    """Writes a letter by hand.

    Args:
      index: 0 <= index < len(CANDIDATES).
      rng: the source of chance.
      size: pixels along a side.

    Returns:
      float32 [size, size] in [0, 1], how much ink each pixel holds.
    """
    # On few pixels a thin pen would leave no trace.
    thinnest, thickest = (0.10, 0.20) if size < 20 else (0.05, 0.17)
    radius = np.exp(rng.uniform(np.log(thinnest), np.log(thickest)))
    wobble = rng.uniform(0.03, 0.15)
    slant = np.array([[1, -rng.normal(0, 0.2)], [0, 1]])
    stretch = np.diag(rng.uniform([0.6, 0.75], 1.1)) * rng.uniform(0.7, 1)
    pose = rotation(rng.normal(0, np.radians(8))) @ slant @ stretch
    shift = rng.normal(0, 0.05, 2)
    # A broad nib is thin along one direction: that is a round one on a stretched canvas.
    nib = np.eye(2)
    if rng.uniform() < 0.3:
        turn = rotation(rng.uniform(0, np.pi))
        nib = turn.T @ np.diag([1, rng.uniform(1.2, 2)]) @ turn
    starts, ends, start_radii, end_radii = [], [], [], []
    for stroke in _invent_glyph(CANDIDATES[index]):
        jitter = rng.normal(0, wobble, stroke.points.shape) + rng.normal(0, wobble / 2, 2)
        line = _polyline(stroke._replace(points=stroke.points + jitter))
        line = (line @ pose.T + shift) @ nib
        pressure = np.sin(rng.uniform(0, 2 * np.pi) + np.linspace(0, 3, len(line)))
        radii = radius * (1 + rng.uniform(0, 0.3) * pressure)
        starts.append(line[:-1])
        ends.append(line[1:])
        start_radii.append(radii[:-1])
        end_radii.append(radii[1:])
    segments = (np.concatenate(part) for part in (starts, ends, start_radii, end_radii))
    # Distances are smooth: every other pixel suffices, for a quarter of the work.
    coarse = size // 2 if size >= 32 else size
    distances = _distances(
        (pixel_centres(coarse) @ nib).astype(np.float32),
        *(part.astype(np.float32) for part in segments),
    )
    return coverage(enlarge(distances.reshape(coarse, coarse), size, "centre"), rng, size)
