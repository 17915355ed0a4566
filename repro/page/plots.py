"""Small plots of one run, drawn by hand: a matplotlib figure for each of 444 would weigh too much.

Lines have the colour of the text around them.
"""

import math
from collections.abc import Sequence

from repro.page.html import Markup, element

_WIDTH, _HEIGHT = 360, 120
_LEFT, _BOTTOM, _TOP, _RIGHT = 48, 18, 8, 10
_MOST_POINTS = 120


def line_plot(
    x: Sequence[float],
    y: Sequence[float],
    description: str,
    *,
    log_x: bool = False,
    log_y: bool = False,
    marked: int | None = None,
) -> Markup | None:
    """Returns a line as SVG, with its ends' numbers; None if fewer than two points are finite.

    Args:
      x: of the points, in their order; positive if log_x.
      y: likewise.
      description: for those who cannot see it.
      log_x: whether the x-axis is logarithmic.
      log_y: whether the y-axis is.
      marked: place of a point that gets a ring.
    """
    points = [
        (i, *point)
        for i, point in enumerate(zip(x, y, strict=True))
        if all(map(math.isfinite, point)) and (point[0] > 0 or not log_x)
    ]
    log_y = log_y and all(point[2] > 0 for point in points)
    if len(points) < 2:
        return None
    across = _Scale([p[1] for p in points], _LEFT, _WIDTH - _RIGHT, log_x)
    up = _Scale([p[2] for p in points], _HEIGHT - _BOTTOM, _TOP, log_y)
    stride = -(-len(points) // _MOST_POINTS)
    kept = points[::stride]
    if kept[-1] != points[-1]:
        kept.append(points[-1])
    path = " ".join(f"{across(p[1]):.1f},{up(p[2]):.1f}" for p in kept)
    rings = [
        element("circle", cx=f"{across(p[1]):.1f}", cy=f"{up(p[2]):.1f}", r=4, class_="ring")
        for p in points
        if p[0] == marked
    ]
    return element(
        "svg",
        element("path", class_="axis", d=_frame()),
        element("polyline", points=path),
        rings,
        _label(across.low, _LEFT, _HEIGHT - 4, "start"),
        _label(across.high, _WIDTH - _RIGHT, _HEIGHT - 4, "end"),
        _label(up.low, _LEFT - 4, _HEIGHT - _BOTTOM, "end"),
        _label(up.high, _LEFT - 4, _TOP + 8, "end"),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        class_="plot",
        role="img",
        aria_label=description,
    )


class _Scale:
    """From a number to its place in pixels.

    Args:
      values: all that are drawn.
      start: place of the least.
      end: place of the largest.
      is_log: whether it is logarithmic.
    """

    def __init__(self, values: Sequence[float], start: float, end: float, is_log: bool):
        self.low, self.high = min(values), max(values)
        self._start, self._end = start, end
        self._transform = math.log if is_log else float

    def __call__(self, value: float) -> float:
        low, high = self._transform(self.low), self._transform(self.high)
        part = (self._transform(value) - low) / (high - low) if high > low else 0.5
        return self._start + part * (self._end - self._start)


def _frame() -> str:
    bottom = _HEIGHT - _BOTTOM
    return f"M{_LEFT} {_TOP}V{bottom}H{_WIDTH - _RIGHT}"


def _label(value: float, x: float, y: float, anchor: str) -> Markup:
    shown = f"{value:,.0f}" if 1000 <= value < 1e6 else f"{value:.3g}"
    return element("text", shown, x=x, y=y, text_anchor=anchor)
