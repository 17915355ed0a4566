"""A run's checkpoints: saved whole or not at all, and the newest readable one restored."""

import re
import shutil
import tempfile
from pathlib import Path

import tensorflow as tf
from absl import logging

from repro import UserError
from repro.training.errors import reason
from repro.training.step_trainer import StepTrainer
from repro.training.workers import is_chief

KEPT = 2  # the newest may be unreadable after a crash; then the one before is used
FOLDER = "checkpoints"


def checkpoints_in(folder: Path) -> dict[int, str]:
    """Returns the checkpoints by their step, the oldest first, as the files that are there tell.

    TensorFlow's own list of them is one more file that can be damaged; then it would seem that
    there are none.

    Args:
      folder: `checkpoints/` of a run.
    """
    found = {
        int(match[1]): str(file.with_suffix(""))
        for file in folder.glob("*.index")
        if (match := re.fullmatch(r"ckpt-(\d+)\.index", file.name))
    }
    return dict(sorted(found.items()))


class Saver:
    """Saves a trainer in the folder of its run, and restores it; use it as a context.

    Under several workers all of them save, as TensorFlow gathers values for it, but only what the
    chief writes is kept; all restore from there, so the folder has to be one that all can read.

    Args:
      trainer: with everything that `checkpoint()` holds.
      folder: of the run; checkpoints are in `checkpoints/` of it.

    Attributes:
      saved_step: of the newest checkpoint that was saved or restored; 0 if there is none.
    """

    def __init__(self, trainer: StepTrainer, folder: Path):
        self._trainer = trainer
        self._folder = folder / FOLDER
        self._scratch = None if is_chief(trainer.strategy) else tempfile.mkdtemp()
        if self._scratch is None:
            self._remove_unreadable_list()
        self._manager = tf.train.CheckpointManager(
            trainer.checkpoint(), self._scratch or str(self._folder), max_to_keep=KEPT
        )
        self.saved_step = 0

    def __enter__(self) -> "Saver":
        """Begins."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Removes what only the gathering of values needed."""
        if self._scratch:
            shutil.rmtree(self._scratch)

    def save(self) -> None:
        """Saves the present step.

        Raises:
          UserError: the checkpoint cannot be written; those before are as they were.
        """
        step = self._trainer.steps_done
        try:
            self._manager.save(checkpoint_number=step)
        except (OSError, tf.errors.OpError) as error:
            if isinstance(error, tf.errors.UnavailableError | tf.errors.AbortedError):
                raise  # it is the other workers that are gone
            raise UserError(
                f"The checkpoint of step {step:,} cannot be written to "
                f"{self._scratch or self._folder} ({reason(error)}): {self.what_is_left()} Free "
                "space on that disk, or mend the folder's permissions, and give the same command "
                "again."
            ) from error
        self.saved_step = step

    def what_is_left(self) -> str:
        """Returns a sentence on where the same command would go on."""
        if self.saved_step:
            return f"The checkpoint of step {self.saved_step:,} is whole."
        return "There is no earlier checkpoint."

    def restore(self) -> int:
        """Restores the newest readable checkpoint.

        Returns:
          The steps done; 0 without a checkpoint.

        Raises:
          UserError: there are checkpoints and none can be read.
        """
        paths = list(checkpoints_in(self._folder).values())
        for path in reversed(paths):
            try:
                self._trainer.checkpoint().restore(path).assert_existing_objects_matched()
            except (tf.errors.OpError, AssertionError, ValueError, IndexError) as error:
                logging.warning("Skipping the unreadable checkpoint %s: %s", path, reason(error))
                continue
            self.saved_step = self._trainer.steps_done
            return self.saved_step
        if paths:
            raise UserError(
                f"None of the checkpoints in {self._folder} can be read. Delete that folder to "
                "start the run again."
            )
        return 0

    def _remove_unreadable_list(self) -> None:
        try:
            tf.train.get_checkpoint_state(str(self._folder))
        except ValueError:  # as it is empty, or no text
            (self._folder / "checkpoint").unlink()
