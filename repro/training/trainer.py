"""One compiled training step under tf.distribute.

The loop is ours because Keras 3's `fit` fails with several workers, and with XLA under a strategy.
"""

import keras
import tensorflow as tf

from repro import networks
from repro.features import Forward
from repro.training import losses, schedule
from repro.training.config import TrainingConfig
from repro.training.optimizer import NesterovMomentum


class Trainer:
    """A network with its optimizer under a strategy.

    Args:
      model: from `networks.create`, made inside the strategy's scope; with an auxiliary head if
        `config.auxiliary_weight` is above 0.
      config: of the run.
      strategy: the tf.distribute strategy.
      multi_label: labels are `[batch, labels]` of 1, 0, -1 instead of `[batch]` class numbers.

    Attributes:
      predict: the logits of every example; see `Forward`.
    """

    def __init__(
        self,
        model: keras.Model,
        config: TrainingConfig,
        strategy: tf.distribute.Strategy,
        *,
        multi_label: bool = False,
    ):
        self.model = model
        self.config = config
        self.strategy = strategy
        self._loss = (
            losses.masked_sigmoid_cross_entropy if multi_label else losses.softmax_cross_entropy
        )
        with strategy.scope():
            self.optimizer = NesterovMomentum(
                model.trainable_variables,
                networks.weight_decay_variables(model).values(),
                config.momentum,
                config.clip_norm,
            )
            self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.predict = Forward(keras.Model(model.inputs[0], model.graph.logits), strategy)
        # The learning rate and L2 are arguments, so that one compiled step serves a whole grid.
        self._train_step = tf.function(self._distributed_train_step)

    @property
    def steps_done(self) -> int:
        """Steps taken since the start of the run, over all sittings."""
        return int(self.step.numpy())

    def checkpoint(self) -> tf.train.Checkpoint:
        """Returns what has to be saved to go on later: weights, momentum, random states, step."""
        weights = networks.variables(self.model)
        named = {id(variable) for variable in weights.values()}
        accumulators = dict(
            zip(map(id, self.model.trainable_variables), self.optimizer.accumulators, strict=True)
        )
        return tf.train.Checkpoint(
            network={name: variable.value for name, variable in weights.items()},
            momentum={
                name: accumulators[id(variable)]
                for name, variable in weights.items()
                if id(variable) in accumulators
            },
            random_states=[v.value for v in self.model.variables if id(v) not in named],
            step=self.step,
        )

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
            images, labels, tf.constant(config.learning_rate), tf.constant(config.l2)
        )

    def _distributed_train_step(self, images, labels, learning_rate, l2):
        rate = schedule.cosine_learning_rate(learning_rate, self.step, self.config.steps)
        per_replica = self.strategy.run(self._replica_step, args=(images, labels, rate, l2))
        self.step.assign_add(1)
        return self.strategy.reduce(tf.distribute.ReduceOp.SUM, per_replica, axis=None)

    def _replica_step(self, images, labels, learning_rate, l2):
        variables = self.model.trainable_variables
        with tf.GradientTape() as tape:
            outputs = self.model(images, training=True)
            loss = self._global_mean_loss(labels, outputs)
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        self.optimizer.apply(gradients, learning_rate, l2)
        return loss

    def _global_mean_loss(self, labels, outputs):
        logits, *auxiliary = outputs if isinstance(outputs, list | tuple) else [outputs]
        loss = self._loss(labels, logits, self.config.label_smoothing)
        for auxiliary_logits in auxiliary:
            loss += self.config.auxiliary_weight * self._loss(
                labels, auxiliary_logits, self.config.label_smoothing
            )
        # The gradients are summed over the replicas, so each divides by the batch of all of them.
        return tf.reduce_sum(loss) / self.config.batch_size
