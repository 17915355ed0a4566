"""Flags of the commands that train by steps."""

from absl import flags

from repro.training.config import PAPER_BATCH_SIZE, PAPER_STEPS

STEPS = flags.DEFINE_integer("steps", PAPER_STEPS, "Training steps.")
BATCH_SIZE = flags.DEFINE_integer("batch_size", PAPER_BATCH_SIZE, "Over all replicas together.")
CHECKPOINT_MINUTES = flags.DEFINE_float(
    "checkpoint_minutes", 10.0, "Minutes between checkpoints of the run."
)
