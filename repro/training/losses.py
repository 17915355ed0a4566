"""Per-example losses, float32 whatever the network's precision."""

import tensorflow as tf


def softmax_cross_entropy(
    labels: tf.Tensor, logits: tf.Tensor, label_smoothing: float = 0.0
) -> tf.Tensor:
    """Returns `[batch]` losses.

    Args:
      labels: `[batch]` integers.
      logits: `[batch, classes]`.
      label_smoothing: share s of the target spread evenly over all classes, as TF-Slim does:
        (1 - s) * onehot + s / classes.
    """
    logits = tf.cast(logits, tf.float32)
    if not label_smoothing:
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    classes = logits.shape[-1]
    target = tf.one_hot(
        labels,
        classes,
        on_value=1 - label_smoothing + label_smoothing / classes,
        off_value=label_smoothing / classes,
    )
    return tf.nn.softmax_cross_entropy_with_logits(target, logits)


def masked_sigmoid_cross_entropy(
    labels: tf.Tensor, logits: tf.Tensor, label_smoothing: float = 0.0
) -> tf.Tensor:
    """Returns `[batch]` losses, summed over the labels; a label of 0 (difficult) does not count.

    Args:
      labels: `[batch, labels]` of 1 (present), 0 (difficult: free), -1 (absent).
      logits: `[batch, labels]`.
      label_smoothing: share s of each target moved to 1/2: (1 - s) * target + s / 2.
    """
    target = tf.cast(labels > 0, tf.float32) * (1 - label_smoothing) + 0.5 * label_smoothing
    loss = tf.nn.sigmoid_cross_entropy_with_logits(target, tf.cast(logits, tf.float32))
    return tf.reduce_sum(tf.where(labels == 0, 0.0, loss), axis=-1)
