"""The one entry to the metrics for code that knows a metric only by its name in Table 1."""

import numpy as np
from numpy.typing import ArrayLike

from repro import unknown_name
from repro.metrics.accuracy import mean_per_class_accuracy, top1_accuracy
from repro.metrics.average_precision import mean_average_precision

METRICS = ("top1", "mean_per_class", "map11")


def compute(
    metric_name: str, labels: ArrayLike, scores: ArrayLike, num_classes: int | None = None
) -> float:
    """Returns the named metric.

    Args:
      metric_name: "top1", "mean_per_class" or "map11".
      labels: [n] integer class indices; for "map11" [n, classes] integers 1, 0, -1.
      scores: [n, classes] finite scores, larger meaning more confident: the prediction is the
        class of the largest, among equals the one with the lowest index. For "top1" and
        "mean_per_class" [n] integer predictions will do instead.
      num_classes: how many classes there are; by default what the shape of `scores` says, so it is
        needed for "mean_per_class" from predictions only.

    Returns:
      A fraction in [0, 1], or NaN as `mean_average_precision` has it.

    Raises:
      ValueError: the name is unknown, a shape or label does not fit, or a score is not finite.
    """
    if metric_name not in METRICS:
        raise unknown_name("metric", metric_name, METRICS)
    labels, scores = np.asarray(labels), np.asarray(scores)
    if scores.ndim == 2:
        if num_classes is not None and num_classes != scores.shape[1]:
            raise ValueError(
                f"scores has {scores.shape[1]} columns, but there are {num_classes} classes."
            )
        num_classes = scores.shape[1]
    if metric_name == "map11":
        return mean_average_precision(labels, scores)
    predictions = _predictions(scores) if scores.ndim == 2 else scores
    if metric_name == "top1":
        return top1_accuracy(labels, predictions)
    if num_classes is None:
        raise ValueError("mean_per_class from predictions needs num_classes.")
    return mean_per_class_accuracy(labels, predictions, num_classes)


def _predictions(scores: np.ndarray) -> np.ndarray:
    """Returns the [n] class indices of the largest of the [n, classes] scores."""
    if scores.shape[1] == 0:
        raise ValueError("scores has no classes: its shape is [n, 0].")
    num_bad = scores.size - np.count_nonzero(np.isfinite(scores))
    if num_bad:
        raise ValueError(f"{num_bad} of {scores.size} scores are NaN or infinite.")
    return scores.argmax(axis=1)
