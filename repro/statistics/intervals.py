"""Standard errors over repetitions, and how far two runs may differ by chance alone."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from repro.statistics.checks import checked_level


def standard_error(values: ArrayLike, axis: int = -1) -> np.ndarray:
    """Returns the standard error of the mean over repetitions (Figure 6: over three subsets).

    Args:
      values: numbers of any shape, in any unit; NaN is a missing repetition, which is left out.
      axis: of the repetitions.

    Returns:
      Sample standard deviation (n - 1) over sqrt(n), in the unit of `values`, without `axis`; NaN
      where there are fewer than two repetitions.
    """
    values = np.moveaxis(np.asarray(values, dtype=float), axis, -1)
    count = np.count_nonzero(~np.isnan(values), axis=-1)
    several = count >= 2
    errors = np.full(count.shape, np.nan)
    errors[several] = np.nanstd(values[several], axis=-1, ddof=1) / np.sqrt(count[several])
    return errors


def binomial_tolerance(p: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> np.ndarray:
    """Returns by how many points two runs of one true accuracy may differ on n test examples.

        100 z sqrt(2 p (1 - p) / n),    z = 1.96 for level = 0.95

    which takes each run's number of correct examples to be binomial and independent of the other's.
    Two networks mostly fail on the same examples of one test set, so that their difference from
    sampling is smaller than this; the room is left for what differs between trainings. For mean
    per-class accuracy and mean average precision it is an approximation with the same n.

    Args:
      p: accuracies, fractions in [0, 1]. At 0 and 1 the tolerance is 0, so that a caller sets a
        least one.
      n: numbers of test examples, at least 1; broadcasts with `p`.
      level: how often the difference of two such runs is within the tolerance.

    Returns:
      Percentage points, NaN where `p` is.

    Raises:
      ValueError: `p` is outside [0, 1], `n` is less than 1, or level is not inside (0, 1).
    """
    p, n = np.asarray(p, dtype=float), np.asarray(n)
    if (p < 0).any() or (p > 1).any() or (n < 1).any():
        raise ValueError("p must be fractions in [0, 1], and n at least 1.")
    z = stats.norm.ppf((1 + checked_level(level)) / 2)
    return 100 * z * np.sqrt(2 * p * (1 - p) / n)
