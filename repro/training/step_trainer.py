"""What every trainer has: a step under tf.distribute, its schedule, and the count of steps."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from repro.features import Forward
from repro.features.forward import MakeBatches
from repro.training import losses, schedule
from repro.training.workers import naming_lost_workers


class StepTrainer(ABC):
    """Something that is trained by steps of Nesterov momentum under a cosine; see `fit`.

    The learning rate, the L2 coefficient and the number of steps are arguments of the compiled
    step, so that one serves every run that differs in them alone.

    Args:
      config: of the run, with `learning_rate`, `l2`, `steps`, `batch_size` and `remedy`.
      strategy: the tf.distribute strategy.
      multi_label: labels are `[batch, labels]` of 1, 0, -1 instead of `[batch]` class numbers.

    Attributes:
      config: as given.
      strategy: as given.
      step: steps taken since the start of the run, over all sittings; int64 scalar.
    """

    _forward: Forward  # to the logits, set by each kind of trainer

    def __init__(self, config, strategy: tf.distribute.Strategy, *, multi_label: bool):
        self.config = config
        self.strategy = strategy
        self._example_losses = (
            losses.masked_sigmoid_cross_entropy if multi_label else losses.softmax_cross_entropy
        )
        with strategy.scope():
            self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._train_step = tf.function(self._distributed_train_step)

    @property
    def steps_done(self) -> int:
        """Steps taken since the start of the run, over all sittings."""
        return int(self.step.numpy())

    def train_step(self, images, labels) -> tf.Tensor:
        """Runs one step on a global batch.

        Args:
          images: float32 `[batch, height, width, 3]`, per replica under a strategy.
          labels: class numbers `[batch]`, or `[batch, labels]` of 1, 0, -1.

        Returns:
          The mean loss over the global batch without the L2 penalty, float32 scalar.
        """
        config = self.config
        return self._train_step(
            images,
            labels,
            tf.constant(config.learning_rate, tf.float32),
            tf.constant(config.l2, tf.float32),
            tf.constant(config.steps, tf.int64),
        )

    def predict(
        self, make_batches: MakeBatches, num_examples: int, **options: object
    ) -> NDArray[np.float32]:
        """Returns the logits `[num_examples, classes]`; arguments as `Forward`'s."""
        with naming_lost_workers(self.strategy, lambda: "What was trained is saved."):
            return self._forward(make_batches, num_examples, **options)

    def is_finite(self) -> bool:
        """Returns whether no weight, and no moving average, is NaN or infinite."""
        return all(bool(tf.reduce_all(tf.math.is_finite(each))) for each in self._weights())

    @abstractmethod
    def _weights(self) -> Sequence[keras.Variable]:
        """Returns the variables that a step changes, but for the momentum."""

    @abstractmethod
    def checkpoint(self) -> tf.train.Checkpoint:
        """Returns what has to be saved to go on later."""

    @abstractmethod
    def _replica_step(self, step, images, labels, learning_rate, l2) -> tf.Tensor:
        """Takes a step on a replica's part of the batch; returns its share of the mean loss."""

    def _distributed_train_step(self, images, labels, initial_rate, l2, num_steps):
        step = tf.identity(self.step)
        rate = schedule.cosine_learning_rate(initial_rate, step, num_steps)
        per_replica = self.strategy.run(self._replica_step, args=(step, images, labels, rate, l2))
        self.step.assign_add(1)
        return self.strategy.reduce(tf.distribute.ReduceOp.SUM, per_replica, axis=None)
