"""Linear support vector machines over a regularization path (paper, appendix B).

The paper says "SVM" and no more. The works that it follows there fit one linear SVM against the
rest for each class (Simonyan and Zisserman 2014, Chatfield et al. 2014), and so do we, with the
squared hinge that LIBLINEAR has by default (Fan et al. 2008):

    1/2 |w|^2 + C sum max(0, 1 - y (w x + b))^2

with the intercept not penalized. The paper gives no values of C either. Ours are one over its
values of lambda for logistic regression, from 1e-5 up to 1e3: beyond that, classes that can be
separated are, the solution hardly changes, and the search takes most of its time. The objective
over C is the squared hinge + lambda / 2 * |w|^2 with lambda = 1 / C, and everything here is said in
lambda.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from repro.classifiers.checks import checked_features, checked_labels
from repro.classifiers.losses import SquaredHinge
from repro.classifiers.path import (
    L2_VALUES,
    MAX_ITERATIONS,
    TOLERANCE,
    RegularizationPath,
    fit_path,
)

SVM_L2_VALUES = L2_VALUES[L2_VALUES > 0.99e-3]
"""33 values of lambda = 1 / C, from 1e-3 to 1e5."""


def svm_path(
    features: ArrayLike,
    labels: ArrayLike,
    num_classes: int,
    l2_values: ArrayLike,
    *,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
    progress: Callable[[int, int], None] | None = None,
) -> RegularizationPath:
    """Fits a linear SVM of each class against the rest, for each value of lambda = 1 / C.

    It has converged where `logistic_regression_path` has, by the gradient of this objective.

    Args:
      features: [n, d] finite numbers, used as they are: see `normalize`.
      labels: [n] integers in [0, num_classes); or [n, num_classes] integers 1 (present), 0 (left
        out of this class's loss) and -1 (absent).
      num_classes: how many classes there are.
      l2_values: [L] positive values of lambda in any order.
      tolerance: positive.
      max_iterations: the most iterations for one value of lambda.
      progress: called with how many of the values are done, and how many there are.

    Returns:
      The solutions. Where one has not converged, its `converged` is False and a ConvergenceWarning
      names it.

    Raises:
      ValueError: a shape does not fit, a feature is not finite, a label is out of range, or a value
        of lambda or the tolerance is not positive.
    """
    features = checked_features(features)
    labels = checked_labels(labels, len(features), num_classes)
    if labels.ndim == 1:
        against_rest = np.where(np.arange(num_classes)[:, None] == labels, 1.0, -1.0)
    else:
        against_rest = np.ascontiguousarray(labels.T, dtype=float)
    return fit_path(
        SquaredHinge(against_rest),
        features,
        l2_values,
        tolerance=tolerance,
        max_iterations=max_iterations,
        progress=progress,
    )
