"""Refuses what no statistic is defined for, in words that name what was given."""

import numpy as np
from numpy.typing import ArrayLike


def checked_table(accuracies: ArrayLike) -> np.ndarray:
    """Returns [M, D] floats, M and D at least 1; `ValueError` for anything else."""
    table = np.asarray(accuracies, dtype=float)
    if table.ndim != 2 or table.size == 0:
        raise ValueError(
            "accuracies must be [networks, data sets], at least one of each; they are "
            f"{list(table.shape)}."
        )
    return table


def checked_pair(a: ArrayLike, b: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Returns both as [n] floats without the pairs that lack a side; `ValueError` for others."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(
            "paired values must both have the shape [n]; they have "
            f"{list(a.shape)} and {list(b.shape)}."
        )
    present = ~(np.isnan(a) | np.isnan(b))
    if not present.any():
        raise ValueError(f"there is no pair with both sides among {a.size}.")
    return a[present], b[present]


def checked_level(level: float) -> float:
    """Returns the coverage of an interval, inside (0, 1); `ValueError` for others."""
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1; it is {level}.")
    return level


def checked_predictions(
    labels: ArrayLike, predictions_a: ArrayLike, predictions_b: ArrayLike
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns labels and two networks' predictions as arrays, as `permutation_p_value` has them."""
    arrays = [np.asarray(array) for array in (labels, predictions_a, predictions_b)]
    labels = arrays[0]
    if labels.ndim not in (1, 2) or labels.size == 0:
        raise ValueError(f"labels must be [n] or [n, L], not empty; they are {list(labels.shape)}.")
    if any(array.shape != labels.shape for array in arrays):
        raise ValueError(
            "labels and both predictions must have one shape; they have "
            f"{', '.join(str(list(array.shape)) for array in arrays)}."
        )
    kinds = "iu" if labels.ndim == 1 else "b"
    if labels.dtype.kind not in "iu" or any(array.dtype.kind not in kinds for array in arrays[1:]):
        raise ValueError(
            "labels [n] and predictions must be integers, and for labels [n, L] predictions are "
            f"booleans; the types are {', '.join(str(array.dtype) for array in arrays)}."
        )
    if labels.ndim == 2 and (labels.min() < -1 or labels.max() > 1):
        raise ValueError(
            f"labels [n, L] must be 1, 0 or -1; they span [{labels.min()}, {labels.max()}]."
        )
    return labels, arrays[1], arrays[2]
