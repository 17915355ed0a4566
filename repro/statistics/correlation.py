"""ImageNet accuracy against transfer accuracy over networks: r^2, Spearman's rho, the line (A.1.2).

Both axes are logits, and a network's transfer accuracy is its mean logit over the data sets
(Section 3, Figure 2 left, Table 3).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from repro.statistics.difficulty import mean_logits
from repro.statistics.logits import logit

_FEWEST_NETWORKS = 3  # any two lie on a line


@dataclass(frozen=True)
class Correlation:
    """How strongly ImageNet accuracy predicts transfer accuracy over networks.

    Attributes:
      r: Pearson's correlation of the logits.
      r_squared: its square.
      spearman: rank correlation, with mid-ranks where accuracies are equal.
      slope: of the least-squares line, in log odds of transfer per log odds on ImageNet.
      intercept: of that line, in log odds.
      num_networks: how many entered.
    """

    r: float
    r_squared: float
    spearman: float
    slope: float
    intercept: float
    num_networks: int

    def line(self, imagenet_accuracy: ArrayLike) -> np.ndarray:
        """Returns the mean logit transfer accuracy on the line at given ImageNet fractions."""
        return self.intercept + self.slope * logit(imagenet_accuracy)


def correlate(imagenet_accuracy: ArrayLike, accuracies: ArrayLike) -> Correlation:
    """Correlates logit ImageNet accuracy with mean logit transfer accuracy.

    Args:
      imagenet_accuracy: [M] fractions; a network with NaN is left out.
      accuracies: [M, D] fractions; NaN is a missing cell, handled as in `mean_logits`; a network
        without any cell is left out.

    Raises:
      ValueError: the shapes do not fit, an accuracy has no finite logit, fewer than three networks
        are left, all of one ImageNet accuracy or transfer accuracy, or they are not comparable.
    """
    x, y = network_points(imagenet_accuracy, accuracies)
    line = stats.linregress(x, y)
    return Correlation(
        r=float(line.rvalue),
        r_squared=float(line.rvalue**2),
        spearman=float(stats.spearmanr(x, y).statistic),
        slope=float(line.slope),
        intercept=float(line.intercept),
        num_networks=x.size,
    )


def network_points(
    imagenet_accuracy: ArrayLike, accuracies: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Returns logit ImageNet accuracy and mean logit transfer accuracy of each complete network.

    Args:
      imagenet_accuracy: as in `correlate`.
      accuracies: as in `correlate`.

    Returns:
      Two arrays [networks], at least three, neither of them constant.

    Raises:
      ValueError: as in `correlate`.
    """
    x, y = logit(imagenet_accuracy), mean_logits(accuracies)
    if x.shape != y.shape:
        raise ValueError(
            f"there are accuracies of {y.size} networks, but ImageNet accuracies of shape "
            f"{list(x.shape)}."
        )
    present = ~(np.isnan(x) | np.isnan(y))
    x, y = x[present], y[present]
    if x.size < _FEWEST_NETWORKS:
        raise ValueError(
            f"a correlation needs {_FEWEST_NETWORKS} networks with both accuracies; there are "
            f"{x.size}."
        )
    for values, name in ((x, "ImageNet"), (y, "transfer")):
        if np.ptp(values) == 0:
            raise ValueError(f"all {x.size} networks have one {name} accuracy: no correlation.")
    return x, y
