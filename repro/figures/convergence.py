"""Figure 5: accuracy against the number of training steps, fine-tuned and from random weights.

"Networks pretrained on ImageNet converge faster. Each point represents an independent Inception v4
model trained with optimized hyperparameters." A ring marks the fewest steps that reach 90% of the
maximum odds of correct classification at any number of steps, and the note has their geometric mean
over data sets with its quartiles (Section 4.5).
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from repro.figures import cells, curves, names, page, style
from repro.statistics import Convergence, steps_to_fraction_of_best_odds

SETTINGS = ("finetune", "random_init")
COLUMNS = ("dataset", "setting", "steps", "value")
FRACTION = 0.9
_MOST_NAMED = 6
_RING = {
    "marker": "o",
    "markersize": 8,
    "markerfacecolor": "none",
    "markeredgecolor": "black",
    "markeredgewidth": 0.8,
}


def draw(
    runs: pd.DataFrame,
    *,
    settings: Sequence[str] = SETTINGS,
    train_sizes: Mapping[str, int] | None = None,
    batch_size: int = 256,
    width: float = page.PAPER_WIDTH,
    title: str | None = None,
) -> Figure:
    """Draws Figure 5.

    Args:
      runs: of one network, a row an independent run, with the columns dataset, setting, steps
        (positive) and value (percent; NaN is a missing run, which the note names).
      settings: a line each.
      train_sizes: examples that each data set was trained on; with all of them the note has epochs
        too.
      batch_size: of the runs.
      width: inches.
      title: above all.

    Raises:
      ValueError: a column is missing, or two rows have one data set, setting and number of steps.
    """
    cells.checked(runs, COLUMNS, unique=COLUMNS[:3])
    tables = {setting: _table(runs, setting) for setting in settings}
    usable = {s: t.where((t > 0) & (t < 1)).dropna(how="all", axis=1) for s, t in tables.items()}
    datasets = names.in_order(d for table in usable.values() for d in table.columns)
    reached = {
        s: steps_to_fraction_of_best_odds(table.index, table, fraction=FRACTION)
        for s, table in usable.items()
        if not table.empty
    }
    handles = [curves.legend_handle(setting) for setting in reached]
    if reached:
        label = f"fewest steps with {FRACTION:.0%} of the maximum odds"
        handles.append(Line2D([], [], linestyle="", label=label, **_RING))
    note = [
        f"{names.setting_label(s)}: {FRACTION:.0%} of the maximum odds after "
        + _summary(reached[s], usable[s].columns, train_sizes, batch_size)
        for s in reached
    ]
    lacks = cells.lines_of((s, "; ".join(_lacks(table))) for s, table in tables.items())
    with style.styled():
        figure, axes = curves.new_panels(
            datasets,
            width=width,
            x_label="Training steps",
            handles=handles,
            note="\n".join(filter(None, [*note, lacks])),
            title=title,
        )
        for dataset, axis in axes.items():
            lines = {s: table[dataset].dropna() for s, table in usable.items() if dataset in table}
            for setting, line in lines.items():
                place = usable[setting].columns.get_loc(dataset)
                _draw_line(axis, setting, line, reached[setting].per_dataset[place])
            curves.set_ranges(axis, _steps(usable), pd.concat(lines.values()))
    return figure


def _table(runs: pd.DataFrame, setting: str) -> pd.DataFrame:
    """Returns fractions, numbers of steps by data sets."""
    rows = runs[runs["setting"] == setting]
    table = rows.pivot(index="steps", columns="dataset", values="value").astype(float) / 100
    return table.sort_index()[names.in_order(rows["dataset"])]


def _draw_line(axis: Axes, setting: str, line: pd.Series, steps: float) -> None:
    axis.plot(line.index, line, **curves.line_look(setting))
    axis.plot([steps], [line[steps]], linestyle="", zorder=3, **_RING)


def _steps(tables: Mapping[str, pd.DataFrame]) -> np.ndarray:
    return np.concatenate([t.dropna(how="all").index.to_numpy(float) for t in tables.values()])


def _summary(
    reached: Convergence,
    datasets: pd.Index,
    train_sizes: Mapping[str, int] | None,
    batch_size: int,
) -> str:
    words = f"{reached.geometric_mean:,.0f} steps (quartiles {_quartiles(reached)})"
    if train_sizes is not None and all(dataset in train_sizes for dataset in datasets):
        sizes = [train_sizes[dataset] for dataset in datasets]
        epochs = reached.in_epochs(sizes, batch_size)
        words += f", {epochs.geometric_mean:,.0f} epochs ({_quartiles(epochs)})"
    return f"{words}, geometric mean over {cells.counted(len(datasets), 'data set')}."


def _quartiles(reached: Convergence) -> str:
    return f"{reached.lower_quartile:,.0f}–{reached.upper_quartile:,.0f}"


def _lacks(table: pd.DataFrame) -> Iterator[str]:
    if not table.notna().any(axis=None):
        yield "no results"
        return
    empty = table.columns[table.isna().all()]
    if len(empty):
        yield f"no results on {cells.listed(map(names.dataset_label, empty))}"
    kept = table.drop(columns=empty)
    missing = [
        f"{names.dataset_label(dataset)} after {steps:,} steps"
        for dataset in kept
        for steps in kept.index[kept[dataset].isna()]
    ]
    if missing:
        yield f"missing {cells.listed(missing, _MOST_NAMED)}"
    extreme = [
        f"{names.dataset_label(dataset)} after {steps:,} steps ({100 * value:g}%)"
        for (steps, dataset), value in kept.stack().dropna().items()
        if not 0 < value < 1
    ]
    if extreme:
        words = cells.listed(extreme, _MOST_NAMED)
        yield f"left out, as their logit is not finite: {words}"
