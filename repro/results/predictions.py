"""`predictions.parquet`: what a run said of every example it was measured on."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Predictions:
    """A run's answers.

    Attributes:
      ids: `[n]` strings.
      labels: `[n]` class numbers, or `[n, labels]` of 1, 0, -1.
      scores: float `[n, classes]`, the logits.
    """

    ids: np.ndarray
    labels: np.ndarray
    scores: np.ndarray

    @property
    def predicted(self) -> np.ndarray:
        """The class with the largest score, the first of equals; `[n]`."""
        return self.scores.argmax(axis=1)

    def to_frame(self) -> pd.DataFrame:
        """Returns columns id, label, prediction, score; for several labels: id, labels, scores."""
        if self.labels.ndim == 2:
            columns = {"labels": list(self.labels), "scores": list(self.scores)}
        else:
            columns = {
                "label": self.labels,
                "prediction": self.predicted,
                "score": self.scores.max(axis=1),
            }
        return pd.DataFrame({"id": self.ids} | columns)

    def write(self, path: Path) -> None:
        """Writes a parquet file at `path`."""
        self.to_frame().to_parquet(path, index=False)
