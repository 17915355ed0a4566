"""Figures 7 and 8: other classifiers of fixed features than logistic regression (Appendix B).

Figure 7 has a row for the SVM and one for the k-nearest-neighbour classifier: left transfer
accuracy against ImageNet accuracy as in Figure 2, right the classifier against logistic regression.
Figure 8 has logistic regression trained with data augmentation: right against logistic regression
without (top), and fine-tuning against it (bottom).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure, SubFigure

from repro.figures import cells, names, page, setting_pairs, style
from repro.figures.correlation_grid import draw_grid, grid_height, imagenet_fractions


@dataclass(frozen=True)
class Row:
    """A row of the figure.

    Attributes:
      setting: of the panels on the left.
      pairs: settings of the x-axis and the y-axis of each panel on the right.
    """

    setting: str
    pairs: tuple[tuple[str, str], ...]


FIGURE_7 = (
    Row("svm", (("logistic_regression", "svm"),)),
    Row("knn", (("logistic_regression", "knn"),)),
)
FIGURE_8 = (
    Row(
        "augmented_logistic_regression",
        (
            ("logistic_regression", "augmented_logistic_regression"),
            ("augmented_logistic_regression", "finetune"),
        ),
    ),
)
_SIDE_BY_SIDE = 6.0  # inches: a narrower page has the pairs below the panels
_GRID_PART = 0.63  # of the width
_PANEL = 1.05  # inches
_PAIR_HEIGHT = 2.55  # inches


def draw(
    results: pd.DataFrame,
    networks: pd.DataFrame,
    rows: Sequence[Row] = FIGURE_7,
    *,
    width: float = page.PAPER_WIDTH,
    title: str | None = None,
    seed: int = 0,
) -> Figure:
    """Draws Figure 7 or Figure 8.

    Args:
      results: a row a cell, with the columns model, dataset, setting and value (percent; NaN is a
        missing cell, which the note names).
      networks: indexed by model, with the columns imagenet_top1 (percent) and, for the names in the
        note, paper_name; as `paper.table4()`.
      rows: `FIGURE_7`, `FIGURE_8`, or others.
      width: inches. Below 6 the pairs stand under the panels.
      title: above all.
      seed: of the bootstrap.
    """
    settings = [s for row in rows for s in (row.setting, *np.ravel(row.pairs).tolist())]
    tables = {s: cells.setting_table(results, s) for s in dict.fromkeys(settings)}
    datasets = names.in_order(d for row in rows for d in tables[row.setting].fractions.columns)
    heights = [_row_height(row, tables[row.setting], width) for row in rows]
    with style.styled():
        new = page.new_page(
            width,
            sum(heights),
            handles=setting_pairs.legend_handles(datasets),
            note=cells.note_of(list(tables.values()), names.network_labels(networks)),
            title=title,
        )
        parts = np.atleast_1d(new.body.subfigures(len(rows), 1, height_ratios=heights))
        for part, row in zip(parts, rows, strict=True):
            _draw_row(part, row, tables, networks, datasets, width, seed)
    return new.figure


def _draw_row(
    figure: SubFigure,
    row: Row,
    tables: dict[str, cells.SettingTable],
    networks: pd.DataFrame,
    datasets: Sequence[str],
    width: float,
    seed: int,
) -> None:
    label = names.setting_label(row.setting)
    figure.suptitle(label, fontsize=9, fontweight="bold", x=0.01, ha="left")
    table = tables[row.setting].fractions
    if table.empty:
        page.say(figure, "no results")
        return
    shape = _grid_shape(table.shape[1], width)
    if width >= _SIDE_BY_SIDE:
        left, right = figure.subfigures(1, 2, width_ratios=[_GRID_PART, 1 - _GRID_PART])
        pair_shape = (len(row.pairs), 1)
    else:
        pair_shape = _pairs_below(row)
        heights = [grid_height(shape[0]), _PAIR_HEIGHT * pair_shape[0]]
        left, right = figure.subfigures(2, 1, height_ratios=heights)
    imagenet = imagenet_fractions(networks, table.index)
    if np.isnan(imagenet).all():
        page.say(left, "no network of known ImageNet accuracy")
    else:
        draw_grid(left, table, imagenet, shape, seed=seed)
    axes = page.panel_grid(right, len(row.pairs), pair_shape)
    for axis, (x, y) in zip(axes, row.pairs, strict=True):
        setting_pairs.draw_pair(axis, tables[x], tables[y], datasets)


def _grid_shape(num_datasets: int, width: float) -> tuple[int, int]:
    grid = _GRID_PART * width if width >= _SIDE_BY_SIDE else width
    return page.grid_shape(max(1, num_datasets), grid, _PANEL)


def _pairs_below(row: Row) -> tuple[int, int]:
    columns = min(2, len(row.pairs))
    return -(-len(row.pairs) // columns), columns


def _row_height(row: Row, table: cells.SettingTable, width: float) -> float:
    if table.fractions.empty:
        return 0.7
    height = grid_height(_grid_shape(table.fractions.shape[1], width)[0])
    if width >= _SIDE_BY_SIDE:
        return 0.2 + max(height, _PAIR_HEIGHT * len(row.pairs))
    return 0.2 + height + _PAIR_HEIGHT * _pairs_below(row)[0]
