"""Figure 4: accuracy in each setting, averaged over networks, beside the previous state of the art.

Bars are means over networks (the paper leaves out VGG, which it did not train from scratch), error
bars standard errors, points networks, lines the best results known before. The mean is one of
logits, as in all of the paper's averages (Section 3), and the axis is logit-scaled: the distance
of two bars is the odds ratio that Section 4.4 reads off this figure. Bars begin at the axis' lower
end, as a logit axis has no zero.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from repro.figures import cells, logit_axis, names, page, style
from repro.statistics import inverse_logit, logit, standard_error

SETTINGS = ("logistic_regression", "finetune", "random_init")
EXCLUDED = ("vgg_16", "vgg_19")
_GROUP = 0.55  # inches, the least width of a data set's bars
_HEIGHT = 2.4  # inches, of a row of panels
_LEAST_PLACES = 4  # of data sets, so that the bars of one are not the whole axis
_GROUP_PART = 0.84  # of the room of a data set, the rest is the space between two


def draw(
    results: pd.DataFrame,
    previous: Mapping[str, float] | None = None,
    networks: pd.DataFrame | None = None,
    *,
    settings: Sequence[str] = SETTINGS,
    exclude: Sequence[str] = EXCLUDED,
    width: float = page.PAPER_WIDTH,
    title: str | None = None,
) -> Figure:
    """Draws Figure 4.

    Args:
      results: a row a cell, with the columns model, dataset, setting and value (percent; NaN is a
        missing cell, which the note names).
      previous: percent by data set, as `paper.table2()["previous_accuracy"]`; a data set without
        one has no line.
      networks: indexed by model, with a column paper_name, for the names in the note.
      settings: a bar each.
      exclude: models that are neither averaged nor drawn.
      width: inches; where the data sets do not fit into one row there are more.
      title: above all.
    """
    kept = results[~results["model"].isin(exclude)]
    tables = [cells.setting_table(kept, setting) for setting in settings]
    datasets = names.in_order(d for table in tables for d in table.fractions.columns)
    previous = {} if previous is None else dict(previous)
    shape = page.grid_shape(max(1, len(datasets)), width - 0.5, _GROUP, most=24)
    limits = _limits(tables, [previous.get(dataset, np.nan) for dataset in datasets])
    with style.styled():
        new = page.new_page(
            width,
            _HEIGHT * shape[0],
            handles=_legend_handles(settings, bool(previous)),
            note=cells.note_of(tables, names.network_labels(networks)),
            title=title,
        )
        if not datasets:
            page.say(new.body, "no results")
            return new.figure
        axes = page.panel_grid(new.body, shape[0], (shape[0], 1))
        for i, axis in enumerate(axes):
            shown = datasets[i * shape[1] : (i + 1) * shape[1]]
            _draw_row(axis, tables, shown, previous, limits, shape[1])
    return new.figure


def _draw_row(
    axis: Axes,
    tables: Sequence[cells.SettingTable],
    datasets: Sequence[str],
    previous: Mapping[str, float],
    limits: tuple[float, float],
    places: int,
) -> None:
    logit_axis.use(axis.yaxis)
    page.tidy(axis)
    bar = _GROUP_PART / len(tables)
    for i, table in enumerate(tables):
        offset = (i - (len(tables) - 1) / 2) * bar
        for place, dataset in enumerate(datasets):
            if dataset in table.fractions:
                accuracies = table.fractions[dataset].dropna().to_numpy()
                _draw_bar(axis, place + offset, bar, accuracies, table.setting, limits[0])
    for place, dataset in enumerate(datasets):
        if dataset in previous:
            edges = place - 0.49, place + 0.49
            axis.hlines(previous[dataset] / 100, *edges, color="black", linewidth=1, zorder=5)
    axis.set_ylim(limits)
    axis.set_xlim(-0.55, max(places, _LEAST_PLACES) - 0.45)
    axis.set_xticks(range(len(datasets)), [names.dataset_label(name) for name in datasets])
    axis.tick_params(axis="x", length=0)
    axis.set_ylabel("Accuracy (%)", fontsize=page.SMALL)


def _draw_bar(
    axis: Axes, x: float, width: float, accuracies: np.ndarray, setting: str, bottom: float
) -> None:
    logits = logit(accuracies)
    mean = logits.mean()
    color = names.SETTING_COLORS.get(setting, names.OTHER_COLOR)
    axis.bar(
        x, inverse_logit(mean) - bottom, 0.94 * width, bottom, color=color, alpha=0.75, zorder=1
    )
    across = x + 0.55 * width * (_spread(len(accuracies)) - 0.5)
    look = {"s": 4, "color": color, "linewidths": 0.35, "edgecolors": "black", "zorder": 2}
    axis.scatter(across, accuracies, **look)
    error = standard_error(logits)
    if not np.isnan(error):
        ends = inverse_logit([mean - error, mean + error])
        axis.vlines(x, *ends, color="black", linewidth=1.2, zorder=4)


def _spread(number: int) -> np.ndarray:
    """Returns places in [0, 1], so that points of about equal height are not on one another."""
    golden = (np.sqrt(5) - 1) / 2
    return (0.5 + golden * np.arange(number)) % 1


def _limits(tables: Sequence[cells.SettingTable], previous: Sequence[float]) -> tuple[float, float]:
    values = [table.fractions.to_numpy().ravel() for table in tables]
    return logit_axis.limits(np.concatenate([*values, np.array(previous, float) / 100]))


def _legend_handles(settings: Sequence[str], with_lines: bool) -> list:
    handles = [
        Patch(
            color=names.SETTING_COLORS.get(setting, names.OTHER_COLOR),
            alpha=0.75,
            label=names.setting_label(setting),
        )
        for setting in settings
    ]
    if with_lines:
        line = Line2D([], [], color="black", linewidth=1, label="Previous state of the art")
        handles.append(line)
    return handles
