"""The paper's conclusions from our results, beside the paper's from the same cells and from all.

With part of Table 5 only, the paper's number for all its cells is no fair measure: the middle one
of the three is, recomputed from the printed numbers of just the cells that are run. What cannot be
said yet names what it lacks.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from scipy import stats

from repro import statistics
from repro.checking import fine_tuning
from repro.checking.best_networks import best_networks, times_best
from repro.checking.conclusion import Conclusion, Quantity
from repro.checking.matched_cells import MatchedCells, counted, imagenet_fractions
from repro.paper import tables
from repro.results.cell_result import CellResult

# Two networks always lie on a line, and are always in one of two orders.
_FEWEST_NETWORKS = 3
_COEFFICIENTS = {"r_squared": "r^2", "r": "r", "spearman": "Spearman's rho"}
_RESNETS = ("resnet_v1_50", "resnet_v1_101", "resnet_v1_152")
_BEST_ON_IMAGENET = ("nasnet_large",)


def conclude(results: Iterable[CellResult]) -> list[Conclusion]:
    """Returns every conclusion, also those that our results are too few for.

    Args:
      results: no two of one cell; those that are not in Table 5 are not used.
    """
    results = list(results)
    cells = {setting: MatchedCells.of(setting, results) for setting in tables.SETTINGS}
    return [
        *(each for matched in cells.values() for each in _correlations(matched.with_logit())),
        *(_ranking(matched.with_logit()) for matched in cells.values()),
        *(_agreeing_bests(matched) for matched in cells.values()),
        _best_of(cells["logistic_regression"], "a ResNet", _RESNETS),
        _best_of(cells["finetune"], "the best on ImageNet", _BEST_ON_IMAGENET),
        *fine_tuning.beside(cells["finetune"], cells["logistic_regression"]),
        *fine_tuning.beside(cells["finetune"], cells["random_init"]),
        fine_tuning.significance(cells["finetune"], cells["logistic_regression"]),
    ]


def without_logit(results: Iterable[CellResult]) -> list[CellResult]:
    """Returns the results of exactly 0% and 100%, which correlations and odds leave out."""
    return [result for result in results if result.value in (0, 100)]


def _basis(cells: MatchedCells) -> str:
    networks = counted(len(cells.networks), "network")
    return f"{networks} on {counted(len(cells.datasets), 'data set')}"


def _correlations(cells: MatchedCells) -> Iterator[Conclusion]:
    group = cells.comparable()
    ours, same, papers = (_correlation(t) for t in (group.ours, group.paper, group.complete))
    for coefficient, name in _COEFFICIENTS.items():
        numbers = [
            None if each is None else Quantity(getattr(each, coefficient))
            for each in (ours, same if ours else None, papers)
        ]
        yield Conclusion(
            "correlation",
            f"{coefficient}_{cells.setting}",
            cells.setting,
            name,
            *numbers,
            _basis_of_group(cells, group, is_found=ours is not None),
        )


def _correlation(percent: pd.DataFrame) -> statistics.Correlation | None:
    try:
        return statistics.correlate(imagenet_fractions(percent.index), percent / 100)
    except ValueError:  # too few networks, or all alike: `_basis_of_group` says which
        return None


def _ranking(cells: MatchedCells) -> Conclusion:
    """Compares our order of the networks, by mean logit, with the paper's on the same cells."""
    group = cells.comparable()
    ours, details = None, ()
    if len(group.networks) >= _FEWEST_NETWORKS:
        means = [
            pd.Series(statistics.mean_logits(table / 100), table.index).dropna()
            for table in (group.ours, group.paper)
        ]
        ours = _rank_correlation(*means)
        details = f"ours: {_order(means[0])}", f"the paper's: {_order(means[1])}"
    return Conclusion(
        "ranking",
        f"ranking_{cells.setting}",
        cells.setting,
        "rho",
        ours,
        None,
        None,
        _basis_of_group(cells, group, is_found=ours is not None),
        details,
    )


def _basis_of_group(cells: MatchedCells, group: MatchedCells, *, is_found: bool) -> str:
    """Returns what a number is from that compares the networks of a group, or what it lacks."""
    number, others = len(group.networks), len(cells.networks) - len(group.networks)
    if number < _FEWEST_NETWORKS:
        that_share = " that share data sets" if others else ""
        there = f"there {'is' if number == 1 else 'are'} {number}"
        return f"needs {_FEWEST_NETWORKS} networks{that_share}; {there}"
    if not is_found:
        return f"needs networks that differ; there are {number} alike"
    return _basis(group) + (f", which {others} more do not share" if others else "")


def _rank_correlation(a: pd.Series, b: pd.Series) -> Quantity | None:
    is_constant = 0 in (np.ptp(a), np.ptp(b))
    return None if is_constant else Quantity(float(stats.spearmanr(a, b).statistic))


def _order(means: pd.Series) -> str:
    best_first = means.sort_values(ascending=False, kind="stable")
    percent = 100 * statistics.inverse_logit(best_first)
    return ", ".join(
        f"{name} {value:.1f}" for name, value in zip(best_first.index, percent, strict=True)
    )


def _agreeing_bests(cells: MatchedCells) -> Conclusion:
    bests = best_networks(cells)
    others = ", ".join(
        f"{best.dataset} ({' and '.join(best.ours)} instead of {' and '.join(best.paper)})"
        for best in bests
        if not best.agrees
    )
    return Conclusion(
        "best network",
        f"best_networks_{cells.setting}",
        cells.setting,
        "the paper's",
        Quantity(sum(best.agrees for best in bests), len(bests)) if bests else None,
        None,
        None,
        _basis(cells) if bests else "needs a data set with 2 networks",
        (f"not on {others}",) if others else (),
    )


def _best_of(cells: MatchedCells, group_name: str, group: tuple[str, ...]) -> Conclusion:
    ours, same, papers = (
        times_best(table, group) for table in (cells.ours, cells.paper, cells.complete)
    )
    return Conclusion(
        "best network",
        f"{'resnets' if len(group) > 1 else 'imagenets_best'}_{cells.setting}",
        cells.setting,
        group_name,
        *(Quantity(*count) if ours[1] else None for count in (ours, same)),
        Quantity(*papers),
        _basis(cells) if ours[1] else f"needs a data set with {group_name} and another network",
    )
