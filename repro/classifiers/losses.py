"""Losses of a linear classifier, evaluated in place on its logits.

Logits are [rows, n], a row a class, so that sums over classes run along whole rows. The rows fall
into independent problems, each with its own loss: the softmax ties all classes into one problem,
one-vs-rest makes each class a problem of its own.
"""

from collections.abc import Iterator
from typing import Protocol

import numpy as np

# A class without examples has no best intercept but minus infinity: this many examples stand in,
# few enough that the gradient they leave, their number, passes as zero.
_ABSENT = 1e-9
_BLOCK = 4 * 10**6  # numbers of a temporary array; 32 MB


class Loss(Protocol):
    """A sum of losses over examples for each of several independent problems.

    Attributes:
      problems: how many problems there are.
      rows: how many rows of logits there are, as many for each problem, in the problems' order.
    """

    problems: int
    rows: int

    def starting_intercepts(self) -> np.ndarray:
        """Returns the [rows] intercepts that are best where all coefficients are 0."""

    def evaluate(self, logits: np.ndarray, residuals: np.ndarray) -> np.ndarray:
        """Writes the derivatives by the [rows, n] logits to `residuals`; returns the losses."""

    def curvatures(self, residuals: np.ndarray) -> np.ndarray:
        """Returns the second derivatives by the logits, of the shape of `residuals`."""

    def hessians(self, residuals: np.ndarray, design: np.ndarray) -> np.ndarray:
        """Returns the [problems, size, size] second derivatives by the parameters of each problem.

        Args:
          residuals: [rows, n], the derivatives by the logits.
          design: [n, r + 1], of which the logits are combinations; size is (r + 1) * rows of each.
        """

    def only(self, problems: np.ndarray) -> "Loss":
        """Returns the loss of some of the problems, given as [problems] booleans."""


