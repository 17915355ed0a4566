"""Refuses what no classifier can be fitted to, in words that name what was given."""

import numpy as np
from numpy.typing import ArrayLike


def checked_features(features: ArrayLike) -> np.ndarray:
    """Returns [n, d] finite numbers; `ValueError` for anything else."""
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


def checked_labels(labels: ArrayLike, num_examples: int, num_classes: int) -> np.ndarray:
    """Returns [n] class indices, or [n, num_classes] of 1, 0 and -1; `ValueError` for others."""
    labels = np.asarray(labels)
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
    return labels


def checked_initial(
    initial: tuple[ArrayLike, ArrayLike], num_classes: int, num_features: int
) -> tuple[np.ndarray, np.ndarray]:
    """Returns finite coefficients [num_classes, num_features] and intercepts [num_classes]."""
    coefs, intercepts = (np.asarray(part, dtype=float) for part in initial)
    if coefs.shape != (num_classes, num_features) or intercepts.shape != (num_classes,):
        raise ValueError(
            f"initial must be coefficients [{num_classes}, {num_features}] and intercepts "
            f"[{num_classes}]; they are {list(coefs.shape)} and {list(intercepts.shape)}."
        )
    if not (np.isfinite(coefs).all() and np.isfinite(intercepts).all()):
        raise ValueError("initial holds numbers that are NaN or infinite.")
    return coefs, intercepts
