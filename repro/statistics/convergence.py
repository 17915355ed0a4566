"""How many training steps come close to the best that any number of steps reaches (Section 4.5).

Section 4.5: "the number of epochs and steps required to reach 90% of the maximum odds of correct
classification achieved at any number of steps, and [...] the geometric mean across datasets".

The paper's numbers say how it was computed. It prints quartiles of 267, 4,882, 9,765 and 39,062
steps; the last three are whole values of 5,000,000 / 256 / 2^k (19,531, the full training, times a
power of two), and 267 is 152 + 3/4 (305 - 152), what the linear quartile of 12 values makes of two
neighbouring ones. So the steps are measured ones, with nothing interpolated between them. Its mean
epochs are its mean steps times 256 over the geometric mean of the training sets of Table 1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Convergence:
    """A length of training for each data set, and its summary over data sets.

    Attributes:
      per_dataset: [D] steps or epochs; NaN for a data set without measurements.
      geometric_mean: over the data sets that have one.
      lower_quartile: over the same, by linear interpolation between neighbouring data sets.
      upper_quartile: likewise.
    """

    per_dataset: np.ndarray
    geometric_mean: float
    lower_quartile: float
    upper_quartile: float

    def in_epochs(self, num_train: ArrayLike, batch_size: int = 256) -> "Convergence":
        """Returns the same in epochs.

        Args:
          num_train: [D] examples that each data set was trained on.
          batch_size: of the runs.
        """
        return _summary(self.per_dataset * batch_size / np.asarray(num_train, dtype=float))


def steps_to_fraction_of_best_odds(
    steps: ArrayLike, accuracies: ArrayLike, *, fraction: float = 0.9
) -> Convergence:
    """Returns the fewest measured steps with odds of at least a fraction of the largest odds.

    Args:
      steps: [S] positive numbers of training steps, all different, in any order.
      accuracies: [S, D] fractions in [0, 1), of independent runs of so many steps on each data set;
        NaN is a run that is missing, which is left out.
      fraction: of the largest odds p / (1 - p) over all numbers of steps, in (0, 1].

    Raises:
      ValueError: the shapes do not fit, steps are not positive or not different, an accuracy is
        outside [0, 1) (the odds of 1 are infinite), the fraction is outside (0, 1], or no data set
        has a measurement.
    """
    steps, table = _checked(steps, accuracies)
    if not 0 < fraction <= 1:
        raise ValueError(f"fraction must be in (0, 1]; it is {fraction}.")
    odds = table / (1 - table)
    reached = odds >= fraction * np.fmax.reduce(odds, axis=0)  # never where the run is missing
    return _summary(np.fmin.reduce(np.where(reached, steps[:, None], np.nan), axis=0))


def _summary(per_dataset: np.ndarray) -> Convergence:
    measured = per_dataset[~np.isnan(per_dataset)]
    lower, upper = np.quantile(measured, [0.25, 0.75])
    mean = np.exp(np.log(measured).mean())
    return Convergence(per_dataset, float(mean), float(lower), float(upper))


def _checked(steps: ArrayLike, accuracies: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Returns both as floats after the checks that the public function promises."""
    steps, table = np.asarray(steps, dtype=float), np.asarray(accuracies, dtype=float)
    if steps.ndim != 1 or table.ndim != 2 or len(table) != len(steps) or np.isnan(table).all():
        raise ValueError(
            "steps must be [S], and accuracies [S, data sets], one of them not NaN; they are "
            f"{list(steps.shape)} and {list(table.shape)}."
        )
    if not (steps > 0).all() or np.unique(steps).size != steps.size:
        raise ValueError(f"steps must be positive and all different; they are {steps}.")
    given = table[~np.isnan(table)]
    if given.min() < 0 or given.max() >= 1:
        raise ValueError(
            "accuracies must be fractions in [0, 1), as the odds of 1 are infinite; they span "
            f"[{given.min():g}, {given.max():g}]."
        )
    return steps, table
