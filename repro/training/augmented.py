"""Logistic regression on a frozen network's features of augmented images (Appendix B).

A batch goes through the network once, and its features serve a linear layer for each value of the
L2 penalty in the same compiled step. The layers share nothing else: each takes the steps that it
would take alone.

The paper says: fine-tuning's setting, the learning rate fixed at 0.1 since the problem is convex,
and 11 values of L2 "applied to the mean of the per-example losses". That the layers start from
zeros, that the biases are not penalized, and the 1/2 of the penalty are our readings.
"""

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from repro import UserError
from repro.features import Forward
from repro.features.forward import MakeBatches
from repro.training.config import PAPER_BATCH_SIZE, PAPER_STEPS
from repro.training.optimizer import NesterovMomentum
from repro.training.step_trainer import StepTrainer

AUGMENTED_L2_VALUES = tuple(float(value) for value in np.logspace(-10, 0, 11))
"""The paper's 11 values, coefficients of sum(w^2) / 2 beside the MEAN loss."""


@dataclass(frozen=True)
class AugmentedConfig:
    """Everything that the result depends on, but for the data and the network.

    Attributes:
      l2_values: one linear layer is trained for each.
      l2_normalize: whether features are divided by their L2 norms, as without augmentation.
      learning_rate: at step 0 of the cosine.
      steps: length of the run.
      batch_size: over all replicas together.
      momentum: Nesterov's.
      seed: of the order of the examples and their augmentation.
    """

    l2_values: tuple[float, ...] = AUGMENTED_L2_VALUES
    l2_normalize: bool = True
    learning_rate: float = 0.1
    steps: int = PAPER_STEPS
    batch_size: int = PAPER_BATCH_SIZE
    momentum: float = 0.9
    seed: int = 0

    def __post_init__(self):
        """Raises `UserError` for a value out of its range."""
        if not self.l2_values or min(self.l2_values) < 0:
            raise UserError(f"l2_values={self.l2_values} must be at least one number, 0 or above.")
        for name in ("steps", "batch_size"):
            if getattr(self, name) < 1:
                raise UserError(f"--{name}={getattr(self, name)} must be 1 or above.")

    @property
    def l2(self) -> np.ndarray:
        """The coefficients of sum(w^2) / 2, `[layers, 1]`, as the kernel `[d, layers, classes]`."""
        return np.array(self.l2_values, np.float32)[:, np.newaxis]

    @property
    def remedy(self) -> str:
        """What helps against a loss that is not finite."""
        if self.l2_normalize:
            return "The features may not be finite: is the checkpoint that of the network?"
        return "With --l2_normalize the features have a size that fits the learning rate."


class AugmentedTrainer(StepTrainer):
    """Linear layers on a frozen network, with their optimizer, under a strategy; see `fit`.

    Args:
      extractor: from images to features [batch, d], made inside the strategy's scope; called with
        training=False and never changed.
      num_classes: of each linear layer.
      config: of the run.
      strategy: the tf.distribute strategy.
      multi_label: labels are `[batch, classes]` of 1, 0, -1 instead of `[batch]` class numbers.
    """

    def __init__(
        self,
        extractor: keras.Model,
        num_classes: int,
        config: AugmentedConfig,
        strategy: tf.distribute.Strategy,
        *,
        multi_label: bool = False,
    ):
        super().__init__(config, strategy, multi_label=multi_label)
        self._extractor = extractor
        self._num_classes = num_classes
        layers = len(config.l2_values)
        with strategy.scope():
            self._kernel = keras.Variable(
                np.zeros((extractor.output_shape[-1], layers, num_classes), np.float32)
            )
            self._bias = keras.Variable(np.zeros((layers, num_classes), np.float32))
            self._optimizer = NesterovMomentum(
                [self._kernel, self._bias], [self._kernel], config.momentum
            )
        self._forward = Forward(self._all_logits, strategy)

    def checkpoint(self) -> tf.train.Checkpoint:
        """Returns what has to be saved to go on later: layers, momentum, step."""
        kernel, bias = self._optimizer.accumulators
        return tf.train.Checkpoint(
            layers={"kernel": self._kernel.value, "bias": self._bias.value},
            momentum={"kernel": kernel, "bias": bias},
            step=self.step,
        )

    def predict(
        self, make_batches: MakeBatches, num_examples: int, **options: object
    ) -> np.ndarray:
        """Returns float32 `[layers, num_examples, classes]` logits; arguments as `Forward`'s."""
        logits = super().predict(make_batches, num_examples, **options)
        shape = num_examples, len(self.config.l2_values), self._num_classes
        return logits.reshape(shape).swapaxes(0, 1)

    def _weights(self):
        return [self._kernel, self._bias]

    def _replica_step(self, step, images, labels, learning_rate, l2):
        del step  # nothing is drawn
        features = self._features(images)
        layers = len(self.config.l2_values)
        with tf.GradientTape() as tape:
            logits = tf.reshape(self._logits(features), [-1, self._num_classes])
            loss = self._example_losses(tf.repeat(labels, layers, axis=0), logits)
            # The gradients are summed over the replicas, so each divides by the batch of all.
            loss = tf.reduce_sum(loss) / self.config.batch_size
        gradients = tape.gradient(loss, [self._kernel.value, self._bias.value])
        self._optimizer.apply(gradients, learning_rate, l2)
        return loss / layers

    def _all_logits(self, images, training=False):
        """Returns `[batch, layers * classes]` logits, as `Forward` calls a model."""
        del training
        return self._logits(self._features(images))

    def _features(self, images):
        features = tf.cast(self._extractor(images, training=False), tf.float32)
        return tf.math.l2_normalize(features, axis=-1) if self.config.l2_normalize else features

    def _logits(self, features):
        kernel = tf.reshape(self._kernel.value, [self._kernel.shape[0], -1])
        return features @ kernel + tf.reshape(self._bias.value, [-1])
