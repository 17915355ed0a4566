"""A panel for each data set: accuracy on a logit axis against a number on a logarithmic one."""

from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import ArrayLike

from repro.figures import logit_axis, names, page

_PANEL = 1.6  # inches, the least width of a panel
_PANEL_HEIGHT = 1.35  # inches
_LABELS = 0.35  # inches, below the last row
_MOST_TICKS = 5


def new_panels(
    datasets: Sequence[str],
    *,
    width: float,
    x_label: str,
    handles: Sequence[Artist],
    note: str,
    title: str | None,
) -> tuple[Figure, dict[str, Axes]]:
    """Returns a figure and the empty panel of each data set; the figure says so if there is none.

    Args:
      datasets: in the order of the panels.
      width: inches.
      x_label: of all panels.
      handles: of the legend.
      note: below it.
      title: above all.
    """
    shape = page.grid_shape(max(1, len(datasets)), width, _PANEL)
    height = shape[0] * _PANEL_HEIGHT + _LABELS if datasets else 0.7
    new = page.new_page(width, height, handles=handles, note=note, title=title)
    if not datasets:
        page.say(new.body, "no results")
        return new.figure, {}
    axes = page.panel_grid(new.body, len(datasets), shape)
    new.body.supxlabel(x_label, fontsize=page.SMALL)
    new.body.supylabel("Accuracy (%)", fontsize=page.SMALL)
    for i, (axis, dataset) in enumerate(zip(axes, datasets, strict=True)):
        logit_axis.use(axis.yaxis)
        axis.set_xscale("log")
        page.tidy(axis)
        axis.set_title(names.dataset_label(dataset), fontsize=page.SMALL, pad=2)
        if i + shape[1] < len(axes):  # another panel is below this one
            axis.tick_params(labelbottom=False)
    return new.figure, dict(zip(datasets, axes, strict=True))


def set_ranges(axis: Axes, numbers: ArrayLike, fractions: ArrayLike) -> None:
    """Sets limits and ticks of a panel.

    Args:
      axis: to set.
      numbers: positive, all that the figure has; ticks are at some of them.
      fractions: all that the panel has.
    """
    numbers = np.unique(np.asarray(numbers, dtype=float))
    reach = np.log(numbers[-1] / numbers[0]) or 1.0
    margin = np.exp(0.06 * reach)
    axis.set_xlim(numbers[0] / margin, numbers[-1] * margin)
    axis.xaxis.set_major_locator(FixedLocator(_thinned(numbers, reach / _MOST_TICKS)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda number, _: short(number)))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_ylim(logit_axis.limits(fractions, margin=0.1))


def line_look(setting: str) -> dict[str, object]:
    """Returns colour, marker and width of a setting's line."""
    return {
        "color": names.SETTING_COLORS.get(setting, names.OTHER_COLOR),
        "marker": names.SETTING_MARKERS.get(setting, "o"),
        "markersize": 3.8,
        "markeredgecolor": "white",
        "markeredgewidth": 0.3,
        "linewidth": 1.1,
    }


def legend_handle(setting: str) -> Line2D:
    """Returns a setting's entry of the legend."""
    return Line2D([], [], label=names.setting_label(setting), **line_look(setting))


def short(number: float) -> str:
    """Returns a number with at most three digits: 39062 is "39k"."""
    if number < 1000:
        return f"{number:.3g}"
    thousands = number / 1000
    return (
        f"{thousands:.1f}k" if thousands < 10 and round(thousands, 1) % 1 else f"{thousands:.0f}k"
    )


def _thinned(numbers: Iterable[float], distance: float) -> list[float]:
    """Returns those that are about a distance of logarithms apart or more, from the least on."""
    kept: list[float] = []
    for number in numbers:
        if not kept or np.log(number / kept[-1]) >= 0.95 * distance:  # steps are rounded
            kept.append(number)
    return kept
