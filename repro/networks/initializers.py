"""TF-Slim's initializers, where Keras' own differ in the last digits."""

import math

import keras

TruncatedNormal = keras.initializers.TruncatedNormal
XavierUniform = (
    keras.initializers.GlorotUniform
)  # the same rule and name since Glorot and Bengio, 2010


@keras.saving.register_keras_serializable("repro")
class VarianceScaling(keras.initializers.Initializer):
    """slim.variance_scaling_initializer: a truncated normal of stddev sqrt(1.3 * factor / fan).

    1.3 is TF-Slim's rounded correction for the truncation at two standard deviations; Keras divides
    the stddev by 0.8796 instead, which is 0.3% less.

    Args:
      mode: "fan_in" or "fan_out".
      factor: 2 in all of TF-Slim's networks (He et al., 2015).
      seed: for a repeatable draw.
    """

    def __init__(self, mode: str = "fan_in", factor: float = 2.0, seed: int | None = None):
        if mode not in ("fan_in", "fan_out"):
            raise ValueError(f"mode is fan_in or fan_out, not {mode}.")
        self.mode = mode
        self.factor = factor
        self.seed = seed

    def __call__(self, shape, dtype=None):
        """Returns a draw of shape [..., in, out]; the leading axes are a kernel's."""
        fan = math.prod(shape[:-2]) * (shape[-2] if self.mode == "fan_in" else shape[-1])
        stddev = math.sqrt(1.3 * self.factor / fan)
        return TruncatedNormal(stddev=stddev, seed=self.seed)(shape, dtype)

    def get_config(self):
        """Returns the constructor's arguments."""
        return {"mode": self.mode, "factor": self.factor, "seed": self.seed}
