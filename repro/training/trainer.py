"""The training of a whole network: one compiled step under tf.distribute.

The loop is ours because Keras 3's `fit` fails with several workers, and with XLA under a strategy.
"""

from dataclasses import replace

import keras
import tensorflow as tf

from repro import UserError, networks
from repro.features import Forward
from repro.networks.draws import rows_of_step
from repro.training.config import TrainingConfig
from repro.training.optimizer import NesterovMomentum
from repro.training.step_trainer import StepTrainer


class Trainer(StepTrainer):
    """A network with its optimizer under a strategy; see `fit`.

    Args:
      model: from `networks.create`, made inside the strategy's scope; with an auxiliary head if
        `config.auxiliary_weight` is above 0.
      config: of the run.
      strategy: the tf.distribute strategy.
      multi_label: labels are `[batch, labels]` of 1, 0, -1 instead of `[batch]` class numbers.
      jit_compile: whether XLA compiles the forward and the backward pass; one device only.

    Raises:
      UserError: the replicas do not divide the batch, or `config.microbatch` a replica's part of
        it; or XLA is asked for under several replicas.
    """

    def __init__(
        self,
        model: keras.Model,
        config: TrainingConfig,
        strategy: tf.distribute.Strategy,
        *,
        multi_label: bool = False,
        jit_compile: bool = False,
    ):
        super().__init__(config, strategy, multi_label=multi_label)
        self.model = model
        self._rows = config.rows_of_replica(strategy.num_replicas_in_sync)
        if jit_compile and strategy.num_replicas_in_sync > 1:
            raise UserError(
                f"--jit_compile works on one device, and {strategy.num_replicas_in_sync} replicas "
                "train here: leave it out, or give --strategy=one_device."
            )
        with strategy.scope():
            self.optimizer = NesterovMomentum(
                model.trainable_variables,
                networks.weight_decay_variables(model).values(),
                config.momentum,
                config.clip_norm,
            )
        self._forward = Forward(keras.Model(model.inputs[0], model.graph.logits), strategy)
        if jit_compile:
            self._loss_and_gradients = tf.function(self._loss_and_gradients, jit_compile=True)
        self._at_start = [variable.numpy() for variable in model.variables]

    def start_again(self, config: TrainingConfig) -> None:
        """Puts everything back to where it was when the trainer was made, for another run.

        Args:
          config: of the other run; only its learning rate, weight decay and steps may differ.
        """
        ours, theirs = (_compiled_in(each) for each in (self.config, config))
        if ours != theirs:
            raise ValueError(f"The step was compiled for {ours}, not for {theirs}.")
        self.config = config
        for variable, value in zip(self.model.variables, self._at_start, strict=True):
            variable.assign(value)
        for accumulator in self.optimizer.accumulators:
            accumulator.assign(tf.zeros_like(accumulator))
        self.step.assign(0)

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

    def _weights(self):
        return self.model.weights

    def _replica_step(self, step, images, labels, learning_rate, l2):
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        first = tf.cast(replica, tf.int32) * self._rows
        part = self.config.microbatch or self._rows
        if part == self._rows:
            loss, gradients = self._loss_and_gradients(step, first, images, labels)
        else:
            loss, gradients = self._accumulated(step, first, images, labels, part)
        self.optimizer.apply(gradients, learning_rate, l2)
        return loss

    def _accumulated(self, step, first, images, labels, part: int):
        """Sums losses and gradients over parts of the replica's batch, one part after the other."""
        zeros = [tf.zeros(v.shape, v.dtype) for v in self.model.trainable_variables]

        def add_part(place, loss, gradients):
            rows = slice(place, place + part)
            more, added = self._loss_and_gradients(step, first + place, images[rows], labels[rows])
            return place + part, loss + more, [a + b for a, b in zip(gradients, added, strict=True)]

        _, loss, gradients = tf.while_loop(
            lambda place, *_: place < self._rows,
            add_part,
            (tf.constant(0), tf.constant(0.0), zeros),
            parallel_iterations=1,  # or the parts would be in memory together
        )
        return loss, gradients

    def _loss_and_gradients(self, step, first, images, labels):
        variables = [variable.value for variable in self.model.trainable_variables]
        with tf.GradientTape() as tape, rows_of_step(step, first, self.config.batch_size):
            outputs = self.model(images, training=True)
            loss = self._share_of_mean_loss(labels, outputs)
        return loss, tape.gradient(loss, variables)

    def _share_of_mean_loss(self, labels, outputs):
        logits, *auxiliary = outputs if isinstance(outputs, list | tuple) else [outputs]
        smoothing = self.config.label_smoothing
        loss = self._example_losses(labels, logits, smoothing)
        for auxiliary_logits in auxiliary:
            loss += self.config.auxiliary_weight * self._example_losses(
                labels, auxiliary_logits, smoothing
            )
        # The gradients are summed over the replicas, so each divides by the batch of all of them.
        return tf.reduce_sum(loss) / self.config.batch_size


def _compiled_in(config: TrainingConfig) -> TrainingConfig:
    """Returns the configuration without what the compiled step takes as arguments."""
    return replace(
        config, learning_rate=1.0, weight_decay_ratio=0.0, weight_decay_rule="divide", steps=1
    )
