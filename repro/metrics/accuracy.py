"""Top-1 accuracy and mean per-class accuracy."""

import numpy as np
from numpy.typing import ArrayLike


def top1_accuracy(labels: ArrayLike, predictions: ArrayLike) -> float:
    """Returns the fraction of examples whose predicted class is the true one.

    Args:
      labels: [n] integer class indices, n at least 1.
      predictions: [n] integer class indices.

    Returns:
      A fraction in [0, 1].

    Raises:
      ValueError: the shapes differ, are not [n] or n is 0, or a value is not an integer.
    """
    labels, predictions = _checked(labels, predictions)
    return float(np.mean(labels == predictions))


def mean_per_class_accuracy(labels: ArrayLike, predictions: ArrayLike, num_classes: int) -> float:
    """Returns the mean over classes of the fraction of that class predicted correctly.

    This is the mean of the diagonal of the confusion matrix with rows normalized to 1, as the
    FGVC-Aircraft benchmark defines it. Classes that no label names are left out of the mean; a
    prediction of such a class is an error of the class it belongs to.

    Args:
      labels: [n] integer class indices in [0, num_classes), n at least 1.
      predictions: [n] integer class indices in [0, num_classes).
      num_classes: how many classes there are.

    Returns:
      A fraction in [0, 1].

    Raises:
      ValueError: as in `top1_accuracy`, or a class index is out of range.
    """
    labels, predictions = _checked(labels, predictions)
    for name, values in (("labels", labels), ("predictions", predictions)):
        if values.min() < 0 or values.max() >= num_classes:
            raise ValueError(
                f"{name} must lie in [0, {num_classes}) for {num_classes} classes; they span "
                f"[{values.min()}, {values.max()}]."
            )
    examples = np.bincount(labels, minlength=num_classes)
    correct = np.bincount(labels[labels == predictions], minlength=num_classes)
    present = examples > 0
    return float(np.mean(correct[present] / examples[present]))


def _checked(labels: ArrayLike, predictions: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Returns both as arrays after the checks that the public functions promise."""
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.shape != predictions.shape or labels.ndim != 1 or labels.size == 0:
        raise ValueError(
            "labels and predictions must both have the shape [n] with n at least 1; they have "
            f"{list(labels.shape)} and {list(predictions.shape)}."
        )
    for name, values in (("labels", labels), ("predictions", predictions)):
        if values.dtype.kind not in "iu":
            raise ValueError(f"{name} must be integer class indices; their type is {values.dtype}.")
    return labels, predictions
