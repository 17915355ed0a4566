"""The three metrics of the paper's Table 1, as fractions in [0, 1].

`compute` picks one by the name a data set declares; the others are the metrics themselves.
"""

from repro.metrics.accuracy import mean_per_class_accuracy, top1_accuracy
from repro.metrics.average_precision import (
    eleven_point_average_precision,
    mean_average_precision,
)
from repro.metrics.by_name import METRICS, compute

__all__ = [
    "METRICS",
    "compute",
    "eleven_point_average_precision",
    "mean_average_precision",
    "mean_per_class_accuracy",
    "top1_accuracy",
]
