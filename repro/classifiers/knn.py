"""The k-nearest neighbor classifier (paper, appendix B).

The paper names neither the distance nor the values of k. Ours is the Euclidean distance between the
features as given, which for L2-normalized ones orders as their cosine does; each of the k nearest
has one vote. k is chosen on validation from `K_VALUES`.

Distances are exact, all pairs in float64 by blocked matrix products. What is equal:

* Distances that differ by less than 1e-12 of the largest squared norm count as equal, so that
  rounding decides nothing; of equally near examples the one that comes first in the training set is
  the nearer.
* Among classes with as many votes, the one with the nearest example among the k wins.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from repro.classifiers.checks import checked_features, checked_labels

K_VALUES = (1, 2, 3, 5, 7, 10, 14, 20, 30, 50, 70, 100, 140, 200)
"""Values to choose k from, about evenly on a logarithmic scale; the paper gives none."""
_BLOCK = 16 * 2**20  # distances at a time; 128 MB
_ROUNDING = 1e-12


def nearest_neighbor_scores(
    features: ArrayLike,
    labels: ArrayLike,
    num_classes: int,
    k_values: ArrayLike,
    queries: ArrayLike,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Returns the [K, m, num_classes] scores of the queries for each k.

    A score is the votes for the class, plus 1 / (2 + distance) for the nearest of them, which is
    less than a vote.

    Args:
      features: [n, d] finite numbers, the training set.
      labels: [n] integers in [0, num_classes); or [n, num_classes] integers 1 (a vote for the
        class), 0 (left out: no vote) and -1 (a vote against it: the votes are a difference).
      num_classes: how many classes there are.
      k_values: [K] integers from 1 to n.
      queries: [m, d] finite numbers.
      progress: called with how many of the queries are done, and how many there are.

    Raises:
      ValueError: a shape does not fit, a feature is not finite, a label is out of range, or a k is
        not in [1, n].
    """
    features, queries = checked_features(features), checked_features(queries)
    labels = checked_labels(labels, len(features), num_classes)
    if features.shape[1] != queries.shape[1]:
        raise ValueError(
            f"features and queries must be as wide; they are {list(features.shape)} and "
            f"{list(queries.shape)}."
        )
    k_values = np.asarray(k_values)
    if k_values.ndim != 1 or not k_values.size or k_values.dtype.kind not in "iu":
        raise ValueError(f"k_values must be a list of integers; they are {k_values.tolist()}.")
    if k_values.min() < 1 or k_values.max() > len(features):
        raise ValueError(
            f"k must be in [1, {len(features)}], the number of examples; it is {k_values.tolist()}."
        )
    scores = np.empty((len(k_values), len(queries), num_classes))
    features = features.astype(np.float64)
    norms = np.einsum("ij,ij->i", features, features)
    rows = max(1, _BLOCK // len(features))
    for first in range(0, len(queries), rows):
        block = queries[first : first + rows].astype(np.float64)
        where, distances = _nearest(features, norms, block, k_values.max())
        for place, k in enumerate(k_values):
            scores[place, first : first + rows] = _vote(
                labels[where[:, :k]], distances[:, :k], num_classes
            )
        if progress:
            progress(first + len(block), len(queries))
    return scores


def _nearest(
    features: np.ndarray, norms: np.ndarray, queries: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the [m, k] indices of the nearest examples, nearest first, and their distances."""
    query_norms = np.einsum("ij,ij->i", queries, queries)
    squares = queries @ features.T
    squares *= -2.0
    squares += norms
    squares += query_norms[:, None]
    unit = _ROUNDING * max(norms.max(), query_norms.max(), np.finfo(float).tiny)
    squares /= unit
    np.maximum(np.rint(squares, out=squares), 0.0, out=squares)
    where = np.argpartition(squares, k - 1, axis=1)[:, :k]
    where.sort(axis=1)  # so that the stable sort below leaves equals in the training set's order
    found = np.take_along_axis(squares, where, axis=1)
    order = found.argsort(axis=1, kind="stable")
    where, found = (np.take_along_axis(array, order, axis=1) for array in (where, found))
    # The partition is free to take any of those as near as the k-th.
    for row in np.flatnonzero((squares <= found[:, -1:]).sum(axis=1) > k):
        where[row] = squares[row].argsort(kind="stable")[:k]
    return where, np.sqrt(found * unit)


def _vote(labels: np.ndarray, distances: np.ndarray, num_classes: int) -> np.ndarray:
    """Returns [m, classes] scores from labels [m, k] or [m, k, classes] and distances [m, k]."""
    nearness = 1.0 / (2.0 + distances)
    if labels.ndim == 3:
        return labels.sum(axis=1) + np.max(nearness[..., None] * (labels == 1), axis=1)
    votes, nearest = np.zeros((2, len(labels), num_classes))
    rows = np.broadcast_to(np.arange(len(labels))[:, None], labels.shape)
    np.add.at(votes, (rows, labels), 1.0)
    np.maximum.at(nearest, (rows, labels), nearness)
    return votes + nearest
