"""L2-regularized logistic regression over a regularization path (paper, appendix A.4).

The objective is the SUM over examples of the cross-entropy + lambda / 2 * |W|^2, with |W| the
Frobenius norm of the coefficients and the intercepts not penalized. The paper applies lambda "to
the sum of the per-example losses"; the 1/2, and leaving the intercepts out, are our reading. For
scikit-learn this is C = 1 / lambda.

The path runs from the strongest penalty to the weakest, and begins each search on the parabola
through the last three solutions as functions of log lambda. On features of Caltech-101 this takes a
quarter of the iterations of beginning at the last solution. The other way round, the path opens
with its hardest problem, and takes longer.
"""

import dataclasses
import warnings
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from repro.classifiers.lbfgs import Minima, minimize
from repro.classifiers.losses import Loss, SigmoidCrossEntropy, SoftmaxCrossEntropy
from repro.classifiers.row_space import RowSpace

L2_VALUES = np.logspace(-6, 5, 45)
"""The paper's 45 values of lambda, from 1e-6 to 1e5."""
TOLERANCE = 5e-4
"""Where the search for a solution ends; see `logistic_regression_path`."""
MAX_ITERATIONS = 5000
"""The most iterations for one value of lambda."""


class ConvergenceWarning(UserWarning):
    """Some values of lambda have no solution of the promised accuracy."""


@dataclasses.dataclass(frozen=True)
class RegularizationPath:
    """The solutions for L values of lambda, in the order in which the values were given.

    Unpacks as `coefs, intercepts, iterations, converged`.

    Attributes:
      coefs: [L, classes, d] float64.
      intercepts: [L, classes] float64; of a multinomial model the mean over classes is 0, since
        only their differences matter.
      iterations: [L] integers, of the class that took longest where classes are independent.
      converged: [L] booleans.
      objective: [L] float64, sum of losses plus penalty.
      gradient_norm: [L] float64, the Euclidean norm of the objective's gradient by all
        coefficients and intercepts.
    """

    coefs: np.ndarray
    intercepts: np.ndarray
    iterations: np.ndarray
    converged: np.ndarray
    objective: np.ndarray
    gradient_norm: np.ndarray

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter((self.coefs, self.intercepts, self.iterations, self.converged))


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
    features = _checked_features(features)
    labels = np.asarray(labels)
    loss = _loss(labels, len(features), num_classes)
    l2_values = np.asarray(l2_values, dtype=float)
    if not tolerance > 0 or max_iterations < 0:
        raise ValueError(
            "tolerance must be positive and max_iterations must be at least 0; they are "
            f"{tolerance} and {max_iterations}."
        )
    if l2_values.ndim != 1 or not np.all((l2_values > 0) & np.isfinite(l2_values)):
        raise ValueError(
            f"l2_values must be a list of positive numbers: {l2_values.tolist()} is not. At 0 the "
            "best coefficients can be infinite."
        )
    space = RowSpace.of(features)
    shape = loss.problems, loss.rows // loss.problems, space.design.shape[1]
    start = np.zeros(shape)
    start[..., -1] = loss.starting_intercepts().reshape(shape[:2])
    if initial is not None:
        start = space.from_features(*_checked_initial(initial, num_classes, features.shape[1]))
        start = start.reshape(shape)
    path = _empty_path(len(l2_values), num_classes, features.shape[1])
    solved: list[Minima] = []
    done = 0
    for l2 in np.unique(l2_values)[::-1]:
        solved = solved[-3:]
        minima = minimize(
            loss,
            space,
            _extrapolated(solved, l2) if solved else start,
            l2,
            tolerance=tolerance,
            max_iterations=max_iterations,
            fallback=solved[-1] if solved else None,
        )
        solved.append(minima)
        same = l2_values == l2
        _store(path, same, space, minima, multinomial=labels.ndim == 1)
        done += int(same.sum())
        if progress:
            progress(done, len(l2_values))
    _warn_of_unconverged(path, l2_values)
    return path


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


def select_l2(l2_values: ArrayLike, metrics: ArrayLike) -> int:
    """Returns the index of the value with the best validation metric, among equals the largest.

    Args:
      l2_values: [L] values of lambda in any order.
      metrics: [L] numbers, larger being better.

    Raises:
      ValueError: the shapes are not both [L] with L at least 1, or a metric is NaN.
    """
    l2_values, metrics = np.asarray(l2_values, float), np.asarray(metrics, float)
    if l2_values.shape != metrics.shape or metrics.ndim != 1 or not metrics.size:
        raise ValueError(
            "l2_values and metrics must both be [L] with L at least 1; they are "
            f"{list(l2_values.shape)} and {list(metrics.shape)}."
        )
    if np.isnan(metrics).any():
        raise ValueError(f"{np.isnan(metrics).sum()} of {metrics.size} validation metrics are NaN.")
    return int(np.lexsort((l2_values, metrics))[-1])


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


