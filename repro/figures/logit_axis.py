"""Logit-scaled axes with ticks in percent, which most of the paper's figures have (Section 3).

What is drawn on such an axis is a fraction between 0 and 1; its ticks read 50, 80, 90, 95, 98.
"""

import numpy as np
from matplotlib.axis import Axis, XAxis
from matplotlib.ticker import FuncFormatter, Locator, NullFormatter, NullLocator
from numpy.typing import ArrayLike

from repro.statistics import inverse_logit, logit

# Sets of ticks that a reader finds natural: in the first the odds change by about ten, then more,
# then by two, and in the others there is one step between the percentages.
_HALVED_ODDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
_STEPS = (10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
_TENTHS = (1e-4, 0.001, 0.01, 0.1, 1, 10)
_FAMILIES = (
    np.array([*_TENTHS, 50, *(100 - p for p in reversed(_TENTHS))]),
    np.array([0.01, 1, 50, 99, 99.99]),
    np.unique([*_HALVED_ODDS, *(100 - p for p in _HALVED_ODDS)]),
    np.array([1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 98, 99]),
    *(np.arange(1, round(100 / step)) * step for step in _STEPS),
)
_LEAST_TICKS, _MOST_TICKS = 2, 8
_LABEL_WIDTH, _LABEL_HEIGHT = 15, 11  # points, with the space about it
_WIDEST = (1e-6, 1 - 1e-6)  # of an axis without data


class PercentLocator(Locator):
    """Places ticks at round percentages, as evenly as the logit scale allows.

    Of the families of round numbers it takes the one that leaves the smallest gap without a tick,
    among those whose ticks are not closer to each other than the labels' size allows.
    """

    def __call__(self) -> np.ndarray:
        """Returns the ticks of the axis as it is now, fractions in rising order."""
        low, high = sorted(self.axis.get_view_interval())
        return self.tick_values(low, high)

    def tick_values(self, vmin: float, vmax: float) -> np.ndarray:
        """Returns ticks between two fractions, at least one of them not 0 or 1."""
        low, high = logit(np.clip([vmin, vmax], *_WIDEST))
        candidates = [_inside(family, low, high) for family in _FAMILIES]
        several = [ticks for ticks in candidates if ticks.size >= _LEAST_TICKS]
        for most in range(self._room(), 20):  # closer and closer, until two fit
            least = (high - low) / most
            fitting = [ticks for ticks in several if np.diff(ticks).min() >= least]
            if fitting:
                return inverse_logit(min(fitting, key=lambda t: _largest_gap(t, low, high)))
        return inverse_logit(max(candidates, key=len)[:_LEAST_TICKS])

    def _room(self) -> int:
        """Returns how many labels the axis has room for."""
        if self.axis is None:
            return _MOST_TICKS
        axes = self.axis.axes
        across = isinstance(self.axis, XAxis)
        box = axes.get_window_extent()
        points = 72 / axes.figure.dpi * (box.width if across else box.height)
        room = points / (_LABEL_WIDTH if across else _LABEL_HEIGHT)
        return int(np.clip(room, _LEAST_TICKS, _MOST_TICKS))


def use(axis: Axis) -> None:
    """Gives `axes.xaxis` or `axes.yaxis` a logit scale with ticks in percent."""
    scale = axis.axes.set_xscale if isinstance(axis, XAxis) else axis.axes.set_yscale
    scale("logit")
    axis.set_major_locator(PercentLocator())
    axis.set_major_formatter(FuncFormatter(percent))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())


def limits(fractions: ArrayLike, margin: float = 0.07, least: float = 0.1) -> tuple[float, float]:
    """Returns limits about all fractions.

    Args:
      fractions: of any shape; NaN and what has no finite logit is left out. With none left the
        limits are 10% and 90%.
      margin: on either side, part of the range in log odds.
      least: range without the margins, in log odds, so that one point is not the whole axis.
    """
    fractions = np.asarray(fractions, dtype=float)
    usable = fractions[(fractions > 0) & (fractions < 1)]
    if not usable.size:
        return 0.1, 0.9
    logits = logit(usable)
    low, high = logits.min(), logits.max()
    widen = max(0.0, least - (high - low)) / 2
    low, high = low - widen, high + widen
    padding = margin * (high - low)
    low, high = inverse_logit([low - padding, high + padding])
    return float(low), float(high)


def percent(fraction: float, _position: int | None = None) -> str:
    """Returns a fraction in percent with the fewest digits that tell it: 0.5 is "50"."""
    return f"{round(100 * fraction, 6):g}"


def _inside(family: np.ndarray, low: float, high: float) -> np.ndarray:
    logits = logit(family / 100)
    return logits[(logits >= low) & (logits <= high)]


def _largest_gap(ticks: np.ndarray, low: float, high: float) -> float:
    return float(np.diff([low, *ticks, high]).max())
