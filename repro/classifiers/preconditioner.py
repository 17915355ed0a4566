"""What an L-BFGS search takes for the inverse Hessian before it has learned anything."""

import numpy as np
import scipy.linalg

_LARGEST = 5 * 10**7  # numbers in the Hessians of all problems; 400 MB


class Diagonal:
    """The inverse of a diagonal.

    Args:
      inverse: [problems, size].
    """

    def __init__(self, inverse: np.ndarray):
        self._inverse = inverse

    def times(self, vectors: np.ndarray) -> np.ndarray:
        """Returns its [problems, size] products with vectors of that shape."""
        return self._inverse * vectors

    def keep(self, problems: np.ndarray) -> None:
        """Drops all but some of the problems, given as [problems] booleans."""
        self._inverse = self._inverse[problems]


class Dense:
    """The inverse of whole Hessians.

    Kept as the inverses of the Cholesky factors: a product with one and its transpose is positive
    definite whatever the condition, which the inverse itself, as rounding leaves it, is not.

    Args:
      hessians: [problems, size, size], symmetric.

    Raises:
      numpy.linalg.LinAlgError: one is not positive definite.
    """

    def __init__(self, hessians: np.ndarray):
        self._factors = np.linalg.cholesky(hessians)
        for factor in self._factors:
            factor[:], _ = scipy.linalg.lapack.dtrtri(factor, lower=1)

    def times(self, vectors: np.ndarray) -> np.ndarray:
        """Returns its [problems, size] products with vectors of that shape."""
        products = np.matmul(self._factors, vectors[..., None])
        return np.matmul(self._factors.swapaxes(1, 2), products)[..., 0]

    def keep(self, problems: np.ndarray) -> None:
        """Drops all but some of the problems, given as [problems] booleans."""
        self._factors = self._factors[problems]


def dense_after(problems: int, size: int) -> float:
    """Returns the iterations that take about as long as making `Dense`; infinite if too large."""
    if problems * size**2 > _LARGEST:
        return np.inf
    return max(50.0, size / 6)
