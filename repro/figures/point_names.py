"""Names of the points of a panel, in a column beside it, each with a line to its point."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from repro.figures import page

_LINE = 0.115  # inches, of `page.TINY` text
_COLUMN = 1.03  # of the panel's width
_LEADER_COLOR = "#AAAAAA"


def write(
    axis: Axes,
    x: np.ndarray,
    y: np.ndarray,
    labels: Sequence[str],
    colors: Sequence[str],
    height: float,
) -> None:
    """Writes the names in the points' order from top to bottom, as near to them as there is room.

    Args:
      axis: with its limits set.
      x: [n] as drawn.
      y: [n] as drawn, on a linear axis.
      labels: the n names.
      colors: theirs.
      height: inches, about that of the axis.
    """
    low, high = axis.get_ylim()
    order = np.argsort(y, kind="stable")
    distance = min(_LINE / height, 1 / max(1, len(y) - 1))
    places = apart((np.asarray(y)[order] - low) / (high - low), distance)
    for place, i in zip(places, order, strict=True):
        axis.annotate(
            labels[i],
            (x[i], y[i]),
            (_COLUMN, place),
            textcoords="axes fraction",
            fontsize=page.TINY,
            color=colors[i],
            va="center",
            arrowprops={
                "arrowstyle": "-",
                "linewidth": 0.3,
                "color": _LEADER_COLOR,
                "shrinkA": 0,
                "shrinkB": 2,
                "relpos": (0, 0.5),
            },
        )


def apart(wanted: np.ndarray, distance: float) -> np.ndarray:
    """Returns places that are at least a distance apart, in the order of those that are wanted.

    Neighbours that are too close are spread about their common mean, as one block.

    Args:
      wanted: [n] places in rising order, in [0, 1].
      distance: at most 1 / (n - 1), so that there is room for all.

    Returns:
      [n] places in [0, 1].
    """
    centers, sizes = [], []
    for place in wanted:
        center, size = float(np.clip(place, 0, 1)), 1
        while centers and center - centers[-1] < distance * (size + sizes[-1]) / 2:
            last, before = sizes.pop(), centers.pop()
            center = (center * size + before * last) / (size + last)
            size += last
            half = distance * (size - 1) / 2
            center = float(np.clip(center, half, max(half, 1 - half)))
        centers.append(center)
        sizes.append(size)
    blocks = [
        center + distance * (np.arange(size) - (size - 1) / 2)
        for center, size in zip(centers, sizes, strict=True)
    ]
    return np.concatenate(blocks) if blocks else np.empty(0)
