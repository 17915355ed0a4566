"""The result of a cell (network, data set, setting), from a run of ours or from a table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from repro.results.metrics_json import RunMetrics

Cell = tuple[str, str, str]
PAPER_BUDGET = (19_531, 256)  # steps and batch size (Appendix A.5)


@dataclass(frozen=True)
class CellResult:
    """What was measured on the test set in one cell.

    Attributes:
      model: the network, by our name if it is one of ours.
      dataset: the data set, likewise.
      setting: one of `metrics_json.SETTINGS`.
      value: percent in the data set's own measure, in [0, 100].
      n_test: images it was measured on; None where a table does not say.
      n_test_complete: images of the complete test set; None where it is not known.
      folder: of the run; None for a row of a table.
      metrics: of the run; None for a row of a table.
    """

    model: str
    dataset: str
    setting: str
    value: float
    n_test: int | None = None
    n_test_complete: int | None = None
    folder: Path | None = None
    metrics: RunMetrics | None = None

    @property
    def cell(self) -> Cell:
        """(model, dataset, setting)."""
        return self.model, self.dataset, self.setting

    @property
    def is_partial(self) -> bool:
        """Whether images of the test set were missing."""
        return None not in (self.n_test, self.n_test_complete) and (
            self.n_test < self.n_test_complete
        )

    @property
    def budget(self) -> tuple[int, int] | None:
        """Steps and batch size of a training run; None where nothing was trained by steps."""
        given = {} if self.metrics is None else self.metrics.hyperparameters
        steps, batch_size = given.get("steps"), given.get("batch_size")
        return None if None in (steps, batch_size) else (steps, batch_size)

    @classmethod
    def of_run(cls, folder: Path, metrics: RunMetrics) -> "CellResult":
        """Returns the result of a run on the test set."""
        return cls(
            metrics.model,
            metrics.dataset,
            metrics.setting,
            metrics.value,
            metrics.n_test,
            metrics.n_test_complete,
            folder,
            metrics,
        )


@dataclass(frozen=True)
class Collection:
    """All results of a folder or a table, one a cell, and what was left out.

    Attributes:
      source: the folder or file.
      cells: no two of one cell; in the order of the settings, then by network and data set.
      problems: sentences on what is malformed, contradictory or repeated, and was left out.
      runs: every readable run of the folder with its own folder: also those on validation, of the
        studies, and those of which another counts for the cell. Empty for a table.
      incomplete: folders of runs that were begun and have no result yet.
      imagenet_top1: {network: percent}, where a table gives it.
    """

    source: Path
    cells: tuple[CellResult, ...]
    problems: tuple[str, ...] = ()
    runs: tuple[tuple[Path, RunMetrics], ...] = ()
    incomplete: tuple[Path, ...] = ()
    imagenet_top1: Mapping[str, float] = field(default_factory=dict)

    def to_frame(self) -> pd.DataFrame:
        """Returns a row a cell: model, dataset, setting, value (percent), n_test, folder."""
        columns = ("model", "dataset", "setting", "value", "n_test", "folder")
        rows = [[getattr(cell, name) for name in columns] for cell in self.cells]
        return pd.DataFrame(rows, columns=columns)
