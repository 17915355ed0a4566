"""A run's folder and its contents."""

from repro.results.metrics_json import RunMetrics
from repro.results.predictions import Predictions
from repro.results.run_folder import RunFolder

__all__ = ["Predictions", "RunFolder", "RunMetrics"]
