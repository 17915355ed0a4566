"""The folder of a run: flags.txt, history.csv, predictions.parquet and, last, metrics.json."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from repro import UserError
from repro._files import file_name, replacing
from repro.results.metrics_json import RunMetrics
from repro.results.predictions import Predictions

MARK_OF_DIVERGENCE = "diverged.txt"  # in the folder of a grid's point that has no result


class RunFolder:
    """One run on disk; complete once metrics.json is there.

    Args:
      results_dir: of all runs.
      setting: of the run, one of `metrics_json.SETTINGS`.
      dataset: its data set.
      model: its network.
      settings: whatever else the result depends on; a run with other settings has another folder.
      shown: settings to show in the folder's name, and the short word for each.
    """

    def __init__(
        self,
        results_dir: Path,
        setting: str,
        dataset: str,
        model: str,
        settings: Mapping[str, Any],
        shown: Mapping[str, str] = MappingProxyType({}),
    ):
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:8]
        visible = [f"{short}{settings[name]}" for name, short in shown.items()]
        self.path = (
            Path(results_dir) / setting / file_name(dataset) / model / "_".join([*visible, digest])
        )

    def create(self) -> None:
        """Makes the folder; `UserError` if it cannot be written to."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unwritable(error) from error
        if not os.access(self.path, os.W_OK):
            raise self._unwritable("permission denied")

    @property
    def metrics(self) -> RunMetrics | None:
        """The result, or None as long as the run is not complete."""
        path = self.path / "metrics.json"
        return RunMetrics.from_json(path.read_text()) if path.exists() else None

    def write_flags(self, text: str) -> None:
        """Writes flags.txt, which repeats the run when given as --flagfile."""
        self._write_text("flags.txt", text)

    def write_result(self, metrics: RunMetrics, predictions: Predictions) -> None:
        """Writes the predictions, then metrics.json, which makes the run complete."""
        try:
            with replacing(self.path / "predictions.parquet") as temporary:
                predictions.write(temporary)
        except OSError as error:
            raise self._unwritable(error) from error
        self._write_text("metrics.json", metrics.to_json())

    def _write_text(self, name: str, text: str) -> None:
        try:
            with replacing(self.path / name) as temporary:
                temporary.write_text(text)
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, reason: object) -> UserError:
        return UserError(
            f"The results folder {self.path} cannot be written to ({reason}). "
            "Choose another with --results_dir, or mend its permissions or free space on its disk."
        )
