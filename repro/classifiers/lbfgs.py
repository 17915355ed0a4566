"""Preconditioned L-BFGS for L2-regularized linear classifiers.

The algorithm is Liu and Nocedal's (1989; the paper's [39]), with three things that a
general-purpose routine cannot know:

* In the coordinates of `RowSpace` the Hessian is nearly diagonal. Its diagonal takes the place of
  the usual multiple of the identity, and is renewed in long searches, which end far from where
  they begin. Where a search is so long that the whole Hessian costs less than it, as for few
  features of nearly separable classes, the whole Hessian does, then and for weaker penalties.
* Logits are linear in the parameters. A line search needs the logits of the direction once, and
  then no product with the features however many steps it tries, so that an iteration costs two
  matrix products, one forward and one back.

* What decides is a gradient relative to its terms, and float32 has digits enough for that nearly
  always. Both products are in float32, at half the time, until the search has ended by them, or
  from where it is to end on, their rounding would show; then all is computed again in float64, and
  the search goes on in it.

Independent problems (one-vs-rest) advance together, each with its own steps and curvature, and
leave the products as they converge.
"""

import dataclasses

import numpy as np

from repro.classifiers.inverse_hessian import InverseHessian
from repro.classifiers.losses import Loss
from repro.classifiers.preconditioner import Dense, Diagonal, dense_after
from repro.classifiers.row_space import RowSpace

_RENEWAL = 50  # iterations after which the diagonal is first renewed, then at their doubles
_DENSE_RENEWAL = 20  # the same of the whole Hessian
_MAX_TRIALS = 40  # steps tried in one line search
_SUFFICIENT_DECREASE, _CURVATURE = 1e-4, 0.9  # the Wolfe conditions' usual constants
_ROUNDING = 1e-12  # of a sum of n terms about 1, relative to n
# Where the solution is W = 0, as for labels of one class only, no error is small relative to it. A
# gradient of this times sqrt(l2 * n) leaves an excess of the objective below float64's rounding.
_NEGLIGIBLE = 1e-8
# A gradient of float32 is too coarse below this, relative to the norms of residuals and examples.
_COARSE = 1e-5


@dataclasses.dataclass
class Minima:
    """Where the search ended, for each of the independent problems.

    Attributes:
      l2: the weight of the penalty.
      parameters: [problems, rows of each, r + 1] in the coordinates of the row space.
      iterations: [problems] integers.
      converged: [problems] booleans.
      objective: [problems] sums of losses plus penalty.
      gradient_norm: [problems] norms of its gradient for the features as given.
      hard: whether the search was so long that it came to use the whole Hessian.
    """

    l2: float
    parameters: np.ndarray
    iterations: np.ndarray
    converged: np.ndarray
    objective: np.ndarray
    gradient_norm: np.ndarray
    hard: bool = False

    def objective_under(self, l2: float) -> np.ndarray:
        """Returns the [problems] objectives of the same parameters under another penalty."""
        coefs = self.parameters[..., :-1]
        return self.objective + 0.5 * (l2 - self.l2) * _dots(coefs, coefs)


def minimize(
    loss: Loss,
    space: RowSpace,
    start: np.ndarray,
    l2: float,
    *,
    tolerance: float,
    max_iterations: int,
    fallback: Minima | None = None,
) -> Minima:
    """Minimizes the sum of the losses + l2 / 2 * the squared norm of the coefficients.

    A problem has converged where the norm of its gradient, for the features as given, is at most
    tolerance * min(l2, 1) * the norm of its coefficients, or negligible where those are zero (and
    what rounding leaves of a sum).

    Args:
      loss: of [rows, n] logits, in independent problems of as many rows each.
      space: the features.
      start: [problems, rows of each, r + 1], where to begin.
      l2: positive weight of the penalty.
      tolerance: positive.
      max_iterations: at least 0.
      fallback: minima of the same loss under another penalty: a problem for which they are better
        than `start` begins there.
    """
    point = _Point(start, loss, space, l2)
    if fallback is not None:
        point.begin_at_better(fallback)
    hard = fallback is not None and fallback.hard
    inverse_hessian = point.inverse_hessian(dense=hard)
    minima = Minima(
        l2,
        np.empty_like(start),
        np.zeros(loss.problems, int),
        np.zeros(loss.problems, bool),
        np.empty(loss.problems),
        np.empty(loss.problems),
        hard,
    )
    running = np.arange(loss.problems)
    renewal = _DENSE_RENEWAL if hard else _RENEWAL
    for iteration in range(max_iterations + 1):
        gradient_norm = point.gradient_norm()
        bound = np.maximum(
            tolerance * min(l2, 1.0) * point.norm(),
            _NEGLIGIBLE * np.sqrt(min(l2, 1.0) * len(space.design)),
        )
        bound += _ROUNDING * len(space.design)
        converged = gradient_norm <= bound
        ended = converged | point.stuck | (iteration == max_iterations)
        if point.coarse and (ended.any() or (bound <= point.coarseness()).any()):
            point.refine()
            gradient_norm = point.gradient_norm()
            converged = gradient_norm <= bound
            ended = converged | (iteration == max_iterations)
        if ended.any():
            which = running[ended]
            minima.parameters[which] = point.parameters[ended]
            minima.iterations[which] = iteration
            minima.converged[which] = converged[ended]
            minima.objective[which] = point.objective[ended]
            minima.gradient_norm[which] = gradient_norm[ended]
            if ended.all():
                break
            running = running[~ended]
            point.keep(~ended)
            inverse_hessian.keep(~ended)
        if not minima.hard and iteration >= point.dense_after():
            minima.hard, renewal = True, iteration
        if iteration == renewal:
            inverse_hessian = point.inverse_hessian(dense=minima.hard)
            renewal += _DENSE_RENEWAL if minima.hard else renewal
        inverse_hessian.learn(*point.move(-inverse_hessian.times(point.gradient)))
    return minima


