"""Which networks do not differ significantly from the best (Figure 2's green, Table 5's bold)."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from repro.statistics.checks import checked_table
from repro.statistics.difficulty import mean_logits
from repro.statistics.wilcoxon import wilcoxon_signed_rank


def not_different_from_best(
    accuracies: ArrayLike, p_value: Callable[[int, int], float], *, significance: float = 0.05
) -> np.ndarray:
    """Returns which networks are the best on one data set, or not significantly different from it.

    As in the paper, each network is compared with the best alone, without a correction for the
    number of comparisons.

    Args:
      accuracies: [M], on any one scale; NaN is a missing cell.
      p_value: gives the p-value of two networks' places, the best's first; `paired_p_value` of
        their predictions, for example. A NaN says that the two cannot be compared.
      significance: a network is different where p <= significance.

    Returns:
      [M] booleans, True for the best (the first of equals) and for networks with a p-value above
      the significance; False where the accuracy is missing or the two cannot be compared.

    Raises:
      ValueError: accuracies are not [M], or all are missing.
    """
    accuracies = np.asarray(accuracies, dtype=float)
    if accuracies.ndim != 1 or np.isnan(accuracies).all():
        raise ValueError(
            f"accuracies must be [networks], one of them not NaN; they are {accuracies}."
        )
    best = int(np.nanargmax(accuracies))
    return np.array(
        [
            m == best or (not np.isnan(accuracy) and bool(p_value(best, m) > significance))
            for m, accuracy in enumerate(accuracies)
        ]
    )


def not_different_from_best_on_average(
    accuracies: ArrayLike, *, significance: float = 0.05, use_logits: bool = False
) -> np.ndarray:
    """Returns which networks are the best over data sets, or not significantly different from it.

    The best has the highest mean logit accuracy; the others are compared with it by Wilcoxon's
    signed-rank test across the data sets that both have (Section 3, Figure 2 right). With fewer
    than six data sets that test cannot reach p <= 0.05, so that every network is True.

    Args:
      accuracies: [M, D] fractions; NaN is a missing cell, handled as in `mean_logits`.
      significance: as in `not_different_from_best`.
      use_logits: as in `wilcoxon_signed_rank`.

    Returns:
      [M] booleans; False for a network without any cell, or that shares no data set with the best.

    Raises:
      ValueError: as in `mean_logits`, or there is no accuracy at all.
    """
    table = checked_table(accuracies)

    def p_value(best: int, other: int) -> float:
        if not (~np.isnan(table[best]) & ~np.isnan(table[other])).any():
            return float("nan")
        return wilcoxon_signed_rank(table[best], table[other], use_logits=use_logits)

    return not_different_from_best(mean_logits(table), p_value, significance=significance)
