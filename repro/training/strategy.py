"""Chooses the tf.distribute strategy by name, through tf-models-official."""

import keras
import tensorflow as tf
from official.common import distribute_utils

from repro import UserError

STRATEGIES = ("auto", "off", "one_device", "mirrored", "multi_worker_mirrored", "tpu")


def get_strategy(name: str = "auto", tpu: str | None = None) -> tf.distribute.Strategy:
    """Returns a strategy.

    Args:
      name: "auto" is one_device on at most one GPU and mirrored on several; "off" is TensorFlow's
        default; multi_worker_mirrored reads TF_CONFIG.
      tpu: address or name of the TPU, for "tpu".

    Raises:
      UserError: for another name, or a strategy that this machine cannot run.
    """
    if name not in STRATEGIES:
        raise UserError(f"--strategy={name} is unknown. Allowed: {', '.join(STRATEGIES)}.")
    num_gpus = len(tf.config.list_physical_devices("GPU"))
    if name == "auto":
        name = "mirrored" if num_gpus > 1 else "one_device"
    if name == "one_device":
        num_gpus = min(num_gpus, 1)
    try:
        return distribute_utils.get_distribution_strategy(
            distribution_strategy=name, num_gpus=num_gpus, tpu_address=tpu
        )
    except (ValueError, RuntimeError, tf.errors.OpError) as error:
        first_line = str(error).strip().splitlines()[0]
        hint = " Name or address of the TPU: --tpu." if name == "tpu" and not tpu else ""
        raise UserError(f"--strategy={name} cannot be used here: {first_line}{hint}") from error


def make_deterministic(seed: int) -> None:
    """Makes every operation of TensorFlow give the same bits each time, if slower.

    Args:
      seed: of whatever is not seeded by the run itself.
    """
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
