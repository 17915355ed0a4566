"""The search of a cell's grid on validation, as an Optuna study, and what it costs (A.5, A.6)."""

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from repro import UserError, _command
from repro._files import replacing
from repro._training_runs import TrainingRuns
from repro.results import RunMetrics
from repro.results.run_folder import MARK_OF_DIVERGENCE
from repro.results.text_table import text_table
from repro.training import DivergedError, TrainingConfig
from repro.training.grid import GridCost, GridPoint, PointResult, choose
from repro.training.search import run_search


@dataclass(frozen=True)
class GridSearch:
    """A grid of one cell.

    Attributes:
      runs: of the cell, measured on validation.
      config: of all points, but for the learning rate and the weight decay.
      points: of the grid.
      flags: from a configuration to what flags.txt of its run says.
      keeps_best: whether the chosen point's weights are needed when the search is over. All other
        finished points lose their checkpoints, of which a grid would fill a disk.
    """

    runs: TrainingRuns
    config: TrainingConfig
    points: Sequence[GridPoint]
    flags: Callable[[TrainingConfig], Mapping[str, str | None]]
    keeps_best: bool = False

    def search(self, storage: str | None) -> tuple[TrainingConfig, dict[str, Any]]:
        """Runs the points that no other process runs, and returns the best configuration.

        Args:
          storage: SQLAlchemy URL; None is a SQLite file in the results folder.

        Returns:
          The configuration, and what metrics.json says of the search.

        Raises:
          UserError: all points diverged, or the study cannot be used.
        """
        results = run_search(
            self.points,
            self._run,
            study_name=self._study_name,
            storage=storage or self._default_storage(),
            settings=self._settings(),
            on_event=print,
        )
        best = choose(results)
        print(
            f"\n{_table(results, best)}\n\nChosen: {best.point}, {best.percent:.2f}% on validation."
        )
        return self._at(best.point), {"grid": [asdict(result) for result in results]}

    def describe(self) -> str:
        """Returns the points, what is done of them, and what the others cost."""
        rows = [("learning rate", "ratio", "L2", "validation", "run")]
        todo, speeds = 0, []
        for point in self.points:
            config = self._at(point)
            folder = self.runs.folder(config)
            found: RunMetrics | None = folder.metrics
            if found is not None:
                speeds.append(found.details["images_per_second"])
            diverged = self._mark_of_divergence(config).exists()
            todo += found is None and not diverged
            if found is not None:
                state = f"{found.value:.2f}%"
            elif diverged:
                state = "diverged"
            else:
                state = "begun" if folder.path.exists() else "-"
            rows.append(
                (
                    f"{point.learning_rate:.3g}",
                    f"{point.weight_decay_ratio:.3g}",
                    f"{config.l2:.3g}",
                    state,
                    folder.path.name,
                )
            )
        speed = sum(speeds) / len(speeds) if speeds else None
        cost = GridCost(todo, self.config.steps, self.config.batch_size, speed)
        hint = "" if speed else " (its time is told once a point is done)"
        return f"{text_table(rows, right_aligned={0, 1, 2, 3})}\n\nTo be done: {cost}{hint}."

    def _run(self, point: GridPoint) -> float:
        config = self._at(point)
        mark = self._mark_of_divergence(config)
        if mark.exists():  # a search whose database is gone
            raise DivergedError(mark.read_text())
        try:
            percent = self.runs.run(config, self.flags(config)).value
        except DivergedError as error:
            self.runs.discard_checkpoints(config)
            with replacing(mark) as temporary:
                temporary.write_text(str(error))
            raise
        self._discard_checkpoints()
        return percent

    def _mark_of_divergence(self, config: TrainingConfig) -> Path:
        """Returns the file that tells a point that diverged from one that was stopped."""
        return self.runs.folder(config).path / MARK_OF_DIVERGENCE

    def _discard_checkpoints(self) -> None:
        """Leaves those of the points that run, and of the best one so far if it is kept."""
        finished = [
            PointResult(point, found.value)
            for point in self.points
            for found in [self.runs.folder(self._at(point)).metrics]
            if found is not None and math.isfinite(found.value)
        ]
        best = choose(finished) if finished and self.keeps_best else None
        for result in finished:
            if result is not best:
                self.runs.discard_checkpoints(self._at(result.point))

    def _at(self, point: GridPoint) -> TrainingConfig:
        return replace(
            self.config,
            learning_rate=point.learning_rate,
            weight_decay_ratio=point.weight_decay_ratio,
        )

    def _settings(self) -> dict[str, Any]:
        settings = self.runs.settings(self.config)
        return {
            name: value
            for name, value in settings.items()
            if name not in ("learning_rate", "weight_decay_ratio")
        }

    @property
    def _study_name(self) -> str:
        cell = self.runs.cell
        text = json.dumps([self._settings(), [asdict(point) for point in self.points]])
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        return f"{self.runs.setting} {cell.dataset.name} {cell.network.name} {digest}"

    def _default_storage(self) -> str:
        folder = Path(_command.RESULTS_DIR.value).absolute()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"--results_dir={folder} cannot be written to ({error.strerror})."
            ) from error
        return f"sqlite:///{folder / 'grids.db'}"


def _table(results: Sequence[PointResult], best: PointResult) -> str:
    rows = [("", "learning rate", "ratio", "validation")]
    rows += [
        (
            "->" if result is best else "",
            f"{result.point.learning_rate:.3g}",
            f"{result.point.weight_decay_ratio:.3g}",
            "diverged" if result.percent is None else f"{result.percent:.2f}%",
        )
        for result in results
    ]
    return text_table(rows, right_aligned={1, 2, 3})
