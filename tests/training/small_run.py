"""A run of the small network as a process: `python -m tests.training.small_run folder ...`."""

import argparse
import itertools
import os
import sys
from pathlib import Path

import numpy as np

from repro import _command
from repro.training import Trainer, get_strategy, make_deterministic
from tests.training.batches import every_image
from tests.training.small import IMAGES, losses_of, make_trainer, train, weights_of

EVAL_BATCH = 6  # which does not divide the forty images


def main() -> None:
    """Trains to the end, tests, and writes what came out beside the folder of the run."""
    sys.exit(_command.execute(_run, sys.argv[:1]))


def _run() -> None:
    given = _arguments()
    if given.deterministic:
        make_deterministic(0)
    strategy = get_strategy(given.strategy)
    trainer = make_trainer(strategy, batch_norm=given.batch_norm, steps=given.steps)
    if given.signal_at:
        _send_itself(given.signal, trainer, given.signal_at)
    rows = train(trainer, given.folder, minutes=given.minutes)
    if given.die_in_test:
        os.kill(os.getpid(), given.signal)
    logits = trainer.predict(every_image(IMAGES, EVAL_BATCH), len(IMAGES))
    np.savez(given.folder.with_suffix(".npz"), logits=logits, **weights_of(trainer))
    print("losses", losses_of(rows))


def _send_itself(signal: int, trainer: Trainer, at_call: int) -> None:
    """Sends this process a signal between two steps."""
    train_step, calls = trainer.train_step, itertools.count(1)

    def step(images, labels):
        if next(calls) == at_call:
            os.kill(os.getpid(), signal)
        return train_step(images, labels)

    trainer.train_step = step


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--strategy", default="one_device")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--batch_norm", action="store_true")
    parser.add_argument("--deterministic", action="store_true")
    parser.add_argument("--signal", type=int, default=9)
    parser.add_argument("--signal_at", type=int, help="step of this process, from 1")
    parser.add_argument("--die_in_test", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
