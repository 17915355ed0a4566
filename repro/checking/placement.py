"""Where a network that the paper has not lies among its 13: above or below the line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from repro import statistics
from repro.checking.matched_cells import imagenet_fractions
from repro.paper import tables
from repro.results.cell_result import CellResult


@dataclass(frozen=True)
class Placement:
    """A new network in one setting.

    Attributes:
      model: the network.
      setting: one of `SETTINGS`.
      imagenet_top1: percent; None where it is not known.
      datasets: of Table 5 that it has a usable result on; all means are over these.
      prediction: where it lies; None where that cannot be said.
      rank: its place by mean logit among the paper's networks and itself, from 1.
      of: how many those are.
      remark: why there is no prediction, or what a reader should know besides; may be empty.
    """

    model: str
    setting: str
    imagenet_top1: float | None
    datasets: tuple[str, ...]
    prediction: statistics.Prediction | None
    rank: int
    of: int
    remark: str = ""


def place(
    results: Iterable[CellResult], imagenet_top1: Mapping[str, float] | None = None
) -> list[Placement]:
    """Places every network that Table 5 does not have, in every setting that it is run in.

    The line is that of the paper's 13 networks (11 from random initialization) on the data sets
    that the new network has.

    Args:
      results: no two of one cell; data sets and settings that Table 5 does not have are not used,
        nor are results of exactly 0% or 100%, which have no finite logit.
      imagenet_top1: {network: percent}.
    """
    known = set(tables.table4().index)
    rows: dict[tuple[str, str], dict[str, float]] = {}
    for result in results:
        is_usable = result.dataset in tables.DATASET_COLUMNS and 0 < result.value < 100
        if result.model not in known and result.setting in tables.SETTINGS and is_usable:
            row = rows.setdefault((result.model, result.setting), {})
            row[result.dataset] = result.value
    return [
        _placed(model, setting, percent, (imagenet_top1 or {}).get(model))
        for (model, setting), percent in rows.items()
    ]


def _placed(
    model: str, setting: str, percent: Mapping[str, float], top1: float | None
) -> Placement:
    paper = tables.table5_accuracies(setting)
    datasets = tuple(name for name in paper.columns if name in percent)
    accuracies = paper[list(datasets)].to_numpy() / 100
    new = np.array([percent[name] for name in datasets]) / 100
    *others, own = statistics.mean_logits(np.vstack([accuracies, new]))
    rank = 1 + sum(bool(other > own) for other in others)
    found, remark = None, "its ImageNet accuracy is not known"
    if top1 is not None:
        imagenet = imagenet_fractions(paper.index)
        found = statistics.prediction(imagenet, accuracies, top1 / 100, new)
        low, high = 100 * imagenet.min(), 100 * imagenet.max()
        is_inside = low <= top1 <= high
        remark = "" if is_inside else f"beyond the 13's {low:.1f} to {high:.1f}%: extrapolated"
    return Placement(model, setting, top1, datasets, found, rank, len(paper) + 1, remark)
