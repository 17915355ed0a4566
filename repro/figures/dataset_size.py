"""Figure 6: accuracy against the number of training examples of a class, in three settings.

"Performance of Inception v4 at different dataset sizes. Error bars reflect standard error over 3
subsets." Mean and standard error are those of logits, as the axis is logit-scaled.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from repro.figures import cells, curves, names, page, style
from repro.statistics import inverse_logit, logit, standard_error

SETTINGS = ("logistic_regression", "finetune", "random_init")
COLUMNS = ("dataset", "setting", "examples_per_class", "subset", "value")
_MOST_NAMED = 6


def draw(
    runs: pd.DataFrame,
    *,
    settings: Sequence[str] = SETTINGS,
    width: float = page.PAPER_WIDTH,
    title: str | None = None,
) -> Figure:
    """Draws Figure 6.

    Args:
      runs: of one network, a row a subset that was trained on, with the columns dataset, setting,
        examples_per_class (positive), subset (which of the draws of this size) and value (percent;
        NaN is a missing run, which the note names). A size with one subset has no error bar.
      settings: a line each.
      width: inches.
      title: above all.

    Raises:
      ValueError: a column is missing, or two rows have one data set, setting, size and subset.
    """
    cells.checked(runs, COLUMNS, unique=COLUMNS[:4])
    rows = runs[runs["setting"].isin(settings)]
    usable = rows[(rows["value"] > 0) & (rows["value"] < 100)]
    datasets = names.in_order(usable["dataset"])
    present = [setting for setting in settings if (usable["setting"] == setting).any()]
    with style.styled():
        figure, axes = curves.new_panels(
            datasets,
            width=width,
            x_label="Training examples per class",
            handles=[curves.legend_handle(setting) for setting in present],
            note=cells.lines_of((s, "; ".join(_lacks(runs, s))) for s in settings),
            title=title,
        )
        for dataset, axis in axes.items():
            here = usable[usable["dataset"] == dataset]
            ends = [
                _draw_line(axis, setting, here[here["setting"] == setting])
                for setting in present
                if (here["setting"] == setting).any()
            ]
            curves.set_ranges(axis, usable["examples_per_class"], np.concatenate(ends))
    return figure


def _draw_line(axis: Axes, setting: str, rows: pd.DataFrame) -> np.ndarray:
    """Draws a setting's means and error bars, and returns all their ends, fractions."""
    table = rows.pivot(index="examples_per_class", columns="subset", values="value").astype(float)
    logits = logit(table.sort_index().to_numpy() / 100)
    means = np.nanmean(logits, axis=1)
    errors = np.nan_to_num(standard_error(logits))
    center, low, high = inverse_logit([means, means - errors, means + errors])
    axis.errorbar(
        table.sort_index().index.to_numpy(float),
        center,
        [center - low, high - center],
        elinewidth=0.9,
        **curves.line_look(setting),
    )
    return np.concatenate([low, high])


def _lacks(runs: pd.DataFrame, setting: str) -> Iterator[str]:
    rows = runs[runs["setting"] == setting]
    if not rows["value"].notna().any():
        yield "no results"
        return
    sizes = rows.groupby(["dataset", "examples_per_class"])["value"].count()
    wanted = rows.groupby("examples_per_class")["subset"].nunique()
    every = pd.MultiIndex.from_product([names.in_order(rows["dataset"]), wanted.index])
    counts = sizes.reindex(every, fill_value=0)
    empty = [d for d in every.unique(0) if not counts[d].any()]
    if empty:
        yield f"no results on {cells.listed(map(names.dataset_label, empty))}"
    lacking = [
        f"{names.dataset_label(dataset)} at {size:g} per class ({count} of {wanted[size]} subsets)"
        for (dataset, size), count in counts.items()
        if dataset not in empty and count < wanted[size]
    ]
    if lacking:
        yield f"missing {cells.listed(lacking, _MOST_NAMED)}"
    extreme = rows[(rows["value"] <= 0) | (rows["value"] >= 100)]
    if len(extreme):
        words = cells.listed(
            (
                f"{names.dataset_label(row.dataset)} at {row.examples_per_class:g} per class "
                f"({row.value:g}%)"
                for row in extreme.itertuples()
            ),
            _MOST_NAMED,
        )
        yield f"left out, as their logit is not finite: {words}"
