"""The training runs of one cell: each in a folder of its own, all with one compiled step."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from absl import logging

from repro import _command, checkpoints, datasets
from repro._cell import Cell
from repro._files import lock
from repro.results import RunFolder, RunMetrics
from repro.training import (
    DivergedError,
    Trainer,
    TrainingConfig,
    batch_norm_momentum,
    fit,
    is_chief,
)
from repro.training.saving import FOLDER as CHECKPOINTS
from repro.training.saving import checkpoints_in

_SHOWN = {
    "learning_rate": "lr",
    "weight_decay_ratio": "wd",
    "steps": "steps",
    "batch_size": "batch",
    "seed": "seed",
    "eval_split": "",
}


@dataclass(frozen=True)
class Options:
    """How runs are run, which their results do not depend on.

    Attributes:
      checkpoint_minutes: between checkpoints.
      tensorboard: whether event files are written.
      jit_compile: whether XLA compiles the step.
      show_progress: progress bars on stderr.
      rerun: whether what is complete is run again.
    """

    checkpoint_minutes: float = 10.0
    tensorboard: bool = True
    jit_compile: bool = False
    show_progress: bool = True
    rerun: bool = False


class TrainingRuns:
    """Trains a cell's network from the same start with one configuration after the other.

    Args:
      cell: with the splits.
      setting: "finetune" or "random_init".
      fit_split: name of the split to train on.
      eval_split: name of the split to measure on.
      strategy: the tf.distribute strategy.
      options: of all runs.
      study: "convergence" or "dataset_size", of runs that are no cell of Table 5.

    Attributes:
      writes: whether this process writes the runs' folders, and not another worker.
    """

    def __init__(
        self,
        cell: Cell,
        setting: str,
        fit_split: str,
        eval_split: str,
        strategy: tf.distribute.Strategy,
        options: Options,
        study: str | None = None,
    ):
        self.cell = cell
        self.setting = setting
        self.eval_split = eval_split
        self.study = study
        self._fit_split = fit_split
        self._strategy = strategy
        self._options = options
        self._trainer: Trainer | None = None
        self.writes = is_chief(strategy)

    @property
    def num_train(self) -> int:
        """Examples that are trained on."""
        return len(self.cell.splits[self._fit_split])

    def settings(self, config: TrainingConfig) -> dict[str, Any]:
        """Returns everything that a run's result depends on."""
        used = dict.fromkeys([self._fit_split, self.eval_split])
        settings = self.cell.settings(self.eval_split, used) | asdict(config)
        if self.study == "convergence":  # with a folder beside that of Table 5's run
            settings["study"] = self.study
        return settings | (self.cell.subset or {})

    def folder(self, config: TrainingConfig) -> RunFolder:
        """Returns the folder of a run, which has the configuration in its name."""
        return RunFolder(
            Path(_command.RESULTS_DIR.value),
            self.setting,
            self.cell.dataset.name,
            self.cell.network.name,
            self.settings(config),
            {"per_class": "n", "subset": "subset"} | _SHOWN if self.cell.subset else _SHOWN,
        )

    def run(
        self,
        config: TrainingConfig,
        flags: Mapping[str, str | None],
        *,
        trained: RunFolder | None = None,
        details: Mapping[str, Any] | None = None,
        export_to: str | None = None,
    ) -> RunMetrics:
        """Runs a configuration, unless that was done; goes on where it was stopped.

        Args:
          config: of the run.
          flags: what flags.txt says instead of this command's own flags, so that it repeats the
            run alone; None leaves a flag out.
          trained: a run of the same network and training set whose weights are measured, in place
            of training.
          details: more for metrics.json.
          export_to: where a TF-Slim checkpoint of the weights is written, if anywhere.

        Raises:
          DivergedError, InterruptedRunError, UserError: as `fit` does.
        """
        folder = self.folder(config)
        done = None if self._options.rerun else folder.metrics
        if done is not None:
            if export_to:
                print(f"{export_to} is not written again; --rerun trains and writes it.")
            return done
        with self._alone_in(folder):
            found = folder.metrics  # of another process, if this one has waited
            if found is not None and not self._options.rerun:
                return found
            if found is not None and trained is None and self._is_trained(config):
                self.discard_checkpoints(config)  # or the last one would be tested again
            if found is not None and "grid" in found.details:  # a chosen run's repetition is one
                details = {"grid": found.details["grid"]} | dict(details or {})
            if self.writes:
                folder.write_flags(_command.flags_text(**flags))
                print(f"Run folder: {folder.path}")
            return self._run(config, folder, trained or folder, dict(details or {}), export_to)

    def discard_checkpoints(self, config: TrainingConfig) -> None:
        """Removes the checkpoints of a run; its result stays."""
        if self.writes:
            # Another process may do so at the same time.
            shutil.rmtree(self._checkpoints(config), ignore_errors=True)

    def _checkpoints(self, config: TrainingConfig) -> Path:
        return self.folder(config).path / CHECKPOINTS

    def _is_trained(self, config: TrainingConfig) -> bool:
        return config.steps in checkpoints_in(self._checkpoints(config))

    def _run(
        self,
        config: TrainingConfig,
        folder: RunFolder,
        trained: RunFolder,
        details: dict[str, Any],
        export_to: str | None,
    ) -> RunMetrics:
        cell, progress = self.cell, self._options.show_progress and self.writes
        trainer = self._trainer_of(config)
        with datasets.naming_bad_images(cell.splits[self._fit_split]):
            history = fit(
                trainer,
                cell.training_batches(self._fit_split, config.batch_size, config.steps),
                trained.path,
                minutes_between_checkpoints=self._options.checkpoint_minutes,
                tensorboard=self._options.tensorboard,
                show_progress=progress,
            )
        with datasets.naming_bad_images(cell.splits[self.eval_split]):
            logits: np.ndarray = trainer.predict(
                cell.evaluation_batches(self.eval_split),
                len(cell.splits[self.eval_split]),
                description=self.eval_split,
                show_progress=progress,
            )
        if not np.isfinite(logits).all():
            raise DivergedError(
                f"The training diverged: logits of {self.eval_split} are NaN or infinite. "
                f"{config.remedy}"
            )
        if export_to and self.writes:
            checkpoints.write_network(export_to, trainer.model)
            print(f"Wrote the weights to {export_to}.")
        return cell.record(
            folder if self.writes else None,
            self.setting,
            self.eval_split,
            logits,
            fitted=[self._fit_split],
            hyperparameters=asdict(config)
            | {"l2": config.l2, "batch_norm_momentum": self._momentum(config)},
            details={
                "final_loss": history[-1].loss,
                "images_per_second": config.steps * config.batch_size / history[-1].seconds,
                "strategy": type(self._strategy).__name__,
                "replicas": self._strategy.num_replicas_in_sync,
            }
            | details,
            study=self.study,
        )

    def _momentum(self, config: TrainingConfig) -> float:
        return batch_norm_momentum(self.num_train, config.batch_size)

    def _trainer_of(self, config: TrainingConfig) -> Trainer:
        if self._trainer is not None:
            self._trainer.start_again(config)
            return self._trainer
        model = self.cell.create_model(
            self._strategy,
            mixed_precision=config.mixed_precision,
            batch_norm_momentum=self._momentum(config),
            auxiliary_head=config.auxiliary_weight > 0,
        )
        self._trainer = Trainer(
            model,
            config,
            self._strategy,
            multi_label=self.cell.dataset.multi_label,
            jit_compile=self._options.jit_compile,
        )
        return self._trainer

    @contextmanager
    def _alone_in(self, folder: RunFolder) -> Iterator[None]:
        """Keeps a second process with the same command from training in the same folder."""
        if not self.writes:
            yield
            return
        folder.create()
        with (folder.path / "lock").open("w") as file:
            try:
                lock(file, lambda: print(f"Waiting for another process in {folder.path}."))
            except OSError as error:
                logging.warning("%s cannot be locked: %s", folder.path, error.strerror)
            yield
