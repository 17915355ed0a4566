"""Figure 2: ImageNet accuracy against transfer accuracy, a row for each setting.

Left a panel for each data set, with the regression line and its 95% bootstrap band in blue. Right
every network's log odds of correct classification relative to the mean of all networks on the data
set, averaged over data sets, with Morey's standard errors; in green the networks that are not
significantly different from the best (p > 0.05). Axes are logit-scaled (Section 3).
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from repro.figures import cells, logit_axis, names, page, point_names, style
from repro.figures.correlation_grid import (
    draw_grid,
    draw_line,
    grid_height,
    imagenet_fractions,
    point_colors,
    regression_line,
)
from repro.statistics import (
    mean_logits,
    morey_standard_errors,
    not_different_from_best_on_average,
)

SETTINGS = ("logistic_regression", "finetune", "random_init")
BEST_COLUMN = "not_different_from_best"
_SIDE_BY_SIDE = 6.0  # inches: a narrower page has the averages below the panels
_GRID_PART = 0.62  # of the width
_PANEL = 1.05  # inches
_AVERAGE_HEIGHT = 2.7  # inches, where it stands below
_LEAST_DATASETS = 6  # Wilcoxon's test reaches p = 2 / 2^5 > 0.05 with five


def draw(
    results: pd.DataFrame,
    networks: pd.DataFrame,
    *,
    settings: Sequence[str] = SETTINGS,
    width: float = page.PAPER_WIDTH,
    title: str | None = None,
    seed: int = 0,
) -> Figure:
    """Draws Figure 2.

    Args:
      results: a row a cell, with the columns of `cells.COLUMNS`: model, dataset, setting, value
        (percent; NaN is a missing cell, which the note names). With a boolean column
        not_different_from_best, cells for which it is true are green in the panels on the left.
      networks: indexed by model, with the columns imagenet_top1 (percent) and, for the names in the
        figure, paper_name; as `paper.table4()`. A network that is not in it is left out and named.
      settings: a row each.
      width: inches. Below 6 the averages stand under the panels.
      title: above all.
      seed: of the bootstrap.
    """
    labels = names.network_labels(networks)
    tables = [cells.setting_table(results, setting) for setting in settings]
    heights = [_row_height(table.fractions.shape[1], width) for table in tables]
    note = "\n".join(filter(None, [cells.note_of(tables, labels), *_remarks(tables, networks)]))
    with style.styled():
        new = page.new_page(width, sum(heights), handles=_legend_handles(), note=note, title=title)
        rows = np.atleast_1d(new.body.subfigures(len(tables), 1, height_ratios=heights))
        for row, table in zip(rows, tables, strict=True):
            _draw_row(row, table, networks, _best_cells(results, table), labels, width, seed)
    return new.figure


def draw_average(
    axis: Axes,
    table: pd.DataFrame,
    imagenet: np.ndarray,
    labels: Mapping[str, str],
    *,
    height: float = _AVERAGE_HEIGHT,
    seed: int = 0,
) -> None:
    """Draws the average over data sets, each network with its standard error and its name.

    Args:
      axis: to draw on.
      table: networks by data sets, fractions, NaN for a missing cell.
      imagenet: [networks] fractions; a network with NaN is left out, but counts in the means.
      labels: names of networks, where they have another in the figure.
      height: inches, about that of the axis; the names are as far from each other as it allows.
      seed: of the bootstrap.

    Raises:
      ValueError: the networks fall into groups that share no data set.
    """
    accuracies = table.to_numpy()
    means = mean_logits(accuracies)
    center = means.mean()  # over networks: of the means of all classifiers on the data sets
    errors = np.full_like(means, np.nan)
    if accuracies.shape[1] > 1:
        errors = morey_standard_errors(accuracies)
    colors = point_colors(not_different_from_best_on_average(accuracies))
    logit_axis.use(axis.xaxis)
    page.tidy(axis)
    line = regression_line(imagenet, accuracies, seed=seed)
    if line is not None:
        edges = {"height": line.height, "low": line.low, "high": line.high}
        draw_line(axis, line, **{name: edge - center for name, edge in edges.items()})
    shown = np.flatnonzero(~np.isnan(imagenet))
    relative = means - center
    for i in shown:
        error = None if np.isnan(errors[i]) else errors[i]
        axis.errorbar(
            imagenet[i],
            relative[i],
            error,
            fmt="o",
            color=colors[i],
            markersize=3.5,
            markeredgewidth=0.3,
            markeredgecolor="white",
            elinewidth=0.8,
            zorder=3,
        )
    axis.set_xlim(logit_axis.limits(imagenet, margin=0.06))
    axis.set_xlabel("ImageNet top-1 accuracy (%)", fontsize=page.SMALL)
    axis.set_ylabel("Log odds relative to the mean", fontsize=page.SMALL)
    extent = np.nan_to_num(errors[shown])
    heights = [*(relative[shown] - extent), *(relative[shown] + extent)]
    if line is not None:
        heights += [*(line.height - center)]
    low, high = min(heights), max(heights)
    margin = 0.05 * max(high - low, 0.1)
    axis.set_ylim(low - margin, high + margin)
    point_names.write(
        axis,
        imagenet[shown],
        relative[shown],
        [labels.get(model, model) for model in table.index[shown]],
        colors[shown],
        height,
    )


def _draw_row(
    row: SubFigure,
    table: cells.SettingTable,
    networks: pd.DataFrame,
    best: pd.DataFrame | None,
    labels: Mapping[str, str],
    width: float,
    seed: int,
) -> None:
    label = names.setting_label(table.setting)
    row.suptitle(label, fontsize=9, fontweight="bold", x=0.01, ha="left")
    imagenet = imagenet_fractions(networks, table.fractions.index)
    if table.fractions.empty or np.isnan(imagenet).all():
        page.say(row, "no results")
        return
    beside = width >= _SIDE_BY_SIDE
    shape = _grid_shape(table.fractions.shape[1], width)
    panels_height = grid_height(shape[0])
    if beside:
        left, right = row.subfigures(1, 2, width_ratios=[_GRID_PART, 1 - _GRID_PART])
    else:
        left, right = row.subfigures(2, 1, height_ratios=[panels_height, _AVERAGE_HEIGHT])
    draw_grid(left, table.fractions, imagenet, shape, best=best, seed=seed)
    axis = right.subplots()
    axis.set_title("Average", loc="left", fontsize=page.SMALL, pad=4)
    height = max(panels_height, _AVERAGE_HEIGHT) if beside else _AVERAGE_HEIGHT
    try:
        draw_average(axis, table.fractions, imagenet, labels, height=height - 0.7, seed=seed)
    except ValueError as error:
        axis.set_axis_off()
        text = "\n".join(page.wrapped(str(error), 2.4))
        axis.text(0.5, 0.5, text, ha="center", va="center", fontsize=page.SMALL)


def _best_cells(results: pd.DataFrame, table: cells.SettingTable) -> pd.DataFrame | None:
    if BEST_COLUMN not in results:
        return None
    rows = results[results["setting"] == table.setting]
    best = rows.pivot(index="model", columns="dataset", values=BEST_COLUMN)
    best = best.reindex(index=table.fractions.index, columns=table.fractions.columns)
    return best == True  # noqa: E712 - an absent cell is NaN, which is not green


def _remarks(tables: Sequence[cells.SettingTable], networks: pd.DataFrame) -> list[str]:
    remarks = []
    models = dict.fromkeys(model for table in tables for model in table.fractions.index)
    top1 = networks["imagenet_top1"].reindex(models)
    if top1.isna().any():
        unknown = cells.listed(top1.index[top1.isna()])
        remarks.append(f"Not drawn, as their ImageNet accuracy is not known: {unknown}.")
    few = [t for t in tables if 0 < t.fractions.shape[1] < _LEAST_DATASETS]
    if few:
        listed = cells.listed(names.setting_label(table.setting) for table in few)
        remarks.append(
            f"{listed}: with fewer than {_LEAST_DATASETS} data sets no difference of averages can "
            "be significant."
        )
    return remarks


def _grid_shape(num_datasets: int, width: float) -> tuple[int, int]:
    grid = _GRID_PART * width if width >= _SIDE_BY_SIDE else width
    return page.grid_shape(max(1, num_datasets), grid, _PANEL)


def _row_height(num_datasets: int, width: float) -> float:
    if not num_datasets:
        return 0.7
    height = grid_height(_grid_shape(num_datasets, width)[0])
    if width >= _SIDE_BY_SIDE:
        return 0.2 + max(height, _AVERAGE_HEIGHT)
    return 0.2 + height + _AVERAGE_HEIGHT


def _legend_handles() -> list:
    def point(color: str, label: str) -> Line2D:
        return Line2D([], [], linestyle="", marker="o", markersize=4, color=color, label=label)

    return [
        point(names.BEST_COLOR, "not significantly different from the best (p > 0.05)"),
        point(names.OTHER_COLOR, "other networks"),
        Patch(color=names.LINE_COLOR, alpha=0.5, label="regression, 95% bootstrap band"),
    ]