def _checked_features(features: ArrayLike) -> np.ndarray:
    features = np.asarray(features)
    if features.ndim != 2 or 0 in features.shape or features.dtype.kind not in "fiu":
        raise ValueError(
            "features must be numbers [n, d] with n and d at least 1; they are "
            f"{list(features.shape)} of type {features.dtype}."
        )
    num_bad = features.size - np.count_nonzero(np.isfinite(features))
    if num_bad:
        raise ValueError(f"{num_bad} of {features.size} features are NaN or infinite.")
    return features


def _checked_initial(
    initial: tuple[ArrayLike, ArrayLike], num_classes: int, num_features: int
) -> tuple[np.ndarray, np.ndarray]:
    coefs, intercepts = (np.asarray(part, dtype=float) for part in initial)
    if coefs.shape != (num_classes, num_features) or intercepts.shape != (num_classes,):
        raise ValueError(
            f"initial must be coefficients [{num_classes}, {num_features}] and intercepts "
            f"[{num_classes}]; they are {list(coefs.shape)} and {list(intercepts.shape)}."
        )
    if not (np.isfinite(coefs).all() and np.isfinite(intercepts).all()):
        raise ValueError("initial holds numbers that are NaN or infinite.")
    return coefs, intercepts


def _loss(labels: np.ndarray, num_examples: int, num_classes: int) -> Loss:
    """Returns the loss that the shape of the labels asks for, after checking them."""
    if num_classes < 1:
        raise ValueError(f"num_classes must be at least 1; it is {num_classes}.")
    if labels.shape not in ((num_examples,), (num_examples, num_classes)):
        raise ValueError(
            f"labels must be [{num_examples}], or [{num_examples}, {num_classes}] of 1, 0 and -1, "
            f"for {num_examples} examples of {num_classes} classes; they are {list(labels.shape)}."
        )
    if labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be integers; their type is {labels.dtype}.")
    low, high = (0, num_classes - 1) if labels.ndim == 1 else (-1, 1)
    if labels.min() < low or labels.max() > high:
        raise ValueError(
            f"labels [{', '.join(map(str, labels.shape))}] must lie in [{low}, {high}]; they span "
            f"[{labels.min()}, {labels.max()}]."
        )
    if labels.ndim == 1:
        return SoftmaxCrossEntropy(labels, num_classes)
    return SigmoidCrossEntropy(np.ascontiguousarray(labels.T, dtype=float))


def _extrapolated(solved: Sequence[Minima], l2: float) -> np.ndarray:
    """Returns the polynomial in log lambda through some solutions, at another value."""
    known = np.log([minima.l2 for minima in solved])
    parameters = np.zeros_like(solved[0].parameters)
    for i, minima in enumerate(solved):
        others = np.delete(known, i)
        parameters += np.prod((np.log(l2) - others) / (known[i] - others)) * minima.parameters
    return parameters


def _empty_path(num_values: int, num_classes: int, num_features: int) -> RegularizationPath:
    return RegularizationPath(
        coefs=np.empty((num_values, num_classes, num_features)),
        intercepts=np.empty((num_values, num_classes)),
        iterations=np.empty(num_values, int),
        converged=np.empty(num_values, bool),
        objective=np.empty(num_values),
        gradient_norm=np.empty(num_values),
    )


def _store(
    path: RegularizationPath, where: np.ndarray, space: RowSpace, minima: Minima, multinomial: bool
) -> None:
    """Writes one solution to the places [L] of a path."""
    coefs, intercepts = space.to_features(minima.parameters.reshape(-1, space.design.shape[1]))
    if multinomial:
        intercepts -= intercepts.mean()
    path.coefs[where], path.intercepts[where] = coefs, intercepts
    path.iterations[where] = minima.iterations.max()
    path.converged[where] = minima.converged.all()
    path.objective[where] = minima.objective.sum()
    path.gradient_norm[where] = np.linalg.norm(minima.gradient_norm)


def _warn_of_unconverged(path: RegularizationPath, l2_values: np.ndarray) -> None:
    if path.converged.all():
        return
    unconverged = ", ".join(
        f"{l2_values[i]:.3g} ({path.iterations[i]} iterations, |gradient| "
        f"{path.gradient_norm[i]:.1e})"
        for i in np.flatnonzero(~path.converged)
    )
    warnings.warn(
        f"L-BFGS has not converged at {(~path.converged).sum()} of {len(l2_values)} values of "
        f"lambda: {unconverged}. Raise max_iterations, or tolerance if iterations were left.",
        ConvergenceWarning,
        stacklevel=3,
    )
