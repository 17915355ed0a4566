"""From the losses of single steps to history.csv and TensorBoard."""

import math
import time
from pathlib import Path

import tensorflow as tf
from absl import logging

from repro.training import history, schedule
from repro.training.errors import DivergedError, reason, unwritable
from repro.training.history import HistoryRow
from repro.training.step_trainer import StepTrainer

ROWS = 100  # of history.csv in a whole run
HISTORY, TENSORBOARD = "history.csv", "tensorboard"


class Recorder:
    """Collects losses without waiting for them, and makes a row of history of them now and then.

    Args:
      trainer: whose steps are recorded.
      folder: of the run, with the history of earlier sittings.
      first_step: where this sitting goes on.
      tensorboard: whether rows also go to event files in `tensorboard/`.

    Attributes:
      rows: of the whole run so far.
    """

    def __init__(self, trainer: StepTrainer, folder: Path, first_step: int, *, tensorboard: bool):
        self._config = trainer.config
        self._path = folder / HISTORY
        self.rows = history.read(self._path, first_step)
        self._losses: list[tf.Tensor] = []
        self._step = first_step
        self._seconds_before = self.rows[-1].seconds if self.rows else 0.0
        self._start = self._row_start = time.monotonic()
        self._events = _Events(folder / TENSORBOARD, self.rows) if tensorboard else None

    def add(self, loss: tf.Tensor) -> None:
        """Takes the loss of the next step."""
        self._losses.append(loss)

    def is_due(self, step: int) -> bool:
        """Returns whether a row ends with this step."""
        steps = self._config.steps
        return step % max(1, steps // ROWS) == 0 or step == steps

    def close_row(self, step: int) -> None:
        """Ends a row with `step`, unless one already did.

        Raises:
          DivergedError: its loss is not finite.
        """
        if step == self._step:
            return
        loss = float(tf.add_n(self._losses)) / len(self._losses)
        now = time.monotonic()
        if not math.isfinite(loss):
            raise DivergedError(
                f"The training diverged: the loss is {loss} between steps {self._step} and {step}. "
                f"{self._config.remedy}"
            )
        rate = (step - self._step) * self._config.batch_size / (now - self._row_start)
        learning_rate = float(
            schedule.cosine_learning_rate(self._config.learning_rate, step - 1, self._config.steps)
        )
        seconds = self._seconds_before + now - self._start
        self.rows.append(HistoryRow(step, loss, learning_rate, rate, seconds))
        self._losses, self._step, self._row_start = [], step, now
        if self._events:
            self._events.add(self.rows[-1])

    @property
    def summary(self) -> str:
        """The last row, for the progress bar."""
        if not self.rows:
            return "starting"
        return f"{self.rows[-1].images_per_second:,.0f} images/s, loss {self.rows[-1].loss:.3f}"

    def write(self) -> None:
        """Writes history.csv; `UserError` if it cannot be."""
        try:
            history.write(self._path, self.rows)
        except OSError as error:
            raise unwritable(self._path, error) from error

    def close(self) -> None:
        """Ends the event files."""
        if self._events:
            self._events.close()


class _Events:
    """The rows as TensorBoard's scalars.

    A resumed run writes them anew from history.csv, so that steps that a crash undid, and that are
    done again, are not there twice.
    """

    def __init__(self, folder: Path, rows: list[HistoryRow]):
        self._folder = folder
        try:
            for old in folder.glob("events.out.tfevents.*"):
                old.unlink()
            self._writer = tf.summary.create_file_writer(str(folder))
        except (OSError, tf.errors.OpError) as error:
            raise unwritable(folder, error) from error
        for row in rows:
            self.add(row)

    def add(self, row: HistoryRow) -> None:
        try:
            with self._writer.as_default(step=row.step):
                tf.summary.scalar("loss", row.loss)
                tf.summary.scalar("learning_rate", row.learning_rate)
                tf.summary.scalar("images_per_second", row.images_per_second)
        except tf.errors.OpError as error:
            raise unwritable(self._folder, error) from error

    def close(self) -> None:
        try:
            self._writer.close()
        except tf.errors.OpError as error:  # what ends the run is more important
            logging.warning("%s is not complete: %s", self._folder, reason(error))
