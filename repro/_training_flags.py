"""Flags of the commands that train by steps, and of the studies in Sections 4.5 and 4.6."""

from absl import flags

from repro import UserError
from repro.training.config import PAPER_BATCH_SIZE, PAPER_STEPS

STEPS = flags.DEFINE_list(
    "steps",
    [str(PAPER_STEPS)],
    "Training steps. Several with commas are independent runs, each with its own whole schedule.",
)
MIN_EPOCHS = flags.DEFINE_float(
    "min_epochs",
    None,
    "Trains for at least as many passes over the training set, where --steps are fewer.",
    lower_bound=0,
)
BATCH_SIZE = flags.DEFINE_integer("batch_size", PAPER_BATCH_SIZE, "Over all replicas together.")
CHECKPOINT_MINUTES = flags.DEFINE_float(
    "checkpoint_minutes", 10.0, "Minutes between checkpoints of the run."
)
TENSORBOARD = flags.DEFINE_bool(
    "tensorboard", True, "Whether a run's folder also has event files for TensorBoard."
)
PER_CLASS = flags.DEFINE_list(
    "per_class",
    [],
    "Trains on as many examples of each class of train, without a refit; several with commas.",
)
SUBSETS = flags.DEFINE_list(
    "subsets", ["0", "1", "2"], "Which draws of --per_class examples are trained on."
)


def steps() -> list[int]:
    """Returns the values of --steps."""
    return whole_numbers(STEPS, at_least=1)


def variants() -> list[tuple[int, int] | None]:
    """Returns (examples per class, number of the draw) of each training set; None is all of it."""
    if not PER_CLASS.value:
        return [None]
    draws = whole_numbers(SUBSETS, at_least=0)
    return [(size, draw) for size in whole_numbers(PER_CLASS, at_least=1) for draw in draws]


def whole_numbers(flag: flags.FlagHolder, *, at_least: int) -> list[int]:
    """Returns the values of a list flag.

    Raises:
      UserError: there is none, or one is no whole number or too small.
    """
    values = [text.strip() for text in flag.value] or [""]
    for text in values:
        if not text.isdecimal() or int(text) < at_least:
            raise UserError(
                f"--{flag.name}={','.join(values)} must be {at_least} or above, in whole numbers; "
                f"{text or 'nothing'} is not."
            )
    return list(dict.fromkeys(map(int, values)))


def numbers(flag: flags.FlagHolder) -> list[float]:
    """Returns the values of a list flag; `UserError` if one is no number."""
    values = []
    for text in flag.value or ():
        try:
            values.append(float(text))
        except ValueError as error:
            raise UserError(
                f"--{flag.name}={','.join(flag.value)}: {text or 'nothing'} is not a number."
            ) from error
    return values
