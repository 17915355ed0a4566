"""A panel for each data set: transfer accuracy against ImageNet accuracy (Figure 2, left)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from repro.figures import cells, logit_axis, names, page
from repro.statistics import bootstrap_correlation, correlate, inverse_logit, logit

NUM_SAMPLES = 2_000  # of the bootstrap: its band is drawn, not printed
_POINTS_OF_LINE = 25
_BAND_ALPHA = 0.22
_OUTDENT = 0.11  # inches, of a panel's name, so that it has room beside r^2


@dataclass(frozen=True, eq=False)
class RegressionLine:
    """A regression line as it is drawn.

    Attributes:
      at: [K] ImageNet accuracies, fractions.
      height: [K] mean logit transfer accuracy on the line.
      low: [K] lower edge of its 95% bootstrap band.
      high: [K] upper edge.
      r_squared: of the correlation.
    """

    at: np.ndarray
    height: np.ndarray
    low: np.ndarray
    high: np.ndarray
    r_squared: float


def imagenet_fractions(networks: pd.DataFrame, models: pd.Index) -> np.ndarray:
    """Returns ImageNet top-1 accuracies as fractions, [models], NaN for a network without one.

    Args:
      networks: indexed by model, with a column imagenet_top1 (percent), as `paper.table4()`.
      models: of a table of results.
    """
    return networks["imagenet_top1"].astype(float).reindex(models).to_numpy() / 100


def regression_line(
    imagenet: np.ndarray, table: np.ndarray, *, seed: int = 0
) -> RegressionLine | None:
    """Returns the line through networks' mean logits; None where no line is defined.

    None is for fewer than three networks, networks of one accuracy only, and networks that share no
    data set.

    Args:
      imagenet: [networks] fractions.
      table: [networks, data sets] fractions strictly between 0 and 1, NaN for a missing cell.
      seed: of the bootstrap.
    """
    x = logit(imagenet[~(np.isnan(imagenet) | np.isnan(table).all(axis=1))])
    if x.size < 2:
        return None
    at = inverse_logit(np.linspace(x.min(), x.max(), _POINTS_OF_LINE))
    try:
        statistic = correlate(imagenet, table)
        band = bootstrap_correlation(imagenet, table, at=at, num_samples=NUM_SAMPLES, seed=seed)
    except ValueError:
        return None
    return RegressionLine(at, statistic.line(at), band.low, band.high, statistic.r_squared)


def draw_grid(
    figure: Figure | SubFigure,
    table: pd.DataFrame,
    imagenet: np.ndarray,
    shape: tuple[int, int],
    *,
    best: pd.DataFrame | None = None,
    seed: int = 0,
) -> list[Axes]:
    """Draws the panels, each with its regression line, band and r^2.

    Args:
      figure: to draw in.
      table: networks by data sets, fractions, NaN for a missing cell.
      imagenet: [networks] fractions.
      shape: rows and columns of the grid.
      best: booleans in the shape of `table`: cells not significantly different from the best of
        their data set, in green.
      seed: of the bootstrap.
    """
    axes = page.panel_grid(figure, table.shape[1], shape)
    panel = figure.bbox.width / figure.get_dpi() / shape[1]  # inches
    for i, (axis, dataset) in enumerate(zip(axes, table.columns, strict=True)):
        is_best = None if best is None else best[dataset].to_numpy(bool)
        draw_panel(axis, imagenet, table[dataset].to_numpy(), is_best, seed=seed)
        axis.set_title(
            names.dataset_label(dataset), loc="left", fontsize=page.TINY, pad=4, x=-_OUTDENT / panel
        )
        axis.set_xlim(logit_axis.limits(imagenet, margin=0.1))
        if i + shape[1] < len(axes):  # another panel is below this one
            axis.tick_params(labelbottom=False)
    figure.supxlabel("ImageNet top-1 accuracy (%)", fontsize=page.SMALL)
    figure.supylabel("Transfer accuracy (%)", fontsize=page.SMALL)
    return axes


def grid_height(rows: int) -> float:
    """Returns the height in inches of a grid of so many rows with its labels."""
    return 0.5 + 0.92 * rows


def draw_panel(
    axis: Axes,
    imagenet: np.ndarray,
    accuracy: np.ndarray,
    is_best: np.ndarray | None = None,
    *,
    seed: int = 0,
) -> None:
    """Draws one data set; networks that lack one of both accuracies are left out.

    Args:
      axis: to draw on.
      imagenet: [networks] fractions.
      accuracy: [networks] fractions.
      is_best: [networks] booleans, points in green; None for none.
      seed: of the bootstrap.
    """
    logit_axis.use(axis.xaxis)
    logit_axis.use(axis.yaxis)
    page.tidy(axis)
    shown = ~(np.isnan(imagenet) | np.isnan(accuracy))
    line = regression_line(imagenet, accuracy[:, None], seed=seed)
    if line is None:
        _say_above(axis, cells.counted(shown.sum(), "network"))
    else:
        draw_line(
            axis,
            line,
            height=inverse_logit(line.height),
            low=inverse_logit(line.low),
            high=inverse_logit(line.high),
        )
    colors = point_colors(np.zeros_like(shown) if is_best is None else is_best)
    axis.scatter(
        imagenet[shown],
        accuracy[shown],
        s=10,
        c=colors[shown],
        linewidths=0.3,
        edgecolors="white",
        zorder=3,
    )
    heights = [] if line is None else inverse_logit(line.height)
    axis.set_ylim(logit_axis.limits([*accuracy[shown], *heights], margin=0.12))


def draw_line(
    axis: Axes, line: RegressionLine, *, height: np.ndarray, low: np.ndarray, high: np.ndarray
) -> None:
    """Draws a line and its band at heights of the axis, and prints r^2 above it."""
    color = names.LINE_COLOR
    axis.fill_between(line.at, low, high, color=color, alpha=_BAND_ALPHA, linewidth=0, zorder=1)
    axis.plot(line.at, height, color=color, linewidth=1, zorder=2)
    _say_above(axis, f"$r^2$ {line.r_squared:.2f}")


def _say_above(axis: Axes, text: str) -> None:
    axis.set_title(text, loc="right", fontsize=page.TINY, pad=4)


def point_colors(is_best: np.ndarray) -> np.ndarray:
    """Returns green for what does not differ from the best, grey for the rest."""
    return np.where(is_best, names.BEST_COLOR, names.OTHER_COLOR)
