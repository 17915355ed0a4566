"""Bootstrap intervals of the correlation between ImageNet and transfer accuracy (Figure 2)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from repro.statistics.checks import checked_level
from repro.statistics.correlation import network_points
from repro.statistics.logits import logit


@dataclass(frozen=True)
class CorrelationIntervals:
    """What resampling the networks makes of r^2 and of the line.

    Attributes:
      r_squared: (low, high).
      at: [K] ImageNet accuracies, fractions.
      low: [K] lower edge of the band about the line, as mean logit transfer accuracy.
      high: [K] its upper edge.
    """

    r_squared: tuple[float, float]
    at: np.ndarray
    low: np.ndarray
    high: np.ndarray


def bootstrap_correlation(
    imagenet_accuracy: ArrayLike,
    accuracies: ArrayLike,
    *,
    at: ArrayLike,
    num_samples: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> CorrelationIntervals:
    """Returns percentile intervals of r^2 and of the regression line.

    Networks are drawn with replacement, each with its mean logit over the data sets of the whole
    table. A sample in which all have one ImageNet accuracy has no line and is left out; so is one
    of equal transfer accuracies, from the interval of r^2.

    Args:
      imagenet_accuracy: [M] fractions, as in `correlate`.
      accuracies: [M, D] fractions, as in `correlate`.
      at: [K] ImageNet accuracies, fractions, at which the band is wanted.
      num_samples: of the bootstrap.
      seed: of the random numbers.
      level: coverage of the intervals, pointwise for the band.

    Raises:
      ValueError: as in `correlate`, num_samples is less than 1, or level is not inside (0, 1).
    """
    if num_samples < 1:
        raise ValueError(f"num_samples must be at least 1; it is {num_samples}.")
    tail = (1 - checked_level(level)) / 2
    at = np.atleast_1d(np.asarray(at, dtype=float))
    x, y = network_points(imagenet_accuracy, accuracies)
    drawn = np.random.default_rng(seed).integers(x.size, size=(num_samples, x.size))
    drawn = drawn[np.ptp(x[drawn], axis=1) > 0]
    if not len(drawn):
        raise ValueError(f"none of {num_samples} samples has two ImageNet accuracies; draw more.")
    lines, r_squared = _lines(x[drawn], y[drawn], logit(at))
    low, high = np.quantile(lines, [tail, 1 - tail], axis=0)
    interval = np.nanquantile(r_squared, [tail, 1 - tail])
    return CorrelationIntervals((float(interval[0]), float(interval[1])), at, low, high)


def _lines(x: np.ndarray, y: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fits a line to each row of x and y [samples, M].

    Returns:
      Heights of the lines [samples, K] at `at` [K], and r^2 [samples], NaN where y is constant.
    """
    center_x, center_y = x.mean(axis=1, keepdims=True), y.mean(axis=1, keepdims=True)
    squares_x = np.sum((x - center_x) ** 2, axis=1)
    squares_y = np.sum((y - center_y) ** 2, axis=1)
    products = np.sum((x - center_x) * (y - center_y), axis=1)
    heights = center_y + (products / squares_x)[:, None] * (at - center_x)
    varied = np.ptp(y, axis=1) > 0
    r_squared = np.full(len(x), np.nan)
    r_squared[varied] = products[varied] ** 2 / (squares_x[varied] * squares_y[varied])
    return heights, r_squared
