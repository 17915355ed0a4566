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