class _Point:
    """Where the search is: parameters, logits and derivatives of the problems still running."""

    def __init__(self, parameters: np.ndarray, loss: Loss, space: RowSpace, l2: float):
        self._loss, self._space, self._l2 = loss, space, l2
        self.coarse = True
        self._longest = np.sqrt(np.einsum("ij,ij->i", space.design, space.design).max())
        self.stuck = np.zeros(loss.problems, bool)
        self._allocate()
        self._jump_to(parameters.copy())

    def begin_at_better(self, minima: Minima) -> None:
        """Moves the problems for which these minima have the lower objective there."""
        worse = self.objective > minima.objective_under(self._l2)
        if worse.any():
            self.parameters[worse] = minima.parameters[worse]
            self._jump_to(self.parameters)

    def refine(self) -> None:
        """Computes everything in float64 from now on."""
        self.coarse = False
        self.stuck[:] = False
        self._jump_to(self.parameters)

    def coarseness(self) -> np.ndarray:
        """Returns the [problems] norms below which a gradient of float32 products is not known."""
        residuals = np.sqrt(_dots(self._residuals, self._residuals))
        return _COARSE * self._longest * residuals

    def _allocate(self) -> None:
        shape = self._loss.problems, self._loss.rows // self._loss.problems, len(self._space.design)
        self._logits, self._slopes, self._trial, self._residuals = np.empty((4, *shape))

    def _jump_to(self, parameters: np.ndarray) -> None:
        """Sets everything to what it is at some parameters."""
        self.parameters = parameters
        self._times_features(parameters, out=self._logits)
        losses = self._loss.evaluate(_rows(self._logits), _rows(self._residuals))
        self.objective = losses + 0.5 * self._l2 * self.norm() ** 2
        self._find_gradient()

    def _times_features(self, parameters: np.ndarray, out: np.ndarray) -> None:
        if self.coarse:
            product = np.dot(_rows(parameters).astype(np.float32), self._space.coarse_design.T)
            _rows(out)[:] = product
        else:
            np.dot(_rows(parameters), self._space.design.T, out=_rows(out))

    def _find_gradient(self) -> None:
        """Sets the gradient [problems, rows, r + 1] from the residuals and the parameters."""
        self.gradient = np.empty_like(self.parameters)
        residuals = _rows(self._residuals)
        if self.coarse:
            product = np.dot(residuals.astype(np.float32), self._space.coarse_design)
            _rows(self.gradient)[:] = product
        else:
            np.dot(residuals, self._space.design, out=_rows(self.gradient))
        self.gradient[..., :-1] += self._l2 * self.parameters[..., :-1]

    def norm(self) -> np.ndarray:
        """Returns the [problems] norms of the coefficients."""
        return np.sqrt(_dots(self.parameters[..., :-1], self.parameters[..., :-1]))

    def gradient_norm(self) -> np.ndarray:
        """Returns the [problems] norms of the gradient for the features as given."""
        squares = self._space.squared_gradient_norms(_rows(self.gradient))
        return np.sqrt(squares.reshape(len(self.gradient), -1).sum(axis=1))

    def dense_after(self) -> float:
        """Returns the iterations after which the whole Hessian is worth its making."""
        return dense_after(len(self.parameters), self.parameters[0].size)

    def inverse_hessian(self, *, dense: bool) -> InverseHessian:
        """Returns an estimate that has learned nothing yet, from the whole Hessian if asked to."""
        preconditioner = self._dense() if dense else None
        if preconditioner is None:
            preconditioner = Diagonal(self._inverse_curvature())
        return InverseHessian(preconditioner, len(self.parameters), self.parameters[0].size)

    def _dense(self) -> Dense | None:
        """Returns the inverse of the whole Hessian, if that can be had."""
        hessians = self._loss.hessians(_rows(self._residuals), self._space.design)
        penalty = np.full(self.parameters.shape[1:], self._l2)
        penalty[:, -1] = 0.0
        diagonal = np.einsum("pii->pi", hessians)
        diagonal += penalty.ravel() + _ROUNDING * len(self._space.design)
        problems, rows, columns = self.parameters.shape
        if rows > 1:
            # The softmax has no curvature, nor a slope but for rounding, where all intercepts
            # change alike. Some curvature there keeps them in place.
            of_intercepts = hessians.reshape(problems, rows, columns, rows, columns)
            of_intercepts[:, :, -1, :, -1] += len(self._space.design) / rows**2
        try:
            return Dense(hessians)
        except np.linalg.LinAlgError:
            return None

    def _inverse_curvature(self) -> np.ndarray:
        """Returns about the inverse of the Hessian's diagonal, [problems, size].

        The rows of a problem share it: with one for each class of the softmax, steps would leave
        the subspace where the parameters sum to 0 over classes, and the search would take longer.
        The exact diagonal would cost a matrix product more; the product of its margins serves.
        """
        design = self._space.design
        weights = self._loss.curvatures(self._residuals)
        of_problems = weights.sum(axis=2).mean(axis=1)
        of_examples = weights.sum(axis=(0, 1))
        of_columns = np.einsum("i,ij,ij->j", of_examples, design, design)
        of_columns /= max(of_examples.sum(), _ROUNDING)
        curvature = of_problems[:, None, None] * of_columns
        curvature[..., :-1] += self._l2
        inverse = 1.0 / np.maximum(curvature, _ROUNDING * len(design))
        inverse = np.broadcast_to(inverse, self.parameters.shape)
        return inverse.reshape(len(inverse), -1)

    def keep(self, problems: np.ndarray) -> None:
        """Drops all but some of the problems, given as [problems] booleans."""
        self._loss = self._loss.only(problems)
        self.stuck = self.stuck[problems]
        self.parameters = self.parameters[problems]
        self.gradient = self.gradient[problems]
        self.objective = self.objective[problems]
        logits = self._logits[problems]
        self._allocate()
        self._logits = logits

    def move(self, direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Searches along the direction; returns the step taken and the change of the gradient.

        Where no step along it lowers the objective, the problem is stuck and its step is 0.
        """
        self._times_features(direction, self._slopes)
        steps = self._search(direction)[:, None, None]
        self._logits, self._trial = self._trial, self._logits
        step = steps * direction
        self.parameters += step
        before = self.gradient
        self._find_gradient()
        return step, self.gradient - before

    def _search(self, direction: np.ndarray) -> np.ndarray:
        """Returns [problems] steps that meet the Wolfe conditions; sets what is known there.

        Along a line the objective is convex, so its slope rises: steps are bracketed by the sign of
        the slope and refined by the secant.
        """
        along, coefs = direction[..., :-1], self.parameters[..., :-1]
        penalty_slope = self._l2 * _dots(coefs, along)
        penalty_curvature = self._l2 * _dots(along, along)
        penalty = 0.5 * self._l2 * _dots(coefs, coefs)
        start, start_slope = self.objective, _dots(self.gradient, direction)

        def look_at(steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            """Returns the objectives and their slopes after some steps."""
            np.multiply(self._slopes, steps[:, None, None], out=self._trial)
            self._trial += self._logits
            losses = self._loss.evaluate(_rows(self._trial), _rows(self._residuals))
            return (
                losses + penalty + steps * (penalty_slope + 0.5 * steps * penalty_curvature),
                _dots(self._residuals, self._slopes) + penalty_slope + steps * penalty_curvature,
            )

        done = ~(start_slope < 0)
        self.stuck |= done
        steps = np.where(done, 0.0, 1.0)
        low, low_slope = np.zeros_like(steps), start_slope
        high, high_slope = np.full_like(steps, np.inf), np.zeros_like(steps)
        for _ in range(_MAX_TRIALS):
            objective, slope = look_at(steps)
            # Where the decrease drowns in rounding, the slope tells it (Hager and Zhang 2005).
            lower = (objective <= start + _SUFFICIENT_DECREASE * steps * start_slope) | (
                (objective <= start + _ROUNDING * np.abs(start)) & (slope <= -0.8 * start_slope)
            )
            done |= lower & (slope >= _CURVATURE * start_slope)
            if done.all():
                break
            too_far = ~lower | (slope > 0)
            high, high_slope = np.where(too_far, (steps, slope), (high, high_slope))
            low, low_slope = np.where(too_far, (low, low_slope), (steps, slope))
            with np.errstate(all="ignore"):
                secant = low - low_slope * (high - low) / (high_slope - low_slope)
                inside = np.clip(secant, 0.9 * low + 0.1 * high, 0.1 * low + 0.9 * high)
            steps = np.where(done, steps, np.where(np.isfinite(high), inside, 4.0 * steps))
        else:
            self.stuck |= ~done
            steps[~done] = 0.0
            objective, _ = look_at(steps)
        self.objective = objective
        return steps


def _rows(array: np.ndarray) -> np.ndarray:
    """Returns the problems' rows as the rows of one matrix."""
    return array.reshape(-1, array.shape[-1])


def _dots(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Returns the [problems] inner products of arrays [problems, ...]."""
    return np.einsum("prj,prj->p", a, b)