class SoftmaxCrossEntropy:
    """Multinomial cross-entropy summed over examples: one problem with a row for each class.

    Args:
      labels: [n] class indices.
      num_classes: how many rows there are.
    """

    problems = 1

    def __init__(self, labels: np.ndarray, num_classes: int):
        self.rows = num_classes
        self._targets = labels, np.arange(labels.size)
        self._counts = np.bincount(labels, minlength=num_classes)

    def starting_intercepts(self) -> np.ndarray:
        """Returns the [rows] intercepts that are best where all coefficients are 0."""
        return np.log((self._counts + _ABSENT) / (self._counts + _ABSENT).sum())

    def evaluate(self, logits: np.ndarray, residuals: np.ndarray) -> np.ndarray:
        """Writes the derivatives by the [rows, n] logits to `residuals`; returns [1] losses."""
        np.subtract(logits, logits.max(axis=0), out=residuals)
        of_targets = residuals[self._targets].sum()
        np.exp(residuals, out=residuals)
        normalizers = residuals.sum(axis=0)
        residuals /= normalizers
        residuals[self._targets] -= 1.0
        return np.array([np.log(normalizers).sum() - of_targets])

    def curvatures(self, residuals: np.ndarray) -> np.ndarray:
        """Returns p (1 - p), the second derivatives by each logit itself."""
        return _bernoulli_variances(residuals)

    def hessians(self, residuals: np.ndarray, design: np.ndarray) -> np.ndarray:
        """Returns the [1, size, size] second derivatives by the parameters."""
        probabilities = residuals.copy()
        probabilities[self._targets] += 1.0
        rows, width = len(residuals), design.shape[1]
        hessian = np.zeros((rows, width, rows, width))
        for row, block in enumerate(_weighted_squares(probabilities, design)):
            hessian[row, :, row] = block
        hessian = hessian.reshape(rows * width, rows * width)
        examples = max(1, _BLOCK // (rows * width))
        for first in range(0, len(design), examples):
            some = slice(first, first + examples)
            products = probabilities[:, some].T[:, :, None] * design[some, None]
            products = products.reshape(-1, rows * width)
            hessian -= products.T @ products
        return hessian[None]

    def only(self, problems: np.ndarray) -> "SoftmaxCrossEntropy":
        """Returns the loss of some of the problems, given as [problems] booleans."""
        del problems  # There is only one.
        return self


class SigmoidCrossEntropy:
    """Binary cross-entropy of each class against the rest: a problem, and a row, for each class.

    Args:
      labels: [rows, n] floats 1 (present), 0 (left out) and -1 (absent).
    """

    def __init__(self, labels: np.ndarray):
        self.problems = self.rows = labels.shape[0]
        self._labels = labels
        self._left_out = labels == 0

    def starting_intercepts(self) -> np.ndarray:
        """Returns the [rows] intercepts that are best where all coefficients are 0."""
        positives = (self._labels == 1).sum(axis=1) + _ABSENT
        return np.log(positives / ((self._labels == -1).sum(axis=1) + _ABSENT))

    def evaluate(self, logits: np.ndarray, residuals: np.ndarray) -> np.ndarray:
        """Writes the derivatives by the [rows, n] logits to `residuals`; returns [rows] losses."""
        margins = self._labels * logits
        # log(1 + exp(-margin)) without overflow, and its derivative, from one exponential.
        np.exp(-np.abs(margins), out=residuals)
        losses = np.log1p(residuals)
        losses -= np.minimum(margins, 0.0)
        losses[self._left_out] = 0.0
        np.divide(np.where(margins > 0, residuals, 1.0), 1.0 + residuals, out=residuals)
        residuals *= self._labels
        np.negative(residuals, out=residuals)
        return losses.sum(axis=1)

    def curvatures(self, residuals: np.ndarray) -> np.ndarray:
        """Returns p (1 - p), the second derivatives by the logits."""
        return _bernoulli_variances(residuals)

    def hessians(self, residuals: np.ndarray, design: np.ndarray) -> np.ndarray:
        """Returns the [rows, r + 1, r + 1] second derivatives by the parameters."""
        return np.array(list(_weighted_squares(self.curvatures(residuals), design)))

    def only(self, problems: np.ndarray) -> "SigmoidCrossEntropy":
        """Returns the loss of some of the problems, given as [problems] booleans."""
        return SigmoidCrossEntropy(self._labels[problems])


class SquaredHinge:
    """max(0, 1 - margin)^2 of each class against the rest: a problem, and a row, for each class.

    Args:
      labels: [rows, n] floats 1 (present), 0 (left out) and -1 (absent).
    """

    def __init__(self, labels: np.ndarray):
        self.problems = self.rows = labels.shape[0]
        self._labels = labels

    def starting_intercepts(self) -> np.ndarray:
        """Returns the [rows] intercepts that are best where all coefficients are 0."""
        return self._labels.sum(axis=1) / np.maximum(np.abs(self._labels).sum(axis=1), 1.0)

    def evaluate(self, logits: np.ndarray, residuals: np.ndarray) -> np.ndarray:
        """Writes the derivatives by the [rows, n] logits to `residuals`; returns [rows] losses."""
        np.multiply(self._labels, logits, out=residuals)
        np.subtract(1.0, residuals, out=residuals)
        np.maximum(residuals, 0.0, out=residuals)
        residuals *= self._labels  # which is 0 where an example is left out
        losses = np.einsum("ij,ij->i", residuals, residuals)
        residuals *= -2.0
        return losses

    def curvatures(self, residuals: np.ndarray) -> np.ndarray:
        """Returns 2 inside the margin and 0 beyond it."""
        return 2.0 * (residuals != 0)

    def hessians(self, residuals: np.ndarray, design: np.ndarray) -> np.ndarray:
        """Returns the [rows, r + 1, r + 1] second derivatives by the parameters."""
        return np.array(list(_weighted_squares(self.curvatures(residuals), design)))

    def only(self, problems: np.ndarray) -> "SquaredHinge":
        """Returns the loss of some of the problems, given as [problems] booleans."""
        return SquaredHinge(self._labels[problems])


def _weighted_squares(weights: np.ndarray, design: np.ndarray) -> Iterator[np.ndarray]:
    """Yields the sum over examples of weight * x x^T for each row of [rows, n] weights."""
    for row in weights:
        used = row > 0
        scaled = design[used] * np.sqrt(row[used])[:, None]
        yield scaled.T @ scaled


def _bernoulli_variances(residuals: np.ndarray) -> np.ndarray:
    """Returns p (1 - p) from p or p - 1."""
    magnitudes = np.abs(residuals)
    return magnitudes * (1.0 - magnitudes)
