"""A network of a few layers, as a `Trainer` asks for one, with examples that it can learn."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from repro import networks
from repro.networks.builder import (
    BatchNormSettings,
    Builder,
    dropout,
    global_pool,
    max_pool,
    squeeze,
)
from repro.training import Trainer, TrainingConfig, fit
from repro.training.history import HistoryRow
from tests.training.batches import in_turn

SIZE, CLASSES, EXAMPLES, BATCH = 8, 3, 40, 8
BATCH_NORM = BatchNormSettings(momentum=0.9, epsilon=0.001, scale=True)
LABELS = np.arange(EXAMPLES) % CLASSES
IMAGES = np.random.default_rng(1).normal(size=(EXAMPLES, SIZE, SIZE, 3)).astype(np.float32)
IMAGES[np.arange(EXAMPLES), :, :, LABELS] += 0.5  # the class is the brightest channel

batches = in_turn(IMAGES, LABELS, BATCH)


def make_trainer(
    strategy: tf.distribute.Strategy | None = None,
    *,
    batch_norm: bool = False,
    keep: float = 0.5,
    start: int = 7,
    jit_compile: bool = False,
    **settings,
) -> Trainer:
    """A trainer of two convolutions, dropout, and a linear layer.

    Args:
      strategy: the tf.distribute strategy; by default TensorFlow's own.
      batch_norm: whether the convolutions have it.
      keep: probability of keeping a value in dropout.
      start: seed of the first weights and of dropout.
      jit_compile: as the trainer's.
      **settings: of its configuration.
    """
    strategy = strategy or tf.distribute.get_strategy()
    keras.utils.set_random_seed(start)
    with strategy.scope():
        net = Builder(keras.initializers.HeNormal, BATCH_NORM if batch_norm else None)
        images = keras.Input((SIZE, SIZE, 3))
        x = max_pool(net.conv(images, 8, (3, 3), "Conv_1"), 2)
        features = squeeze(global_pool(net.conv(x, 16, (3, 3), "Conv_2")))
        logits = net.fully_connected(dropout(features, keep), CLASSES, "Logits")
        model = keras.Model(images, logits)
        model.graph = net.classified(images, logits, features)
    given = {"learning_rate": 0.05, "weight_decay_ratio": 1e-4, "steps": 20, "batch_size": BATCH}
    return Trainer(model, TrainingConfig(**given | settings), strategy, jit_compile=jit_compile)


def train(
    trainer: Trainer, folder: Path, make_batches=batches, *, minutes: float = 10.0
) -> list[HistoryRow]:
    """Runs `fit` to the end."""
    return fit(
        trainer, make_batches, folder, minutes_between_checkpoints=minutes, show_progress=False
    )


def losses_of(rows: list[HistoryRow]) -> list[float]:
    return [row.loss for row in rows]


def weights_of(trainer: Trainer) -> dict[str, NDArray]:
    return {name: np.asarray(v.value) for name, v in networks.variables(trainer.model).items()}


def assert_same_weights(ours: Trainer, theirs: Trainer, **tolerance: float) -> None:
    """Of two trainers; to the bit unless a tolerance is given."""
    expected = weights_of(theirs)
    for name, value in weights_of(ours).items():
        np.testing.assert_allclose(
            value, expected[name], err_msg=name, **{"rtol": 0, "atol": 0} | tolerance
        )
