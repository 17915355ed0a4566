"""Features in the coordinates in which L2-regularized linear models are cheapest to fit."""

import dataclasses

import numpy as np
import scipy.linalg


@dataclasses.dataclass(frozen=True)
class RowSpace:
    """Features centered, rotated to their principal axes, with a last column of ones.

    Both changes are exact. The intercepts, which no penalty touches, absorb the mean; the penalty
    does not change under a rotation; and coefficients outside the span of the examples only add to
    the penalty, so that with fewer examples than features as many axes as examples suffice. Along
    principal axes the features are uncorrelated, and a diagonal preconditioner is a good one.

    Attributes:
      design: [n, r + 1] float64, r = min(n, d): the examples on the axes, then ones.
      axes: [d, r] float64 with orthonormal columns.
      mean: [d] float64, the mean example.
      mean_on_axes: [r] float64, the same on the axes.
      coarse_design: `design` in float32.
    """

    design: np.ndarray
    axes: np.ndarray
    mean: np.ndarray
    mean_on_axes: np.ndarray
    coarse_design: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray) -> "RowSpace":
        """Returns the row space of [n, d] features."""
        n, d = features.shape
        mean = features.mean(axis=0, dtype=np.float64)
        centered = features - mean
        span = None
        if n < d:
            span, triangle = scipy.linalg.qr(
                centered.T, mode="economic", overwrite_a=True, check_finite=False
            )
            centered = triangle.T
        _, axes = scipy.linalg.eigh(
            centered.T @ centered, overwrite_a=True, check_finite=False, driver="evd"
        )
        design = np.empty((n, axes.shape[1] + 1))
        np.matmul(centered, axes, out=design[:, :-1])
        design[:, -1] = 1.0
        if span is not None:
            axes = span @ axes
        return cls(design, axes, mean, mean @ axes, design.astype(np.float32))

    def to_features(self, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the coefficients [rows, d] and intercepts [rows] of parameters [rows, r + 1]."""
        coefs = parameters[:, :-1] @ self.axes.T
        return coefs, parameters[:, -1] - coefs @ self.mean

    def from_features(self, coefs: np.ndarray, intercepts: np.ndarray) -> np.ndarray:
        """Returns the parameters [rows, r + 1] of a model [rows, d], [rows], as far as they can."""
        return np.column_stack([coefs @ self.axes, intercepts + coefs @ self.mean])

    def squared_gradient_norms(self, gradients: np.ndarray) -> np.ndarray:
        """Returns the [rows] squared norms, for the features as given, of gradients [rows, r + 1].

        They differ from the norms on the axes: by the features as given, a coefficient's derivative
        holds the mean feature times the intercept's derivative too.
        """
        on_axes, intercepts = gradients[:, :-1], gradients[:, -1]
        # |g + b m|^2 = |g|^2 + 2 b (g . m) + b^2 |m|^2, without forming the sum.
        return (
            np.einsum("rj,rj->r", on_axes, on_axes)
            + 2 * intercepts * (on_axes @ self.mean_on_axes)
            + intercepts**2 * (1 + self.mean @ self.mean)
        )
