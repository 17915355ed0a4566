"""The losses are TF-Slim's, and difficult labels cost nothing."""

import numpy as np
import tensorflow as tf

from repro.training.losses import masked_sigmoid_cross_entropy, softmax_cross_entropy

LOGITS = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32) * 3


def test_label_smoothing_is_tensorflow_1s():
    labels = np.array([0, 3, 1, 2, 2])
    for smoothing in (0.0, 0.1):
        theirs = tf.compat.v1.losses.softmax_cross_entropy(
            np.eye(4)[labels], LOGITS, label_smoothing=smoothing, reduction="none"
        )
        np.testing.assert_allclose(
            softmax_cross_entropy(labels, LOGITS, smoothing), theirs, rtol=1e-5
        )


def test_sigmoid_losses_are_summed_over_the_labels_without_the_difficult_ones():
    labels = np.array([[1, -1, 0, 1], [0, 0, 0, 0], [-1] * 4, [1] * 4, [1, -1, -1, -1]])
    each = np.where(labels > 0, np.logaddexp(0, -LOGITS), np.logaddexp(0, LOGITS))
    expected = (each * (labels != 0)).sum(axis=1)
    np.testing.assert_allclose(
        masked_sigmoid_cross_entropy(labels, LOGITS), expected, rtol=1e-5, atol=1e-6
    )


def test_half_precision_logits_give_full_precision_losses():
    loss = softmax_cross_entropy(np.array([1]), tf.constant([[100.0, 0.0]], tf.bfloat16))
    assert loss.dtype == tf.float32
    assert float(loss[0]) == 100.0
