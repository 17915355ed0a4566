"""The optimizer is TensorFlow 1's Nesterov momentum on the loss with its L2 penalty."""

import keras
import numpy as np
import tensorflow as tf

from repro.training.optimizer import NesterovMomentum

RATES = [0.5, 0.4, 0.1, 0.05]
L2 = 0.03
DRAWS = np.random.default_rng(0)
START = [DRAWS.normal(size=shape).astype(np.float32) for shape in ((3, 4), (4,))]
GRADIENTS = [[DRAWS.normal(size=w.shape).astype(np.float32) for w in START] for _ in RATES]


def ours(clip_norm=None) -> list[np.ndarray]:
    """Runs a few steps with a changing learning rate; only the first variable is penalized."""
    variables = [keras.Variable(w) for w in START]
    optimizer = NesterovMomentum(variables, variables[:1], clip_norm=clip_norm)
    for rate, gradients in zip(RATES, GRADIENTS, strict=True):
        optimizer.apply([tf.constant(g) for g in gradients], tf.constant(rate), tf.constant(L2))
    return [np.asarray(variable.value) for variable in variables]


def test_it_is_tensorflow_1s_momentum_optimizer():
    variables = [tf.Variable(w) for w in START]
    for step, (rate, gradients) in enumerate(zip(RATES, GRADIENTS, strict=True)):
        if step == 0:
            optimizer = tf.compat.v1.train.MomentumOptimizer(
                lambda: rate,  # noqa: B023
                0.9,
                use_nesterov=True,
            )
        with tf.GradientTape() as tape:
            penalty = L2 * tf.reduce_sum(variables[0] ** 2) / 2
            loss = penalty + tf.add_n(
                [tf.reduce_sum(g * v) for g, v in zip(gradients, variables, strict=True)]
            )
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
    for our, their in zip(ours(), variables, strict=True):
        np.testing.assert_allclose(our, their.numpy(), rtol=1e-5, atol=1e-6)


def test_gradients_are_clipped_one_by_one_after_the_penalty():
    weights = [w.astype(np.float64) for w in START]
    accumulators = [np.zeros_like(w) for w in weights]
    for rate, gradients in zip(RATES, GRADIENTS, strict=True):
        for i, gradient in enumerate(gradients):
            g = gradient + (L2 * weights[i] if i == 0 else 0)
            g = g * min(1, 0.7 / np.linalg.norm(g))
            accumulators[i] = 0.9 * accumulators[i] + g
            weights[i] -= rate * (g + 0.9 * accumulators[i])
    for our, expected in zip(ours(clip_norm=0.7), weights, strict=True):
        np.testing.assert_allclose(our, expected, rtol=1e-5, atol=1e-6)


def test_gradients_are_summed_over_the_replicas(two_replicas):
    with two_replicas.scope():
        variable = keras.Variable(np.ones(3, np.float32))
        optimizer = NesterovMomentum([variable], [variable])

    @tf.function
    def step():
        two_replicas.run(lambda: optimizer.apply([tf.ones(3)], tf.constant(0.1), tf.constant(0.5)))

    step()
    gradient = 2 + 0.5  # one from each replica, and the penalty once
    np.testing.assert_allclose(np.asarray(variable.value), 1 - 0.1 * gradient * 1.9, rtol=1e-6)
