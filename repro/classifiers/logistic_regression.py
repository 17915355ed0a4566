"""L2-regularized logistic regression over a regularization path (paper, appendix A.4).

The objective is the SUM over examples of the cross-entropy + lambda / 2 * |W|^2, with |W| the
Frobenius norm of the coefficients and the intercepts not penalized. The paper applies lambda "to
the sum of the per-example losses"; the 1/2, and leaving the intercepts out, are our reading. For
scikit-learn this is C = 1 / lambda.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from repro.classifiers.checks import checked_features, checked_labels
from repro.classifiers.losses import SigmoidCrossEntropy, SoftmaxCrossEntropy
from repro.classifiers.path import MAX_ITERATIONS, TOLERANCE, RegularizationPath, fit_path


def logistic_regression_path(
    features: ArrayLike,
    labels: ArrayLike,
    num_classes: int,
    l2_values: ArrayLike,
    *,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
    initial: tuple[ArrayLike, ArrayLike] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> RegularizationPath:
    """Fits a linear classifier for each value of lambda by L-BFGS in float64.

    A solution has converged where

        |gradient| <= tolerance * min(lambda, 1) * |W|

    with the gradient of the whole objective by all coefficients and intercepts. The penalty makes
    the objective lambda-strongly convex in W. With the intercepts at their best for that W, the
    relative error of W is therefore at most `tolerance`, and the objective exceeds its minimum
    by at most the square of `tolerance`, relatively, whatever the scale of features and lambda. (An
    absolute bound, such as scikit-learn's, is met long before the solution where lambda is small.)
    The 1 keeps the intercepts, which no penalty holds, exact where lambda is large.

    Args:
      features: [n, d] finite numbers, used as they are: see `normalize`.
      labels: [n] integers in [0, num_classes) for one multinomial model; or [n, num_classes]
        integers 1 (present), 0 (left out of this class's loss) and -1 (absent) for an independent
        binary model of each class against the rest.
      num_classes: how many classes there are.
      l2_values: [L] positive values of lambda in any order.
      tolerance: positive; see above.
      max_iterations: the most iterations for one value of lambda.
      initial: coefficients [num_classes, d] and intercepts [num_classes] to begin the strongest
        penalty's search with; by default zeros and the logarithm of the class frequencies.
      progress: called with how many of the values are done, and how many there are.

    Returns:
      The solutions. Where one has not converged, its `converged` is False and a ConvergenceWarning
      names it; nothing else stops a search early.

    Raises:
      ValueError: a shape does not fit, a feature is not finite, a label is out of range, or a value
        of lambda or the tolerance is not positive.
    """
    features = checked_features(features)
    labels = checked_labels(labels, len(features), num_classes)
    if labels.ndim == 1:
        loss = SoftmaxCrossEntropy(labels, num_classes)
    else:
        loss = SigmoidCrossEntropy(np.ascontiguousarray(labels.T, dtype=float))
    return fit_path(
        loss,
        features,
        l2_values,
        tolerance=tolerance,
        max_iterations=max_iterations,
        initial=initial,
        progress=progress,
    )
