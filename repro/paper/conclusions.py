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
from repro.paper import fine_tuning, tables
from repro.paper.best_networks import best_networks, times_best
from repro.paper.conclusion import Conclusion, Quantity
from repro.paper.matched_cells import MatchedCells, counted, imagenet_fractions
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
        _best_of(cells["finetune"], "the best network on ImageNet", _BEST_ON_IMAGENET),
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


def _lacking_networks(cells: MatchedCells) -> str:
    number = len(cells.networks)
    if number >= _FEWEST_NETWORKS:
        return ""
    return f"needs {_FEWEST_NETWORKS} networks; there {'is' if number == 1 else 'are'} {number}"


def _correlations(cells: MatchedCells) -> Iterator[Conclusion]:
    ours, reason = _correlation(cells.ours)
    same, _ = _correlation(cells.paper)
    papers, _ = _correlation(cells.complete)
    reason = _lacking_networks(cells) or reason
    for coefficient, name in _COEFFICIENTS.items():
        ours_and_papers = [
            None if each is None else Quantity(getattr(each, coefficient))
            for each in (ours, same if ours else None, papers)
        ]
        yield Conclusion(
            "correlation",
            f"{coefficient}_{cells.setting}",
            cells.setting,
            f"{name} of ImageNet and transfer accuracy",
            *ours_and_papers,
            reason or _basis(cells),
        )


def _correlation(percent: pd.DataFrame) -> tuple[statistics.Correlation | None, str]:
    """Returns the correlation, or why there is none."""
    try:
        return statistics.correlate(imagenet_fractions(percent.index), percent / 100), ""
    except ValueError as error:
        return None, str(error).rstrip(".")


def _ranking(cells: MatchedCells) -> Conclusion:
    """Compares our order of the networks, by mean logit, with the paper's on the same cells."""
    ours, details, reason = None, "", _lacking_networks(cells)
    try:
        means = [
            pd.Series(statistics.mean_logits(table / 100), table.index).dropna()
            for table in (cells.ours, cells.paper)
        ]
    except ValueError as error:
        reason = reason or str(error).rstrip(".")
    if not reason:
        ours = _rank_correlation(*means)
        reason = "" if ours else "all networks have one mean accuracy"
        details = f"ours {_order(means[0])}; the paper's {_order(means[1])}"
    return Conclusion(
        "ranking",
        f"ranking_{cells.setting}",
        cells.setting,
        "Spearman's rho of our order of the networks and the paper's",
        ours,
        None,
        None,
        reason or _basis(cells),
        details,
    )


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
    details = "; ".join(
        f"{best.dataset}: {' and '.join(best.ours)}, the paper's {' and '.join(best.paper)}"
        for best in bests
        if not best.agrees
    )
    return Conclusion(
        "best network",
        f"best_networks_{cells.setting}",
        cells.setting,
        "data sets on which the best network is the paper's best of the same",
        Quantity(sum(best.agrees for best in bests), len(bests)) if bests else None,
        None,
        None,
        _basis(cells) if bests else "needs a data set with 2 networks",
        details,
    )


def _best_of(cells: MatchedCells, group_name: str, group: tuple[str, ...]) -> Conclusion:
    ours, same, papers = (
        times_best(table, group) for table in (cells.ours, cells.paper, cells.complete)
    )
    return Conclusion(
        "best network",
        f"{'resnets' if len(group) > 1 else 'imagenets_best'}_{cells.setting}",
        cells.setting,
        f"data sets on which {group_name} is best, ties included",
        *(Quantity(*count) if ours[1] else None for count in (ours, same)),
        Quantity(*papers),
        _basis(cells) if ours[1] else f"needs a data set with {group_name} and another network",
    )
