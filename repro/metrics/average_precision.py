"""VOC2007's 11-point interpolated average precision.

Source: `VOCcode/VOCevalcls.m` of the VOC2007 development kit, and section 8.1.2 of its
documentation for the examples marked difficult. VOC2010 and later replaced this measure by the area
under the precision-recall curve, which is a different number.

Where the kit leaves room:

* Tied scores keep the order of the input (the kit's sort is stable).
* The recall levels are the exact tenths k / 10. `recall >= 0.1 * k` in floating point misses the
  recalls 0.3, 0.6 and 0.7 themselves, so positives are counted in integers.
* A class without a positive example has no recall, and its average precision is NaN (the kit's
  comparison of NaN gives 0). `mean_average_precision` leaves it out with a warning.
"""

import warnings

import numpy as np
from numpy.typing import ArrayLike

_LEVELS = np.arange(11)  # recall in tenths


def eleven_point_average_precision(labels: ArrayLike, scores: ArrayLike) -> float:
    """Returns the mean over recall 0, 0.1, ..., 1 of the best precision at that recall or beyond.

    Args:
      labels: [n] integers: 1 the class is present, 0 only difficult objects of it are (the example
        is ignored, wherever it ranks), -1 it is absent.
      scores: [n] finite numbers, larger meaning more confident; their scale does not matter.

    Returns:
      A fraction in [0, 1], or NaN where no label is 1.

    Raises:
      ValueError: the shapes differ or are not [n], a label is none of 1, 0, -1, or a score is not
        finite.
    """
    labels, scores = _checked(labels, scores, ndim=1)
    return _average_precision(labels, scores)


def mean_average_precision(labels: ArrayLike, scores: ArrayLike) -> float:
    """Returns the mean over classes of the 11-point average precision.

    Args:
      labels: [n, classes] integers 1, 0, -1, as in `eleven_point_average_precision`.
      scores: [n, classes] finite numbers.

    Returns:
      A fraction in [0, 1], or NaN where no class has a positive example. Classes without one are
      left out of the mean, and a RuntimeWarning names them.

    Raises:
      ValueError: as in `eleven_point_average_precision`, or there is no class.
    """
    labels, scores = _checked(labels, scores, ndim=2)
    if labels.shape[1] == 0:
        raise ValueError("labels has no classes: its shape is [n, 0].")
    # One class is one column; transposed copies make each of them contiguous.
    columns = zip(np.ascontiguousarray(labels.T), np.ascontiguousarray(scores.T), strict=True)
    per_class = np.array([_average_precision(*column) for column in columns])
    absent = np.isnan(per_class)
    if absent.any():
        warnings.warn(
            f"No positive example of {absent.sum()} of {absent.size} classes (index "
            f"{', '.join(map(str, np.flatnonzero(absent)))}): left out of the mean average "
            "precision.",
            RuntimeWarning,
            stacklevel=2,
        )
    return float(per_class[~absent].mean()) if not absent.all() else float("nan")


def _average_precision(labels: np.ndarray, scores: np.ndarray) -> float:
    """The measure for one class of checked labels and scores."""
    counted = labels != 0
    ranking = np.argsort(-scores[counted], kind="stable")
    ranks = 1 + np.flatnonzero(labels[counted][ranking] == 1)
    num_positives = ranks.size
    if num_positives == 0:
        return float("nan")
    # Precision peaks at the positives: between two of them it only falls.
    precision = np.arange(1, num_positives + 1) / ranks
    best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    # Recall k / 10 is reached at the ceil(k * num_positives / 10)-th positive.
    positives_needed = -(-_LEVELS * num_positives // 10)
    return float(best_from_here[np.maximum(positives_needed, 1) - 1].mean())


def _checked(labels: ArrayLike, scores: ArrayLike, ndim: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns both as arrays after the checks that the public functions promise."""
    labels, scores = np.asarray(labels), np.asarray(scores)
    expected = "[n]" if ndim == 1 else "[n, classes]"
    if labels.shape != scores.shape or labels.ndim != ndim:
        raise ValueError(
            f"labels and scores must both have the shape {expected}; they have "
            f"{list(labels.shape)} and {list(scores.shape)}."
        )
    # Booleans would pass as 1 and 0, turning every absent class into a difficult one.
    if labels.dtype.kind not in "iu" or ((labels < -1) | (labels > 1)).any():
        raise ValueError(
            "labels must be the integers 1 (present), 0 (difficult, ignored) and -1 (absent); "
            f"given are {_some_values(labels)} of type {labels.dtype}."
        )
    scores = scores.astype(np.result_type(scores, np.float32), copy=False)
    num_bad = scores.size - np.count_nonzero(np.isfinite(scores))
    if num_bad:
        raise ValueError(f"{num_bad} of {scores.size} scores are NaN or infinite.")
    return labels, scores


def _some_values(array: np.ndarray) -> str:
    values = np.unique(array)
    return ", ".join(map(str, values[:5])) + (", ..." if values.size > 5 else "")
