"""What has been drawn, read from a figure's artists; and results to draw."""

import functools
import itertools

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.text import Text

from repro.paper import tables


@functools.cache
def printed_results() -> pd.DataFrame:
    """Returns Table 5, a row a cell."""
    parts = [
        tables.table5_accuracies(setting)
        .stack()
        .rename("value")
        .reset_index()
        .assign(setting=setting)
        for setting in tables.SETTINGS
    ]
    return pd.concat(parts, ignore_index=True)


def some_results() -> pd.DataFrame:
    """Returns three networks on two data sets in two settings, with one cell missing."""
    cells = printed_results()
    cells = cells[
        cells["model"].isin(["inception_v4", "resnet_v1_50", "mobilenet_v1"])
        & cells["dataset"].isin(["cars", "pets"])
        & (cells["setting"] != "random_init")
    ]
    missing = (cells["model"] == "resnet_v1_50") & (cells["dataset"] == "pets")
    return cells[~(missing & (cells["setting"] == "finetune"))].reset_index(drop=True)


def fractions(setting: str) -> np.ndarray:
    """Returns Table 5's [networks, data sets]."""
    return tables.table5_accuracies(setting).to_numpy() / 100


def points(axis: Axes) -> np.ndarray:
    """Returns what was scattered on an axis, [n, 2]."""
    found = [c.get_offsets() for c in axis.collections if isinstance(c, PathCollection)]
    return np.concatenate(found) if found else np.empty((0, 2))


def point_colors(axis: Axes) -> np.ndarray:
    """Returns the colours of scattered points, [n, 4]."""
    found = [
        np.broadcast_to(c.get_facecolors(), (len(c.get_offsets()), 4))
        for c in axis.collections
        if isinstance(c, PathCollection)
    ]
    return np.concatenate(found)


def texts(figure: Figure) -> list[str]:
    """Returns everything that is written in a figure, with ordinary spaces."""
    found = figure.findobj(Text)
    return [text.get_text().replace("\u00a0", " ") for text in found if text.get_text()]


def note(figure: Figure) -> str:
    """Returns all that is written, unwrapped."""
    return " ".join(" ".join(texts(figure)).split())


def unreadable(figure: Figure) -> list[str]:
    """Returns texts that are cut off by the figure's edge, and pairs that are on one another."""
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    boxes = [
        (text.get_text(), Text.get_window_extent(text, renderer))
        for text in figure.findobj(Text)
        if text.get_text().strip() and text.get_visible() and _is_in_view(text)
    ]
    edge = figure.bbox.padded(1)
    cut = [
        name
        for name, box in boxes
        if box.x0 < edge.x0 or box.y0 < edge.y0 or box.x1 > edge.x1 or box.y1 > edge.y1
    ]
    return cut + [
        f"{first[0]} / {second[0]}"
        for first, second in itertools.combinations(boxes, 2)
        if first[1].padded(-1).overlaps(second[1].padded(-1))
    ]


def _is_in_view(text: Text) -> bool:
    """Whether a text is drawn: a tick's label is not where its tick is out of view."""
    axis = text.axes
    if axis is None:
        return True
    if not axis.axison:
        return text in axis.texts
    for one in (axis.xaxis, axis.yaxis):
        low, high = sorted(one.get_view_interval())
        for tick in one.get_major_ticks():
            if text is tick.label1:
                return tick.label1.get_visible() and low <= tick.get_loc() <= high
            if text is tick.label2:
                return False
    return True
