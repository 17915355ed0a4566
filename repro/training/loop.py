"""The training loop: steps, progress, history, checkpoints, and stopping without a loss."""

import time
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf
from tqdm import tqdm

from repro.datasets import Share, distribute
from repro.training.errors import DivergedError, unwritable
from repro.training.history import HistoryRow
from repro.training.interruption import InterruptedRunError, StopRequest
from repro.training.recording import Recorder
from repro.training.saving import Saver
from repro.training.step_trainer import StepTrainer
from repro.training.workers import (
    Agreement,
    is_chief,
    naming_lost_workers,
    require_same_start,
)

PROGRESS_BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} steps{postfix}, {elapsed} gone, {remaining} left"


def fit(
    trainer: StepTrainer,
    make_batches: Callable[[int, Share], tf.data.Dataset],
    folder: Path,
    *,
    minutes_between_checkpoints: float = 10.0,
    tensorboard: bool = True,
    show_progress: bool = True,
) -> list[HistoryRow]:
    """Trains to the end of the schedule, going on from the folder's newest readable checkpoint.

    Args:
      trainer: with the weights to start from, if the folder holds no checkpoint.
      make_batches: from the number of steps done and a share to that share of the batches (images,
        labels) that follow; a function of the two, so that a resumed run sees what it would have
        seen.
      folder: of the run; `checkpoints/`, `history.csv` and `tensorboard/` are written in it.
      minutes_between_checkpoints: of training.
      tensorboard: whether to write event files.
      show_progress: a progress bar on stderr.

    Returns:
      The rows of history.csv.

    Raises:
      InterruptedRunError: after Ctrl-C or SIGTERM; everything up to its step is saved.
      DivergedError: when the loss is not finite any more; nothing since is saved.
      UserError: when something cannot be written, or another worker is gone.
    """
    writes = is_chief(trainer.strategy)
    if writes:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(folder, error) from error
    with (
        Saver(trainer, folder) as saver,
        naming_lost_workers(trainer.strategy, saver.what_is_left),
    ):
        first_step = saver.restore()
        require_same_start(trainer.strategy, first_step)
        recorder = Recorder(trainer, folder, first_step, tensorboard=tensorboard and writes)

        def save(step: int) -> None:
            recorder.close_row(step)  # whose loss may be the first that is not finite
            if not trainer.is_finite():  # which the next loss would tell
                raise DivergedError(
                    f"The training diverged: weights are not finite after step {step}. "
                    f"{trainer.config.remedy}"
                )
            if writes:
                recorder.write()
            saver.save()

        try:
            _take_steps(
                trainer,
                distribute(trainer.strategy, lambda share: make_batches(first_step, share)),
                first_step,
                recorder,
                save,
                60 * minutes_between_checkpoints,
                show_progress and writes,
            )
        finally:
            recorder.close()
    return recorder.rows


def _take_steps(
    trainer: StepTrainer,
    batches: tf.distribute.DistributedDataset,
    first_step: int,
    recorder: Recorder,
    save: Callable[[int], None],
    seconds_between_checkpoints: float,
    show_progress: bool,
) -> None:
    steps = trainer.config.steps
    agree = Agreement(trainer.strategy)
    last_save = time.monotonic()
    bar = tqdm(
        total=steps,
        initial=first_step,
        disable=not show_progress,
        bar_format=PROGRESS_BAR,
        postfix="starting",
        mininterval=0.5,
        dynamic_ncols=True,
    )
    with StopRequest() as request, bar:
        for step, (images, labels) in zip(range(first_step + 1, steps + 1), batches, strict=False):
            recorder.add(trainer.train_step(images, labels))
            if recorder.is_due(step):
                recorder.close_row(step)
                bar.set_postfix_str(recorder.summary, refresh=False)
            bar.update()
            is_time = time.monotonic() - last_save > seconds_between_checkpoints
            stops, saves = agree(stop=request.requested, save=is_time)
            stops = stops and step < steps
            if stops or saves or step == steps:
                save(step)
                last_save = time.monotonic()
            if stops:
                raise InterruptedRunError(step)
