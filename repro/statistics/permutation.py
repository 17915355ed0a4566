"""The permutation test between two networks' predictions on one test set (Appendix A.1.1).

A permutation exchanges the two networks' predictions for each example with probability 1/2; the
p-value is the share of permutations whose difference in accuracy is at least as extreme as the
observed one.

An exchange changes the sign of the example's contribution to the difference. Let that be
d_i = +-w, w the same for all examples of a group (below), or 0 where both networks do equally well.
With fair random signs s_i, s_i d_i is +w or -w with probability 1/2 each, whatever the sign of d_i,
and independent of the other examples. So the sum over the m examples of a group with d_i != 0 is

    w (2 K - m),    K ~ Binomial(m, 1/2),

and the difference of a whole permutation is a sum of one such term per group: exactly the
distribution of exchanging example by example, from one binomial draw per group instead of a random
bit per example. Groups are

* mean per-class accuracy: the examples of all classes of one size n_c, w = 1 / n_c (not one group
  per class, as a sum of binomials is binomial);
* accuracy across labels (VOC2007): the examples on which the numbers of correct labels differ by
  the same amount w.
"""

import numpy as np
from numpy.typing import ArrayLike

from repro.statistics.checks import checked_predictions

# Equal differences are summed in different orders; what is equal but for that counts as extreme.
_RELATIVE_ROUNDING = 1e-12


def permutation_p_value(
    labels: ArrayLike,
    predictions_a: ArrayLike,
    predictions_b: ArrayLike,
    *,
    num_permutations: int = 10_000,
    seed: int = 0,
) -> float:
    """Returns the two-sided p-value that two networks are equally accurate.

    What is compared follows from the shape of `labels`: mean per-class accuracy where it is [n],
    and where it is [n, L] the fraction of labels predicted correctly, over all examples and labels
    but the masked ones, which the paper takes for VOC2007 (its footnote 2). An example's
    predictions are exchanged as a whole. For top-1 accuracy `mcnemar_p_value` is exact.

    The value is (1 + permutations at least as extreme) / (1 + permutations), the observed one
    counted among them, so that under the null P(p <= a) <= a for any number of permutations
    (Phipson and Smyth, 2010); the plain share, which the paper describes, can be 0.

    Args:
      labels: [n] integer class indices, or [n, L] of 1 (present), 0 (difficult, masked), -1.
      predictions_a: of one network: [n] integer class indices, or [n, L] booleans, True where it
        predicts the label present (a logit above 0).
      predictions_b: of the other.
      num_permutations: how many, 10,000 in the paper.
      seed: of the random numbers.

    Returns:
      The p-value in (0, 1].

    Raises:
      ValueError: a shape or type does not fit, there is no example or no unmasked label, or
        num_permutations is less than 1.
    """
    if num_permutations < 1:
        raise ValueError(f"num_permutations must be at least 1; it is {num_permutations}.")
    labels, predictions_a, predictions_b = checked_predictions(labels, predictions_a, predictions_b)
    groups_of = _groups_of_classes if labels.ndim == 1 else _groups_of_label_counts
    weights, counts, observed = groups_of(labels, predictions_a, predictions_b)
    rng = np.random.default_rng(seed)
    differences = np.zeros(num_permutations)
    for weight, count in zip(weights, counts, strict=True):
        differences += weight * (2 * rng.binomial(count, 0.5, size=num_permutations) - count)
    threshold = abs(observed) - _RELATIVE_ROUNDING * np.sum(weights * counts)
    extreme = np.count_nonzero(np.abs(differences) >= threshold)
    return (1 + extreme) / (1 + num_permutations)


def _groups_of_classes(
    labels: np.ndarray, predictions_a: np.ndarray, predictions_b: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """Returns the groups' [G] weights and [G] numbers of examples, and the observed difference.

    The difference is the sum, not the mean, over the classes of that in accuracy.
    """
    _, classes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    sign = (predictions_a == labels).astype(int) - (predictions_b == labels)
    differing = np.bincount(classes, weights=sign != 0)
    net = np.bincount(classes, weights=sign)
    group_sizes, group = np.unique(sizes, return_inverse=True)
    counts = np.bincount(group, weights=differing).astype(int)
    observed = float(np.sum(np.bincount(group, weights=net) / group_sizes))
    return 1 / group_sizes, counts, observed


def _groups_of_label_counts(
    labels: np.ndarray, predictions_a: np.ndarray, predictions_b: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """Returns the same for labels [n, L]; the difference is in the number of correct labels."""
    counted, present = labels != 0, labels == 1
    if not counted.any():
        raise ValueError("every label is 0: there is nothing to compare.")
    correct_a = np.count_nonzero(counted & (predictions_a == present), axis=1)
    correct_b = np.count_nonzero(counted & (predictions_b == present), axis=1)
    differences = correct_a - correct_b
    counts = np.bincount(np.abs(differences))
    return np.arange(counts.size, dtype=float), counts, float(differences.sum())
