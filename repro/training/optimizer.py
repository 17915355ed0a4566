"""Nesterov momentum as TensorFlow's MomentumOptimizer computes it, with TF-Slim's L2 penalty.

It is not `keras.optimizers.SGD`: there the learning rate is inside the velocity, which differs as
soon as the learning rate changes, and `weight_decay` is decoupled from the loss.
"""

from collections.abc import Collection, Sequence

import keras
import tensorflow as tf


class NesterovMomentum:
    """accumulator = momentum * accumulator + g; w -= rate * (g + momentum * accumulator).

    g is the gradient of the loss summed over the replicas, plus l2 * w for the penalized variables:
    the gradient of l2 * sum(w^2) / 2. Make it inside the strategy's scope.

    Args:
      variables: the trainable variables, in the order of the gradients given to `apply`.
      penalized: those of them with the L2 penalty.
      momentum: 0.9 in the paper (A.5).
      clip_norm: if not None, each gradient is scaled down to this L2 norm, as TF-Slim does.

    Attributes:
      accumulators: one for each variable, of its shape.
    """

    def __init__(
        self,
        variables: Sequence[keras.Variable],
        penalized: Collection[keras.Variable],
        momentum: float = 0.9,
        clip_norm: float | None = None,
    ):
        penalized_ids = {id(variable) for variable in penalized}
        self._targets = [variable.value for variable in variables]
        self._penalized = [id(variable) in penalized_ids for variable in variables]
        self._momentum = momentum
        self._clip_norm = clip_norm
        self.accumulators = [
            tf.Variable(tf.zeros(v.shape, v.dtype), trainable=False) for v in self._targets
        ]

    def apply(
        self, gradients: Sequence[tf.Tensor], learning_rate: tf.Tensor, l2: tf.Tensor
    ) -> None:
        """Sums the gradients over the replicas and updates every variable; call it in a replica.

        Args:
          gradients: of the loss divided by the global batch, one for each variable.
          learning_rate: of this step, float32 scalar.
          l2: coefficient of sum(w^2) / 2, float32 scalar, or one for each weight, broadcast.
        """
        replica = tf.distribute.get_replica_context()
        summed = replica.all_reduce(tf.distribute.ReduceOp.SUM, list(gradients))
        replica.merge_call(self._update_all, args=(summed, learning_rate, l2))

    def _update_all(self, strategy, gradients, learning_rate, l2):
        for target, accumulator, gradient, penalized in zip(
            self._targets, self.accumulators, gradients, self._penalized, strict=True
        ):
            strategy.extended.update(
                target,
                self._update,
                args=(accumulator, gradient, learning_rate, l2 if penalized else None),
                group=False,
            )

    def _update(self, target, accumulator, gradient, learning_rate, l2):
        if l2 is not None:
            gradient += l2 * target
        if self._clip_norm is not None:
            gradient = tf.clip_by_norm(gradient, self._clip_norm)
        # One kernel, one pass over the weights; the same steps in separate ops take four.
        return tf.raw_ops.ResourceApplyMomentum(
            var=target.handle,
            accum=accumulator.handle,
            lr=learning_rate,
            grad=gradient,
            momentum=self._momentum,
            use_nesterov=True,
        )
