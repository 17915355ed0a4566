"""Figure 3: a setting's accuracy against another's, a point for each network and data set.

"Fine-tuning consistently achieves higher accuracy than logistic regression on top of fixed ImageNet
features or training from randomly initialized models"; axes are logit-scaled, and above the
diagonal the setting of the y-axis is better.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy import stats

from repro.figures import cells, logit_axis, names, page, style
from repro.statistics import logit, odds_ratio

# (x-axis, y-axis) of each panel
PAIRS = (
    ("logistic_regression", "finetune"),
    ("random_init", "finetune"),
    ("random_init", "logistic_regression"),
)
PANEL = 2.0  # inches, the least width of a panel
_ABOVE = 0.72  # inches, of titles and labels


def draw(
    results: pd.DataFrame,
    networks: pd.DataFrame | None = None,
    *,
    pairs: Sequence[tuple[str, str]] = PAIRS,
    width: float = page.PAPER_WIDTH,
    title: str | None = None,
) -> Figure:
    """Draws Figure 3.

    Args:
      results: a row a cell, with the columns model, dataset, setting and value (percent; NaN is a
        missing cell, which the note names). A panel has the networks and data sets that both of its
        settings have.
      networks: indexed by model, with a column paper_name, for the names in the note.
      pairs: settings of the x-axis and the y-axis of each panel.
      width: inches.
      title: above all.
    """
    settings = dict.fromkeys(setting for pair in pairs for setting in pair)
    tables = {setting: cells.setting_table(results, setting) for setting in settings}
    datasets = names.in_order(d for table in tables.values() for d in table.fractions.columns)
    shape = page.grid_shape(len(pairs), width, PANEL)
    panel_width = min(width / shape[1], 3.4)
    with style.styled():
        new = page.new_page(
            width,
            shape[0] * (panel_width - 0.45 + _ABOVE),
            handles=legend_handles(datasets),
            note=cells.note_of(list(tables.values()), names.network_labels(networks)),
            title=title,
        )
        for axis, (x, y) in zip(page.panel_grid(new.body, len(pairs), shape), pairs, strict=True):
            draw_pair(axis, tables[x], tables[y], datasets)
    return new.figure


def draw_pair(
    axis: Axes, x: cells.SettingTable, y: cells.SettingTable, datasets: Sequence[str]
) -> None:
    """Draws one panel, and says in how many of its cells y is better, r, and the odds ratio.

    r is Pearson's correlation of the logits over all cells, the odds ratio the geometric mean of
    theirs, y over x (Appendix B).

    Args:
      axis: to draw on.
      x: of the x-axis.
      y: of the y-axis.
      datasets: of the whole figure, which give the colours.
    """
    logit_axis.use(axis.xaxis)
    logit_axis.use(axis.yaxis)
    page.tidy(axis)
    axis.set_box_aspect(1)
    axis.set_xlabel(f"{names.setting_label(x.setting)} (%)", fontsize=page.SMALL)
    axis.set_ylabel(f"{names.setting_label(y.setting)} (%)", fontsize=page.SMALL)
    xs, ys = x.fractions.align(y.fractions, join="inner")
    both = xs.notna() & ys.notna()
    limits = logit_axis.limits([xs[both], ys[both]], margin=0.04)
    axis.set(xlim=limits, ylim=limits)
    axis.plot(limits, limits, color="#999999", linewidth=0.7, zorder=1)
    if not both.to_numpy().any():
        axis.set_title("no cell in both settings", fontsize=page.SMALL, pad=3)
        return
    for dataset in names.in_order(xs.columns):
        shown = both[dataset]
        color, marker = names.dataset_look(dataset, datasets)
        axis.scatter(
            xs.loc[shown, dataset],
            ys.loc[shown, dataset],
            s=11,
            color=color,
            marker=marker,
            linewidths=0.25,
            edgecolors="white",
            label=names.dataset_label(dataset),
            zorder=2,
        )
    axis.set_title(_summary(xs.to_numpy()[both], ys.to_numpy()[both]), fontsize=page.TINY, pad=3)


def legend_handles(datasets: Sequence[str]) -> list[Line2D]:
    """Returns a legend of data sets, in their colours and markers."""
    handles = []
    for dataset in names.in_order(datasets):
        color, marker = names.dataset_look(dataset, datasets)
        label = names.dataset_label(dataset)
        look = {"color": color, "marker": marker, "markersize": 4.5, "markeredgecolor": "white"}
        handles.append(Line2D([], [], linestyle="", label=label, markeredgewidth=0.25, **look))
    return handles


def _summary(x: np.ndarray, y: np.ndarray) -> str:
    parts = []
    if x.size > 2 and np.ptp(x) > 0 and np.ptp(y) > 0:
        r = stats.pearsonr(logit(x), logit(y)).statistic
        parts.append(f"r = {r:.4f}" if r > 0.995 else f"r = {r:.2f}")
    ratio = odds_ratio(y, x)
    parts.append(f"odds ratio {ratio:.3f}" if 0.9 < ratio < 1.1 else f"odds ratio {ratio:.2f}")
    above = f"above the diagonal: {np.count_nonzero(y > x)} of {x.size}"
    return f"{above}\n{', '.join(parts)}"
