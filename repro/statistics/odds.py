"""Odds ratios of two settings, and the paired t-test on logits (Section 4.4, Appendix B)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from repro.statistics.checks import checked_level, checked_pair
from repro.statistics.logits import logit


def odds_ratio(a: ArrayLike, b: ArrayLike) -> float:
    """Returns exp(mean(logit(a) - logit(b))): the odds of a correct answer in a over those in b.

    Args:
      a: [n] fractions, for example one per network; NaN is a missing cell, whose pair is left out.
      b: [n] fractions of the same.

    Raises:
      ValueError: the shapes differ or are not [n], no pair has both sides, or an accuracy has no
        finite logit.
    """
    a, b = checked_pair(a, b)
    return float(np.exp(np.mean(logit(a) - logit(b))))


@dataclass(frozen=True)
class PairedTTest:
    """A paired t-test of logit accuracies, as Appendix B reports it.

    Attributes:
      odds_ratio: as `odds_ratio` has it.
      low: lower end of its confidence interval.
      high: upper end.
      t: the statistic; positive where the first side is better.
      degrees_of_freedom: pairs less one.
      p_value: two-sided.
    """

    odds_ratio: float
    low: float
    high: float
    t: float
    degrees_of_freedom: int
    p_value: float


def paired_logit_t_test(a: ArrayLike, b: ArrayLike, *, level: float = 0.95) -> PairedTTest:
    """Tests whether the odds of a correct answer are on average the same in a and b.

    Appendix B over all 156 pairs of data set and network. Pairs of one network or one data set are
    not independent, which the test takes them to be.

    Args:
      a: [n] fractions; NaN is a missing cell, whose pair is left out.
      b: [n] fractions of the same.
      level: of the confidence interval of the odds ratio.

    Raises:
      ValueError: as in `odds_ratio`, there are fewer than two pairs, all differences are equal, so
        that there is no error to compare with, or level is not inside (0, 1).
    """
    checked_level(level)
    logits_a, logits_b = (logit(side) for side in checked_pair(a, b))
    differences = logits_a - logits_b
    if differences.size < 2 or np.ptp(differences) < 1e-12:  # equal but for rounding
        raise ValueError(
            "a t-test needs two pairs that differ by different amounts; there are "
            f"{differences.size} pairs, that differ from one another by at most "
            f"{np.ptp(differences):.1g} in logits."
        )
    test = stats.ttest_rel(logits_a, logits_b)
    interval = test.confidence_interval(level)
    return PairedTTest(
        odds_ratio=float(np.exp(differences.mean())),
        low=float(np.exp(interval.low)),
        high=float(np.exp(interval.high)),
        t=float(test.statistic),
        degrees_of_freedom=int(test.df),
        p_value=float(test.pvalue),
    )
