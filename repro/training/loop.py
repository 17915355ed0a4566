"""The training loop: steps, progress, history, checkpoints, and stopping without a loss."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf
from absl import logging
from tqdm import tqdm

from repro import UserError
from repro.training import history, schedule
from repro.training.augmented import AugmentedTrainer
from repro.training.history import HistoryRow
from repro.training.interruption import InterruptedRunError, StopRequest
from repro.training.trainer import Trainer

CHECKPOINTS_KEPT = 2  # the newest may be unreadable after a crash; then the one before is used
ROWS = 100  # of history.csv in a whole run
PROGRESS_BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} steps{postfix}, {elapsed} gone, {remaining} left"


def fit(
    trainer: Trainer | AugmentedTrainer,
    make_batches: Callable[[int], tf.data.Dataset],
    folder: Path,
    *,
    minutes_between_checkpoints: float = 10.0,
    show_progress: bool = True,
) -> list[HistoryRow]:
    """Trains to the end of the schedule, going on from the folder's newest readable checkpoint.

    Args:
      trainer: with the weights to start from, if the folder holds no checkpoint.
      make_batches: from the number of steps done to the batches (images, labels) of those that
        follow; a function of that number, so that a resumed run sees what it would have seen.
      folder: of the run; `checkpoints/` and `history.csv` are written in it.
      minutes_between_checkpoints: of training.
      show_progress: a progress bar on stderr.

    Returns:
      The rows of history.csv.

    Raises:
      InterruptedRunError: after Ctrl-C or SIGTERM; everything up to its step is saved.
      UserError: when the loss is not finite any more.
    """
    steps = trainer.config.steps
    folder.mkdir(parents=True, exist_ok=True)
    manager = tf.train.CheckpointManager(
        trainer.checkpoint(), str(folder / "checkpoints"), max_to_keep=CHECKPOINTS_KEPT
    )
    first_step = _restore_newest_readable(trainer, manager)
    rows = history.read(folder / "history.csv", first_step)

    def save() -> None:
        history.write(folder / "history.csv", rows)
        manager.save(checkpoint_number=trainer.steps_done)

    recorder = _Recorder(trainer, rows, first_step)
    last_save = time.monotonic()
    batches = trainer.strategy.experimental_distribute_dataset(make_batches(first_step))
    bar = tqdm(
        total=steps,
        initial=first_step,
        disable=not show_progress,
        bar_format=PROGRESS_BAR,
        postfix="starting",
        mininterval=0.5,
        dynamic_ncols=True,
    )
    with StopRequest() as stop, bar:
        for step, (images, labels) in zip(range(first_step + 1, steps + 1), batches, strict=False):
            recorder.add(trainer.train_step(images, labels))
            if step % max(1, steps // ROWS) == 0 or step == steps:
                bar.set_postfix_str(recorder.close_row(step), refresh=False)
            bar.update()
            if stop.requested and step < steps:
                recorder.close_row(step)
                save()
                raise InterruptedRunError(step)
            if time.monotonic() - last_save > 60 * minutes_between_checkpoints or step == steps:
                save()
                last_save = time.monotonic()
    return rows


class _Recorder:
    """Collects losses without waiting for them, and makes a row of history of them now and then."""

    def __init__(
        self, trainer: Trainer | AugmentedTrainer, rows: list[HistoryRow], first_step: int
    ):
        self._config = trainer.config
        self._rows = rows
        self._losses: list[tf.Tensor] = []
        self._step = first_step
        self._seconds_before = rows[-1].seconds if rows else 0.0
        self._start = self._row_start = time.monotonic()

    def add(self, loss: tf.Tensor) -> None:
        self._losses.append(loss)

    def close_row(self, step: int) -> str:
        """Ends a row with `step` and returns it as text for the progress bar."""
        if step == self._step:
            return ""
        loss = float(tf.add_n(self._losses)) / len(self._losses)
        now = time.monotonic()
        if not math.isfinite(loss):
            raise UserError(
                f"The training diverged: the loss is {loss} between steps {self._step} and {step}. "
                f"{self._config.remedy}"
            )
        rate = (step - self._step) * self._config.batch_size / (now - self._row_start)
        learning_rate = float(
            schedule.cosine_learning_rate(self._config.learning_rate, step - 1, self._config.steps)
        )
        seconds = self._seconds_before + now - self._start
        self._rows.append(HistoryRow(step, loss, learning_rate, rate, seconds))
        self._losses, self._step, self._row_start = [], step, now
        return f"{rate:,.0f} images/s, loss {loss:.3f}"


def _restore_newest_readable(
    trainer: Trainer | AugmentedTrainer, manager: tf.train.CheckpointManager
) -> int:
    """Restores and returns the steps done, 0 without a checkpoint."""
    for path in reversed(manager.checkpoints):
        try:
            trainer.checkpoint().restore(path).assert_existing_objects_matched()
        except (tf.errors.OpError, AssertionError, ValueError, IndexError) as error:
            reason = str(error).strip().splitlines()[0]
            logging.warning("Skipping the unreadable checkpoint %s: %s", path, reason)
            continue
        return trainer.steps_done
    if manager.checkpoints:
        raise UserError(
            f"None of the checkpoints in {manager.directory} can be read. Delete that folder to "
            "start the run again."
        )
    return 0
