"""The paper's schedules: cosine learning rate and the batch-norm momentum (Appendix A.5)."""

import math

import tensorflow as tf


def cosine_learning_rate(
    initial: tf.Tensor | float, step: tf.Tensor | int, num_steps: tf.Tensor | int
) -> tf.Tensor:
    """Returns 0.5 * initial * (1 + cos(pi * step / num_steps)), without warm-up.

    Args:
      initial: the learning rate at step 0, float32.
      step: integer in [0, num_steps - 1].
      num_steps: length of the whole run, an integer.
    """
    progress = tf.cast(step, tf.float32) / tf.cast(num_steps, tf.float32)
    return 0.5 * initial * (1 + tf.cos(math.pi * progress))


def batch_norm_momentum(num_train: int, batch_size: int) -> float:
    """Returns max(1 - 10 / s, 0.9), where s = num_train / batch_size is an epoch, not rounded."""
    return max(1 - 10 * batch_size / num_train, 0.9)


def l2_coefficient(weight_decay_ratio: float, learning_rate: float, rule: str = "divide") -> float:
    """Returns the coefficient of sum(w^2) / 2 in the loss, constant through the cosine.

    Args:
      weight_decay_ratio: a point of the paper's grid of "weight decay to learning rate ratios".
      learning_rate: the initial one.
      rule: "divide" (the ratio over the learning rate, so that the optimal weight decay varies
        inversely with it, as A.5 says) or "multiply", the other reading of the word.
    """
    if rule == "divide":
        return weight_decay_ratio / learning_rate
    if rule == "multiply":
        return weight_decay_ratio * learning_rate
    raise ValueError(f"The weight decay rule is divide or multiply, not {rule}.")
