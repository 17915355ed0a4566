"""Which test compares two networks on one test set (Appendix A.1.1), by the data set's metric.

These are tests between trained networks, not between architectures: they do not measure how much
another initialization or order of the training data would change.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from repro import unknown_name
from repro.statistics.checks import checked_predictions
from repro.statistics.permutation import permutation_p_value

_METRICS = ("top1", "mean_per_class", "map11")


def mcnemar_p_value(correct_a: ArrayLike, correct_b: ArrayLike) -> float:
    """Returns the exact two-sided p-value that two networks have the same top-1 accuracy.

    McNemar's exact test: of the examples that only one of the two gets right, each is the first
    network's with probability 1/2. It is the permutation test with all permutations (A.1.1). With
    no such example the p-value is 1.

    Args:
      correct_a: [n] booleans, True where the first network is right, n at least 1.
      correct_b: [n] booleans of the other.

    Returns:
      The p-value in (0, 1].

    Raises:
      ValueError: the shapes differ, are not [n] or n is 0, or a value is not a boolean.
    """
    correct_a, correct_b = np.asarray(correct_a), np.asarray(correct_b)
    if correct_a.shape != correct_b.shape or correct_a.ndim != 1 or correct_a.size == 0:
        raise ValueError(
            "correct_a and correct_b must both have the shape [n] with n at least 1; they have "
            f"{list(correct_a.shape)} and {list(correct_b.shape)}."
        )
    if correct_a.dtype != bool or correct_b.dtype != bool:
        raise ValueError(
            f"both must be booleans; their types are {correct_a.dtype} and {correct_b.dtype}."
        )
    only_a = np.count_nonzero(correct_a & ~correct_b)
    only_b = np.count_nonzero(correct_b & ~correct_a)
    if only_a + only_b == 0:
        return 1.0
    return float(stats.binomtest(only_a, only_a + only_b, 0.5).pvalue)


def paired_p_value(
    metric: str,
    labels: ArrayLike,
    predictions_a: ArrayLike,
    predictions_b: ArrayLike,
    *,
    num_permutations: int = 10_000,
    seed: int = 0,
) -> float:
    """Returns the p-value by the test that the paper uses where a data set has this metric.

    Args:
      metric: "top1" (McNemar's exact test), "mean_per_class" (permutations), or "map11"
        (permutations of the accuracy across labels, which is not the metric itself).
      labels: as in `permutation_p_value`: [n] class indices, or [n, L] for "map11".
      predictions_a: as in `permutation_p_value`.
      predictions_b: as in `permutation_p_value`.
      num_permutations: not used by "top1".
      seed: not used by "top1".

    Raises:
      ValueError: the metric is unknown, or the arrays do not fit the metric or one another.
    """
    if metric not in _METRICS:
        raise unknown_name("metric", metric, _METRICS)
    labels, predictions_a, predictions_b = checked_predictions(labels, predictions_a, predictions_b)
    if labels.ndim != (2 if metric == "map11" else 1):
        raise ValueError(f"labels of shape {list(labels.shape)} do not fit the metric {metric}.")
    if metric == "top1":
        return mcnemar_p_value(labels == predictions_a, labels == predictions_b)
    return permutation_p_value(
        labels, predictions_a, predictions_b, num_permutations=num_permutations, seed=seed
    )
