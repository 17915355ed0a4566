"""Fine-tuning against fixed features and against random initialization (Sections 4.3, 4.4)."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from repro import statistics
from repro.checking.conclusion import Conclusion, Quantity
from repro.checking.matched_cells import MatchedCells, counted

_FEWEST_PAIRS = 6  # of an exact Wilcoxon test that can reach p < 0.05: 2 / 2^6
_SIGNIFICANCE = 0.05
_NAMES = {
    "logistic_regression": "logistic regression",
    "random_init": "random initialization",
}


def beside(fine_tuned: MatchedCells, other: MatchedCells) -> Iterator[Conclusion]:
    """Yields how often and by which odds fine-tuning is better, over the pairs that both have."""
    for name, text, statistic, both in (
        ("wins", "beats {} in cells", _wins, (fine_tuned, other)),
        (
            "odds_ratio",
            "odds ratio to {}",
            _odds_ratio,
            (fine_tuned.with_logit(), other.with_logit()),
        ),
    ):
        pairs = _num_pairs(*both)
        yield Conclusion(
            "fine-tuning",
            f"{name}_{other.setting}",
            other.setting,
            text.format(_NAMES[other.setting]),
            *_three(*both, statistic, enough=pairs > 0),
            counted(pairs, "pair") if pairs else "needs a cell in both settings",
        )


def _three(
    fine_tuned: MatchedCells,
    other: MatchedCells,
    statistic: Callable[[pd.DataFrame, pd.DataFrame], Quantity],
    *,
    enough: bool,
) -> tuple[Quantity | None, Quantity | None, Quantity]:
    """Returns a statistic of two settings: ours, the paper's for the same pairs, and for all."""
    papers = statistic(*_aligned(fine_tuned.complete, other.complete))
    if not enough:
        return None, None, papers
    ours = _aligned(fine_tuned.ours, other.ours)
    both = (ours[0] + ours[1]).notna()
    same = (table.where(both) for table in _aligned(fine_tuned.complete, other.complete))
    return statistic(*ours), statistic(*same), papers


def _aligned(a: pd.DataFrame, b: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    common = a.index.intersection(b.index)
    return a.loc[common], b.loc[common]


def _num_pairs(a: MatchedCells, b: MatchedCells) -> int:
    first, second = _aligned(a.ours, b.ours)
    return int((first + second).notna().sum().sum())


def _wins(a: pd.DataFrame, b: pd.DataFrame) -> Quantity:
    return Quantity(int((a > b).sum().sum()), int((a + b).notna().sum().sum()))


def _odds_ratio(a: pd.DataFrame, b: pd.DataFrame) -> Quantity:
    return Quantity(statistics.odds_ratio(np.ravel(a) / 100, np.ravel(b) / 100))


def significance(fine_tuned: MatchedCells, fixed: MatchedCells) -> Conclusion:
    """Counts data sets on which fine-tuning is better on average, by Wilcoxon's test (4.3)."""
    ours, fixed_ours = _aligned(fine_tuned.ours, fixed.ours)
    pairs = (ours + fixed_ours).notna().sum()
    tested = list(pairs.index[pairs >= _FEWEST_PAIRS])
    found, same, _ = _three(
        fine_tuned, fixed, lambda a, b: _num_better(a, b, tested), enough=bool(tested)
    )
    better = _better(ours, fixed_ours, tested)
    others = ", ".join(
        f"{dataset} (p = {_wilcoxon(ours, fixed_ours, dataset):.2g})"
        for dataset in tested
        if dataset not in better
    )
    papers = _aligned(fine_tuned.complete, fixed.complete)
    most = int(pairs.max())
    return Conclusion(
        "fine-tuning",
        "significantly_better_datasets",
        fixed.setting,
        "significantly better on data sets",
        found,
        same,
        _num_better(*papers, list(papers[0].columns)),
        f"{counted(int(pairs[tested].min()), 'network')} or more on each"
        if tested
        else f"needs {_FEWEST_PAIRS} networks in both settings on a data set; there are {most}",
        (f"not on {others}",) if others else (),
    )


def _num_better(a: pd.DataFrame, b: pd.DataFrame, datasets: list[str]) -> Quantity:
    return Quantity(len(_better(a, b, datasets)), len(datasets))


def _better(a: pd.DataFrame, b: pd.DataFrame, datasets: list[str]) -> list[str]:
    """Returns the data sets on which a is better on average, and significantly."""
    return [
        dataset
        for dataset in datasets
        if (a[dataset] - b[dataset]).mean() > 0 and _wilcoxon(a, b, dataset) < _SIGNIFICANCE
    ]


def _wilcoxon(a: pd.DataFrame, b: pd.DataFrame, dataset: str) -> float:
    return statistics.wilcoxon_signed_rank(a[dataset] / 100, b[dataset] / 100)
