"""TF-Slim's batch normalization, the one layer of the networks that knows the backend.

It differs from `keras.layers.BatchNormalization` where the original does:

* the variance that enters the moving average is the unbiased one (times N / (N - 1), with N = batch
  x height x width), while the normalization itself uses the biased one;
* under TensorFlow it is one fused kernel in training and in inference, which the graph compiler can
  merge with the convolution before it and the ReLU after it;
* under tf.distribute every replica normalizes with its own statistics and keeps its own moving
  average; the mean over the replicas is what a checkpoint or an evaluation sees.
"""

import keras
from keras import ops

from repro.networks.layers import StoredByName

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf


@keras.saving.register_keras_serializable("repro")
class BatchNorm(StoredByName, keras.layers.Layer):
    """Batch normalization over the last axis of `[batch, height, width, channels]`.

    Args:
      momentum: of the moving averages: moving = moving * momentum + batch * (1 - momentum); TF-Slim
        calls it `decay`.
      epsilon: added to the variance.
      scale: whether there is a gamma; TF-Slim's Inception networks have none.
      name: the TF-Slim scope with dots for slashes; ends with `BatchNorm` in most networks.
    """

    def __init__(
        self, momentum: float, epsilon: float, *, scale: bool, name: str | None = None, **kwargs
    ):
        super().__init__(name=name, **kwargs)
        if not 0 <= momentum <= 1:
            raise ValueError(f"The batch-norm momentum is between 0 and 1, not {momentum}.")
        self.momentum = momentum
        self.epsilon = epsilon
        self.scale = scale

    def build(self, input_shape):
        """Creates gamma (if scaled), beta, moving_mean, moving_variance: `[channels]`, float32."""
        if len(input_shape) != 4:
            raise ValueError(
                f"BatchNorm takes [batch, height, width, channels], not {input_shape}."
            )
        shape = (input_shape[-1],)
        self.gamma = (
            self.add_weight(shape, "ones", name="gamma", autocast=False) if self.scale else None
        )
        self.beta = self.add_weight(shape, "zeros", name="beta", autocast=False)
        self.moving_mean = self._moving_average("zeros", shape, "moving_mean")
        self.moving_variance = self._moving_average("ones", shape, "moving_variance")

    def _moving_average(self, initializer: str, shape: tuple[int], name: str) -> keras.Variable:
        # Not add_weight, which cannot ask for one value a replica, averaged when read from outside.
        return keras.Variable(
            initializer,
            shape,
            trainable=False,
            autocast=False,
            synchronization="on_read",
            aggregation="mean",
            name=name,
        )

    def call(self, inputs, training=None):
        """Returns the inputs normalized, of their shape and dtype; training moves the averages."""
        if keras.backend.backend() == "tensorflow":
            return self._call_fused(inputs, bool(training))
        return self._call_portable(inputs, bool(training))

    def _call_fused(self, inputs, training: bool):
        gamma = tf.ones_like(self.beta) if self.gamma is None else tf.convert_to_tensor(self.gamma)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=gamma,
            offset=tf.convert_to_tensor(self.beta),
            mean=[] if training else tf.convert_to_tensor(self.moving_mean),
            variance=[] if training else tf.convert_to_tensor(self.moving_variance),
            epsilon=self.epsilon,
            is_training=training,
        )
        if training:
            self._update(mean, variance)  # the kernel's variance is already the unbiased one
        return outputs

    def _call_portable(self, inputs, training: bool):
        x = ops.cast(inputs, "float32")
        if training:
            mean, variance = ops.moments(x, axes=(0, 1, 2))
            count = ops.cast(ops.prod(ops.shape(x)[:-1]), "float32")
            self._update(mean, variance * (count / ops.maximum(count - 1, 1)))
        else:
            mean, variance = self.moving_mean.value, self.moving_variance.value
        factor = ops.rsqrt(variance + self.epsilon)
        if self.gamma is not None:
            factor = factor * self.gamma
        return ops.cast((x - mean) * factor + self.beta, inputs.dtype)

    def _update(self, mean, unbiased_variance):
        for moving, batch in (
            (self.moving_mean, mean),
            (self.moving_variance, unbiased_variance),
        ):
            moving.assign(moving * self.momentum + batch * (1 - self.momentum))

    def compute_output_shape(self, input_shape):
        """Returns the shape of the input."""
        return input_shape

    def get_config(self):
        """Returns the constructor's arguments."""
        config = {"momentum": self.momentum, "epsilon": self.epsilon, "scale": self.scale}
        return super().get_config() | config
