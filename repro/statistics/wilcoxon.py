"""Wilcoxon's signed-rank test, exact (Sections 3 and 4.3)."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from repro.statistics.checks import checked_pair, checked_table
from repro.statistics.logits import logit

# Decimals of a difference, so that 92.2 - 91.2 and 91.8 - 90.8 tie as they do on paper.
_DECIMALS = 12


def wilcoxon_signed_rank(a: ArrayLike, b: ArrayLike, *, use_logits: bool = False) -> float:
    """Returns the exact two-sided p-value that paired values differ in neither direction.

    The paper's two uses: two networks across data sets (Section 3: which is better on average), and
    two settings across networks on one data set (Section 4.3). It does not say on which scale;
    raw accuracy is what its statements hold for, and on logits the same ones hold.

    Exact means the distribution of the rank sum over all 2^n signs given the magnitudes, ties
    included, for any n: scipy's goes through the 2^n one by one where there are ties. Equal
    magnitudes share their mean rank. Pairs without a difference are dropped before ranking, as
    Wilcoxon did (`zero_method="wilcox"` in scipy); with no pair left the p-value is 1. Two-sided is
    twice the smaller tail, at most 1.

    Args:
      a: [n] accuracies; NaN is a missing cell, whose pair is left out.
      b: [n] accuracies on the scale of `a`: fractions for `use_logits`.
      use_logits: compares logit accuracies, which weighs a point near 100% more.

    Returns:
      The p-value in (0, 1].

    Raises:
      ValueError: the shapes differ or are not [n], no pair has both sides, or an accuracy has no
        finite logit.
    """
    a, b = checked_pair(a, b)
    if use_logits:
        a, b = logit(a), logit(b)
    differences = np.round(a - b, _DECIMALS)
    differences = differences[differences != 0]
    # Mean ranks are halves, so that twice them are integers.
    doubled_ranks = np.rint(2 * stats.rankdata(np.abs(differences))).astype(int)
    probabilities = _rank_sum_probabilities(doubled_ranks)
    positive = doubled_ranks[differences > 0].sum()
    tails = probabilities[: positive + 1].sum(), probabilities[positive:].sum()
    return float(min(1.0, 2 * min(tails)))


def wilcoxon_per_dataset(a: ArrayLike, b: ArrayLike, *, use_logits: bool = False) -> np.ndarray:
    """Returns the p-values of two settings across networks, one for each data set (Section 4.3).

    Args:
      a: [M, D] accuracies in one setting, networks by data sets; NaN is a missing cell.
      b: [M, D] accuracies of the same in another.
      use_logits: as in `wilcoxon_signed_rank`.

    Returns:
      [D] p-values; NaN for a data set of which no network has both settings.

    Raises:
      ValueError: the shapes differ, or an accuracy has no finite logit.
    """
    a, b = checked_table(a), checked_table(b)
    if a.shape != b.shape:
        raise ValueError(f"the two tables differ: {list(a.shape)} and {list(b.shape)}.")
    p_values = np.full(a.shape[1], np.nan)
    for d in np.flatnonzero((~np.isnan(a) & ~np.isnan(b)).any(axis=0)):
        p_values[d] = wilcoxon_signed_rank(a[:, d], b[:, d], use_logits=use_logits)
    return p_values


def _rank_sum_probabilities(ranks: np.ndarray) -> np.ndarray:
    """Returns P(sum of a random half of the integer ranks = s), s = 0 .. their sum.

    Each rank is in the sum with probability 1/2, so that every one convolves the distribution with
    (1/2 at 0, 1/2 at the rank).
    """
    probabilities = np.zeros(ranks.sum() + 1)
    probabilities[0] = 1
    for rank in ranks:
        shifted = np.zeros_like(probabilities)
        shifted[rank:] = probabilities[: probabilities.size - rank]
        probabilities = (probabilities + shifted) / 2
    return probabilities
