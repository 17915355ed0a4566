"""A page of panels: the panels, below them one legend, and a note of what is missing."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from repro.figures import style

PAPER_WIDTH = 7.2  # inches, both columns of a page
NARROW_WIDTH = 4.2  # inches, one column, or a telephone
SMALL, TINY = 7, 6  # points
_CHARACTER = 0.05  # inches, of `SMALL` text
_LINE = 0.128  # inches, of `SMALL` text
_HANDLE = 0.45  # inches, a legend's symbol and the space after a column
NOTE_COLOR = "#555555"


@dataclass(frozen=True, eq=False)
class Page:
    """A figure in the making.

    Attributes:
      figure: the whole, which is what is returned and written.
      body: where the panels go.
    """

    figure: Figure
    body: SubFigure


def new_page(
    width: float,
    height: float,
    *,
    handles: Sequence[Artist] = (),
    note: str = "",
    title: str | None = None,
) -> Page:
    """Returns a page whose body is `height` inches high, and that is higher by what is below it.

    Args:
      width: inches.
      height: inches, of the body.
      handles: of the legend, with labels.
      note: what is missing, a line each; long lines are wrapped.
      title: above the body.
    """
    note_lines = wrapped(note, width)
    columns, rows = _legend_shape(handles, width)
    footer = _LINE * (len(note_lines) + 1.15 * rows) + 0.12
    head = 0.25 if title else 0.0
    figure = style.new_figure(width, height + footer + head)
    body, bottom = figure.subfigures(2, 1, height_ratios=[height + head, footer])
    if title:
        body.suptitle(title, fontsize=9)
    if handles:
        bottom.legend(
            handles=list(handles),
            loc="upper center",
            ncols=columns,
            frameon=False,
            fontsize=SMALL,
            handletextpad=0.4,
            columnspacing=1.2,
            borderaxespad=0.1,
            labelspacing=0.3,
        )
    if note_lines:
        bottom.text(
            0.01,
            0.04 / footer,
            "\n".join(note_lines),
            fontsize=SMALL,
            color=NOTE_COLOR,
            va="bottom",
            linespacing=1.25,
        )
    return Page(figure, body)


def grid_shape(num_panels: int, width: float, panel: float, most: int = 6) -> tuple[int, int]:
    """Returns rows and columns of a grid of panels.

    Args:
      num_panels: at least 1.
      width: inches, of the grid.
      panel: inches, the least width of a panel.
      most: columns.
    """
    columns = max(1, min(int(width / panel), most, num_panels))
    rows = -(-num_panels // columns)
    return rows, -(-num_panels // rows)  # 12 panels are 3 rows of 4 and not of 5


def panel_grid(
    figure: Figure | SubFigure, num_panels: int, shape: tuple[int, int], **options
) -> list[Axes]:
    """Returns the axes of a grid, row by row, without those left over in the last row."""
    axes = np.asarray(figure.subplots(*shape, squeeze=False, **options)).ravel()
    for unused in axes[num_panels:]:
        unused.remove()
    return list(axes[:num_panels])


def tidy(axis: Axes) -> None:
    """Gives an axis small ticks, and spines on two sides only."""
    axis.tick_params(labelsize=TINY, length=2, width=0.5, pad=1.5)
    axis.spines[["top", "right"]].set_visible(False)


def say(figure: Figure | SubFigure, text: str) -> None:
    """Writes in the place of panels why there are none."""
    figure.text(0.5, 0.5, text, ha="center", va="center", fontsize=9, color=NOTE_COLOR)


def wrapped(note: str, width: float) -> list[str]:
    """Returns the lines of `SMALL` text that fit into a width in inches."""
    characters = max(20, int(0.97 * width / _CHARACTER))
    return [
        part
        for line in note.splitlines()
        for part in textwrap.wrap(line, characters, break_on_hyphens=False)
    ]


def _legend_shape(handles: Sequence[Artist], width: float) -> tuple[int, int]:
    if not handles:
        return 1, 0
    longest = max(len(handle.get_label()) for handle in handles)
    columns = int(width / (longest * _CHARACTER + _HANDLE))
    columns = max(1, min(columns, len(handles)))
    rows = -(-len(handles) // columns)
    return -(-len(handles) // rows), rows
