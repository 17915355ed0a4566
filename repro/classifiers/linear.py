"""What the classifiers on fixed features share: normalized features, logits, and a choice."""

import numpy as np
from numpy.typing import ArrayLike


def normalize(features: ArrayLike) -> np.ndarray:
    """Returns [n, d] features divided by their L2 norms (appendix A.4); rows of zeros stay zeros.

    The type of floating-point features is kept, others become float64.
    """
    features = np.asarray(features)
    if features.ndim != 2:
        raise ValueError(f"features must be [n, d]; they are {list(features.shape)}.")
    norms = np.sqrt(np.einsum("ij,ij->i", features, features, dtype=np.float64))
    norms[norms == 0] = 1.0
    kind = features.dtype if features.dtype.kind == "f" else np.float64
    return np.divide(features, norms[:, None], dtype=np.float64).astype(kind, copy=False)


def predict_scores(coefs: ArrayLike, intercepts: ArrayLike, features: ArrayLike) -> np.ndarray:
    """Returns the [n, classes] logits of a linear classifier.

    Args:
      coefs: [classes, d], of one value of lambda.
      intercepts: [classes].
      features: [n, d], treated as those it was fitted to.

    Raises:
      ValueError: the shapes do not fit together.
    """
    coefs, intercepts, features = map(np.asarray, (coefs, intercepts, features))
    if (
        (coefs.ndim, intercepts.ndim, features.ndim) != (2, 1, 2)
        or len(coefs) != len(intercepts)
        or coefs.shape[1] != features.shape[1]
    ):
        raise ValueError(
            "coefs, intercepts and features must be [classes, d], [classes] and [n, d]; they are "
            f"{list(coefs.shape)}, {list(intercepts.shape)} and {list(features.shape)}."
        )
    return features @ coefs.T + intercepts


def select_best(values: ArrayLike, metrics: ArrayLike) -> int:
    """Returns the index of the value with the best validation metric, among equals the largest.

    Args:
      values: [L] values of a hyperparameter that is the stronger regularization where it is
        larger, such as lambda, in any order.
      metrics: [L] numbers, larger being better.

    Raises:
      ValueError: the shapes are not both [L] with L at least 1, or a metric is NaN.
    """
    values, metrics = np.asarray(values, float), np.asarray(metrics, float)
    if values.shape != metrics.shape or metrics.ndim != 1 or not metrics.size:
        raise ValueError(
            "values and metrics must both be [L] with L at least 1; they are "
            f"{list(values.shape)} and {list(metrics.shape)}."
        )
    if np.isnan(metrics).any():
        raise ValueError(f"{np.isnan(metrics).sum()} of {metrics.size} validation metrics are NaN.")
    return int(np.lexsort((values, metrics))[-1])
