"""Figure 1: test images of ten classes, as networks of several settings see them.

Figure 1 embeds "features from the penultimate layer of Inception v4, for 10 classes from the test
set" in two dimensions by t-SNE (van der Maaten, Hinton, 2008), a panel for each setting.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from repro import UserError, unknown_name
from repro.figures import style

NUM_CLASSES = 10  # of Figure 1
MOST_CLASSES = len(style.COLORS)
PERPLEXITY = 30.0  # van der Maaten: between 5 and 50; the paper does not say

_PANEL = 2.9  # inches
_LEGEND_COLUMNS = 5
_LEGEND_ROW = 0.2  # inches
_LAYERS = 10


@dataclass(frozen=True, eq=False)
class Panel:
    """What one setting makes of the images.

    Attributes:
      title: above the panel.
      points: float [n, 2], embedded features.
    """

    title: str
    points: NDArray[np.floating]


def choose_classes(wanted: str, class_names: Sequence[str], seed: int) -> list[int]:
    """Returns the labels of the classes to draw, in the order of the legend.

    Args:
      wanted: how many, drawn at random; or their names with commas.
      class_names: of the data set, by label.
      seed: of the drawing.

    Raises:
      UserError: a name is unknown, or there are too few or too many.
    """
    wanted = wanted.strip()
    if wanted.isdecimal():
        number = int(wanted)
        if not 2 <= number <= MOST_CLASSES:
            raise UserError(f"--classes={wanted} must be from 2 to {MOST_CLASSES}, or names.")
        random = np.random.RandomState(seed)  # its streams are frozen by NumPy's policy
        number = min(number, len(class_names))
        return sorted(random.permutation(len(class_names))[:number].tolist())
    names = list(dict.fromkeys(name.strip() for name in wanted.split(",")))
    for name in names:
        if name not in class_names:
            raise unknown_name("--classes", name, class_names)
    if not 2 <= len(names) <= MOST_CLASSES:
        raise UserError(f"--classes={wanted}: give from 2 to {MOST_CLASSES} names.")
    return [list(class_names).index(name) for name in names]


def only_class(labels: NDArray[np.int64], classes: Sequence[int]) -> NDArray[np.int64]:
    """Returns for each image its place in `classes`, int64 [n]; -1 for one that is left out.

    Args:
      labels: class numbers [n]; or [n, classes] of 1, 0 and -1, of which an image is left out if
        several of the chosen classes are in it.
      classes: the chosen ones.
    """
    if labels.ndim == 1:
        is_of = labels[:, np.newaxis] == np.asarray(classes)
    else:
        is_of = labels[:, classes] == 1
    return np.where(is_of.sum(axis=1) == 1, is_of.argmax(axis=1), -1)


def embed(features: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Returns the t-SNE embedding of features [n, d] in two dimensions, float32 [n, 2].

    It starts at the principal components. Of few images the perplexity is a third of their number.

    Raises:
      UserError: there are fewer than 4 images, or a feature is NaN or infinite.
    """
    if len(features) < 4:
        raise UserError(f"The chosen classes have {len(features)} test images; t-SNE needs 4.")
    if not np.isfinite(features).all():
        raise UserError("Features are NaN or infinite. Is the checkpoint that of the network?")
    perplexity = min(PERPLEXITY, (len(features) - 1) / 3)
    tsne = TSNE(n_components=2, perplexity=perplexity, init="pca", random_state=seed)
    # One thread: the same points on any machine, and 20 times as fast as two on a busy one, where
    # scikit-learn's threads wait for each other at each of a thousand steps.
    with threadpool_limits(1, user_api="openmp"):
        return tsne.fit_transform(np.asarray(features, np.float32))


def draw(
    panels: Sequence[Panel],
    members: NDArray[np.int64],
    class_names: Sequence[str],
    title: str | None = None,
) -> Figure:
    """Draws the panels side by side over one legend.

    Args:
      panels: each of the same n images.
      members: int64 [n], each image's class, a position in `class_names`.
      class_names: of the legend, at most `MOST_CLASSES`.
      title: above all panels.
    """
    legend_rows = -(-len(class_names) // _LEGEND_COLUMNS)
    width = max(_PANEL * len(panels), 5.5)
    height = _PANEL + 0.3 + _LEGEND_ROW * (legend_rows + 0.3) + (0.25 if title else 0)
    with style.styled():
        figure = style.new_figure(width, height)
        axes = figure.subplots(1, len(panels), squeeze=False)[0]
        for axis, panel in zip(axes, panels, strict=True):
            _draw_panel(axis, panel, members)
        handles = [
            Line2D([], [], linestyle="", markersize=5, label=name, **_look(i))
            for i, name in enumerate(class_names)
        ]
        figure.legend(
            handles=handles,
            loc="outside lower center",
            ncols=min(_LEGEND_COLUMNS, len(class_names)),
            frameon=False,
            fontsize=8,
            handletextpad=0.2,
            columnspacing=1.2,
        )
        if title:
            figure.suptitle(title, fontsize=10)
    return figure


def _draw_panel(axis, panel: Panel, members: NDArray[np.int64]) -> None:
    size = float(np.clip(4000 / max(1, len(members)), 5, 22))
    # A tenth of every class at a time, so that no class lies on top of all others.
    for layer in range(_LAYERS):
        for index in np.unique(members):
            points = panel.points[members == index][layer::_LAYERS]
            look = _look(int(index))
            axis.scatter(
                *points.T,
                s=size,
                marker=look["marker"],
                c=look["markerfacecolor"],
                edgecolors="white",
                linewidths=0.25,
                zorder=2 + layer / _LAYERS,
            )
    axis.set_title(panel.title)
    axis.set_xticks([])
    axis.set_yticks([])
    axis.set_aspect("equal", adjustable="datalim")
    axis.margins(0.05)
    axis.set_box_aspect(1)


def _look(index: int) -> dict[str, object]:
    return {
        "marker": style.MARKERS[index % len(style.MARKERS)],
        "markerfacecolor": style.COLORS[index],
        "markeredgecolor": "white",
        "markeredgewidth": 0.25,
    }
