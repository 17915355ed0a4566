"""A linear classifier for each of many strengths of the L2 penalty.

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

from repro.classifiers.checks import checked_initial
from repro.classifiers.lbfgs import Minima, minimize
from repro.classifiers.losses import Loss
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


def fit_path(
    loss: Loss,
    features: np.ndarray,
    l2_values: ArrayLike,
    *,
    tolerance: float,
    max_iterations: int,
    initial: tuple[ArrayLike, ArrayLike] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> RegularizationPath:
    """Minimizes the sum of the losses + lambda / 2 * |W|^2 for each value of lambda.

    Args:
      loss: of [classes, n] logits.
      features: [n, d] finite numbers.
      l2_values: [L] positive values of lambda in any order.
      tolerance: positive; see `logistic_regression_path`.
      max_iterations: the most iterations for one value of lambda.
      initial: coefficients [classes, d] and intercepts [classes] to begin the strongest penalty's
        search with.
      progress: called with how many of the values are done, and how many there are.

    Raises:
      ValueError: a shape does not fit, or a value of lambda or the tolerance is not positive.
    """
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
        start = space.from_features(*checked_initial(initial, loss.rows, features.shape[1]))
        start = start.reshape(shape)
    path = _empty_path(len(l2_values), loss.rows, features.shape[1])
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
        _store(path, same, space, minima, multinomial=loss.problems == 1 < loss.rows)
        done += int(same.sum())
        if progress:
            progress(done, len(l2_values))
    _warn_of_unconverged(path, l2_values)
    return path


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
        stacklevel=4,
    )
