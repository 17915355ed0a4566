"""Where a new network lies relative to the line that ImageNet accuracy predicts."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from repro.statistics.checks import checked_level, checked_table
from repro.statistics.correlation import network_points
from repro.statistics.logits import logit


@dataclass(frozen=True)
class Prediction:
    """A new network beside the line fitted to others, all as mean logit transfer accuracy.

    Attributes:
      given: the new network's own.
      expected: on the line at its ImageNet accuracy.
      low: lower end of the prediction interval.
      high: upper end.
      position: "above" or "below" the interval, or "within" it.
      num_networks: that the line was fitted to.
      num_datasets: that all the means are over.
    """

    given: float
    expected: float
    low: float
    high: float
    position: Literal["above", "below", "within"]
    num_networks: int
    num_datasets: int

    @property
    def odds_ratio(self) -> float:
        """The odds of correct classification over those expected."""
        return float(np.exp(self.given - self.expected))


def prediction(
    imagenet_accuracy: ArrayLike,
    accuracies: ArrayLike,
    new_imagenet_accuracy: float,
    new_accuracies: ArrayLike,
    *,
    level: float = 0.95,
) -> Prediction:
    """Places a new network relative to the regression line of others.

    The interval is the one for a single new observation under the linear model with equal normal
    errors: expected +- t s sqrt(1 + 1/M + (x - mean x)^2 / sum (x_m - mean x)^2), t the quantile of
    Student's distribution with M - 2 degrees of freedom, s^2 the residual sum of squares over
    M - 2. The line is fitted on the data sets that the new network has, so that both sides are
    means over the same ones.

    Args:
      imagenet_accuracy: [M] fractions, as in `correlate`, of the networks that make the line.
      accuracies: [M, D] fractions, as in `correlate`.
      new_imagenet_accuracy: a fraction, of the new network.
      new_accuracies: [D] fractions, of the new network; NaN for a data set that it lacks.
      level: of the interval: how often it holds a network that follows the line.

    Raises:
      ValueError: as in `correlate`, the new network shares no data set with the others, or level is
        not inside (0, 1).
    """
    checked_level(level)
    table, new = checked_table(accuracies), np.asarray(new_accuracies, dtype=float)
    if new.shape != table.shape[1:]:
        raise ValueError(
            f"the new network needs {table.shape[1]} accuracies, NaN where it has none; they are "
            f"{list(new.shape)}."
        )
    shared = ~np.isnan(new) & ~np.isnan(table).all(axis=0)
    if not shared.any() or np.isnan(new_imagenet_accuracy):
        raise ValueError(
            "the new network needs an ImageNet accuracy, and one on a data set of the others."
        )
    x, y = network_points(imagenet_accuracy, table[:, shared])
    line = stats.linregress(x, y)
    at = float(logit(new_imagenet_accuracy))
    given, expected = float(logit(new[shared]).mean()), float(line.intercept + line.slope * at)
    half_width = _half_width(x, y - line.intercept - line.slope * x, at, level)
    low, high = expected - half_width, expected + half_width
    position = "above" if given > high else "below" if given < low else "within"
    num_datasets = int(np.count_nonzero(shared))
    return Prediction(given, expected, low, high, position, x.size, num_datasets)


def _half_width(x: np.ndarray, residuals: np.ndarray, at: float, level: float) -> float:
    """Returns half the width of the prediction interval at `at`."""
    degrees_of_freedom = x.size - 2
    residual_error = np.sqrt(np.sum(residuals**2) / degrees_of_freedom)
    leverage = 1 / x.size + (at - x.mean()) ** 2 / np.sum((x - x.mean()) ** 2)
    quantile = stats.t.ppf((1 + level) / 2, degrees_of_freedom)
    return float(quantile * residual_error * np.sqrt(1 + leverage))
