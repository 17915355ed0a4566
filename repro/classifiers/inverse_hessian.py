"""The limited-memory BFGS estimate of an inverse Hessian.

In the compact form of Byrd, Nocedal and Schnabel ("Representations of quasi-Newton matrices and
their use in limited memory methods", 1994, theorem 2.2): matrix products with all pairs at once,
where the usual two-loop recursion goes through them one by one.
"""

import numpy as np

from repro.classifiers.preconditioner import Dense, Diagonal

_MEMORY = 20  # pairs of steps and gradient changes


class InverseHessian:
    """The L-BFGS estimate of the inverse Hessian of each problem.

    Args:
      preconditioner: the estimate up to a factor before anything is learned.
      problems: how many there are.
      size: of each, its number of parameters.
    """

    def __init__(self, preconditioner: Diagonal | Dense, problems: int, size: int):
        self._preconditioner = preconditioner
        self._steps, self._changes = np.zeros((2, problems, _MEMORY, size))
        # Inner products of steps and changes, and of preconditioned changes.
        self._sy, self._yhy = np.zeros((2, problems, _MEMORY, _MEMORY))
        self._learned = 0

    def keep(self, problems: np.ndarray) -> None:
        """Drops all but some of the problems, given as [problems] booleans."""
        self._preconditioner.keep(problems)
        self._steps, self._changes = self._steps[problems], self._changes[problems]
        self._sy, self._yhy = self._sy[problems], self._yhy[problems]

    def learn(self, step: np.ndarray, change: np.ndarray) -> None:
        """Takes in a step [problems, rows, r + 1] and the change of the gradient along it.

        A pair that rounding has left without positive curvature teaches nothing.
        """
        slot = self._learned % _MEMORY
        self._learned += 1
        step, change = _flat(step), _flat(change)
        useful = np.einsum("pj,pj->p", step, change) > 0
        self._steps[:, slot] = np.where(useful[:, None], step, 0.0)
        self._changes[:, slot] = np.where(useful[:, None], change, 0.0)
        change = self._changes[:, slot]
        self._sy[:, :, slot] = _times(self._steps, change)
        self._yhy[:, slot] = _times(self._changes, self._preconditioner.times(change))
        self._yhy[:, :, slot] = self._yhy[:, slot]
        # Ones in the place of the useless pairs' zeros keep the systems below regular.
        self._sy[~useful, slot, slot] = self._yhy[~useful, slot, slot] = 1.0

    def times(self, gradient: np.ndarray) -> np.ndarray:
        """Returns its product with a gradient [problems, rows, r + 1]."""
        g = _flat(gradient)
        product = self._preconditioner.times(g)
        if not self._learned:
            return product.reshape(gradient.shape)
        count = min(self._learned, _MEMORY)
        by_age = np.arange(self._learned - count, self._learned) % _MEMORY
        by_slot = np.argsort(by_age)
        square = np.s_[:, by_age[:, None], by_age]
        sy, yhy = np.triu(self._sy[square]), self._yhy[square]
        sg = _times(self._steps[:, :count], g)[:, by_age]
        yhg = _times(self._changes[:, :count], product)[:, by_age]
        # The preconditioner takes the scale that fits the newest pair.
        scale = sy[:, -1, -1, None] / yhy[:, -1, -1, None]
        of_changes = _solve(sy, sg)
        inner = np.einsum("pii,pi->pi", sy, of_changes) + scale * (_times(yhy, of_changes) - yhg)
        of_steps = _solve(sy.swapaxes(1, 2), inner)
        changes = _combine(of_changes[:, by_slot], self._changes[:, :count])
        product -= self._preconditioner.times(changes)
        product *= scale
        product += _combine(of_steps[:, by_slot], self._steps[:, :count])
        return product.reshape(gradient.shape)


def _flat(array: np.ndarray) -> np.ndarray:
    """Returns [problems, size] parameters of [problems, rows, r + 1]."""
    return array.reshape(len(array), -1)


def _solve(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Returns the [problems, m] solutions of systems [problems, m, m], [problems, m]."""
    return np.linalg.solve(matrices, vectors[..., None])[..., 0]


def _times(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Returns the [problems, m] products of matrices [problems, m, size] and vectors."""
    return np.matmul(matrices, vectors[..., None])[..., 0]


def _combine(weights: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Returns the [problems, size] sums of vectors [problems, m, size] by weights [problems, m]."""
    return np.matmul(weights[:, None], vectors)[:, 0]
