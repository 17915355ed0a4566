"""The logit: the scale on which the paper adds, averages and correlates accuracies (Section 3).

A difference of logits is the logarithm of an odds ratio, whatever the accuracy it starts from, and
it is the same for error rates with the sign changed.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special


def logit(p: ArrayLike) -> np.ndarray:
    """Returns log(p / (1 - p)).

    Args:
      p: fractions strictly between 0 and 1, of any shape; NaN is a missing cell and stays NaN.

    Returns:
      Natural logarithms of odds, in the shape of `p`.

    Raises:
      ValueError: a fraction is outside [0, 1], as percentages are, or is exactly 0 or 1, which has
        no finite logit: `logit_of_counts` has one.
    """
    p = np.asarray(p, dtype=float)
    given = p[~np.isnan(p)]
    if given.size and (given.min() < 0 or given.max() > 1):
        raise ValueError(
            "accuracies must be fractions in [0, 1], not percentages; they span "
            f"[{given.min():g}, {given.max():g}]."
        )
    extreme = np.count_nonzero((given == 0) | (given == 1))
    if extreme:
        raise ValueError(
            f"{extreme} of {given.size} accuracies are exactly 0 or 1, whose logit is infinite. "
            "Leave them out, or give the counts to logit_of_counts."
        )
    return special.logit(p)


def inverse_logit(x: ArrayLike) -> np.ndarray:
    """Returns 1 / (1 + exp(-x)): fractions in the shape of `x`, NaN where it is NaN."""
    return special.expit(np.asarray(x, dtype=float))


def logit_of_counts(correct: ArrayLike, total: ArrayLike) -> np.ndarray:
    """Returns the logit of correct / total, finite where all or none are correct.

    Only there it is the logit of (correct + 1/2) / (total + 1), the empirical logit: one half is
    added to both counts (Haldane, 1956; Anscombe, 1956, "On estimating binomial response
    relations", Biometrika 43). Elsewhere the paper's plain logit is kept. The order of accuracies
    at one total is kept too.

    Args:
      correct: integers in [0, total].
      total: integers, at least 1; both broadcast.

    Returns:
      Natural logarithms of odds, in the shape the two broadcast to.

    Raises:
      ValueError: the counts are not integers or out of range.
    """
    correct, total = np.broadcast_arrays(correct, total)
    if correct.dtype.kind not in "iu" or total.dtype.kind not in "iu":
        raise ValueError(
            f"counts must be integers; their types are {correct.dtype} and {total.dtype}."
        )
    if (total < 1).any() or (correct < 0).any() or (correct > total).any():
        raise ValueError("counts must have 0 <= correct <= total with total at least 1.")
    half = np.where((correct == 0) | (correct == total), 0.5, 0.0)
    return np.log(correct + half) - np.log(total - correct + half)
