"""Linear layers on a frozen network: each as if trained alone, by the definition of its steps."""

import math
import os
import signal

import keras
import numpy as np
import pytest
import tensorflow as tf

from repro import UserError
from repro.training import (
    AUGMENTED_L2_VALUES,
    AugmentedConfig,
    AugmentedTrainer,
    InterruptedRunError,
    fit,
)
from tests.training.batches import every_image, in_turn

SIZE, CLASSES, EXAMPLES, BATCH, STEPS = 4, 3, 24, 8, 12
RNG = np.random.default_rng(0)
LABELS = np.arange(EXAMPLES) % CLASSES
IMAGES = RNG.normal(size=(EXAMPLES, SIZE, SIZE, 3)).astype(np.float32)
IMAGES[np.arange(EXAMPLES), :, :, LABELS] += 0.7  # the class is the brightest channel
SEVERAL_LABELS = RNG.integers(-1, 2, size=(EXAMPLES, CLASSES))
L2_VALUES = (0.0, 1e-3, 0.5)


def make_extractor() -> keras.Model:
    """A network whose features in training mode would be others than in inference mode."""
    keras.utils.set_random_seed(3)
    images = keras.Input((SIZE, SIZE, 3))
    normalization = keras.layers.BatchNormalization()
    features = keras.layers.Flatten()(normalization(images))
    features = keras.layers.Dense(5, activation="relu")(keras.layers.Dropout(0.5)(features))
    statistics = [[1.0, 2.0, 0.5], [0.1, 0.0, 0.2], [0.3, 0.1, 0.2], [0.5, 2.0, 1.0]]
    normalization.set_weights(np.array(statistics, np.float32))
    return keras.Model(images, features)


def make_trainer(
    strategy=None, *, l2_values=L2_VALUES, multi_label=False, **settings
) -> AugmentedTrainer:
    strategy = strategy or tf.distribute.get_strategy()
    with strategy.scope():
        extractor = make_extractor()
    config = AugmentedConfig(l2_values, **{"steps": STEPS, "batch_size": BATCH} | settings)
    return AugmentedTrainer(extractor, CLASSES, config, strategy, multi_label=multi_label)


make_batches = in_turn(IMAGES, LABELS, BATCH, STEPS)


def train(trainer: AugmentedTrainer, folder, batches=make_batches):
    return fit(trainer, batches, folder, show_progress=False)


def logits_of(trainer: AugmentedTrainer) -> np.ndarray:
    return trainer.predict(every_image(IMAGES, 10), EXAMPLES)


def features(l2_normalize: bool) -> np.ndarray:
    values = np.asarray(make_extractor()(IMAGES, training=False), np.float64)
    if l2_normalize:
        values /= np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-6)
    return values


def by_definition(labels: np.ndarray, l2: float, l2_normalize: bool) -> np.ndarray:
    """The [examples, classes] logits after Nesterov steps in float64 on the mean loss."""
    x = np.column_stack([features(l2_normalize), np.ones(EXAMPLES)])
    weights, momentum = np.zeros((2, x.shape[1], CLASSES))
    penalized = np.ones_like(weights)
    penalized[-1] = 0
    for step in range(STEPS):
        index = (step * BATCH + np.arange(BATCH)) % EXAMPLES
        logits = x[index] @ weights
        if labels.ndim == 1:
            odds = np.exp(logits)
            residuals = odds / odds.sum(axis=1, keepdims=True) - np.eye(CLASSES)[labels[index]]
        else:
            residuals = 1 / (1 + np.exp(-logits)) - (labels[index] == 1)
            residuals[labels[index] == 0] = 0
        gradient = x[index].T @ residuals / BATCH + l2 * penalized * weights
        momentum = 0.9 * momentum + gradient
        rate = 0.5 * 0.1 * (1 + math.cos(math.pi * step / STEPS))
        weights -= rate * (gradient + 0.9 * momentum)
    return x @ weights


def test_the_values_and_the_schedule_are_the_papers():
    assert pytest.approx([10.0**k for k in range(-10, 1)]) == AUGMENTED_L2_VALUES
    config = AugmentedConfig()
    assert (config.learning_rate, config.steps, config.batch_size) == (0.1, 19_531, 256)


@pytest.mark.parametrize("l2_normalize", [True, False])
@pytest.mark.parametrize("labels", [LABELS, SEVERAL_LABELS], ids=["classes", "several labels"])
def test_every_layer_takes_the_steps_of_the_definition(tmp_path, labels, l2_normalize):
    trainer = make_trainer(multi_label=labels.ndim == 2, l2_normalize=l2_normalize)
    train(trainer, tmp_path, in_turn(IMAGES, labels, BATCH, STEPS))
    logits = logits_of(trainer)
    assert logits.shape == (len(L2_VALUES), EXAMPLES, CLASSES)
    for ours, l2 in zip(logits, L2_VALUES, strict=True):
        np.testing.assert_allclose(ours, by_definition(labels, l2, l2_normalize), atol=2e-5)


def test_the_network_stays_as_it_is(tmp_path):
    trainer = make_trainer()
    train(trainer, tmp_path)
    for ours, original in zip(
        trainer._extractor.get_weights(), make_extractor().get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, original)


def test_it_learns_an_easy_task_and_says_the_loss(tmp_path):
    rows = train(make_trainer(), tmp_path)
    assert rows[-1].loss < rows[0].loss == pytest.approx(math.log(CLASSES), rel=1e-5)


def test_several_replicas_take_the_steps_of_one(tmp_path, two_replicas):
    one, two = make_trainer(), make_trainer(two_replicas)
    train(one, tmp_path / "one")
    train(two, tmp_path / "two")
    np.testing.assert_allclose(logits_of(two), logits_of(one), rtol=1e-4, atol=1e-6)


def test_a_run_stopped_by_a_signal_goes_on_to_the_same_end(tmp_path):
    whole = make_trainer()
    rows = train(whole, tmp_path / "whole")

    def stopping_batches(first_step, share):
        def kill(step):
            if step == 5:
                os.kill(os.getpid(), signal.SIGTERM)
            return step

        def watched(step, batch):
            with tf.control_dependencies([tf.numpy_function(kill, [step], tf.int64)]):
                return tf.nest.map_structure(tf.identity, batch)

        return make_batches(first_step, share).enumerate().map(watched)

    with pytest.raises(InterruptedRunError):
        train(make_trainer(), tmp_path / "parts", stopping_batches)
    resumed = make_trainer()
    resumed_rows = train(resumed, tmp_path / "parts")
    assert resumed.steps_done == STEPS
    np.testing.assert_array_equal(logits_of(resumed), logits_of(whole))
    assert [row.step for row in resumed_rows] == [row.step for row in rows]


def test_a_loss_that_is_not_finite_is_told(tmp_path):
    with pytest.raises(UserError, match=r"loss is nan .*With --l2_normalize"):
        train(
            make_trainer(l2_normalize=False), tmp_path, in_turn(IMAGES * 1e30, LABELS, BATCH, STEPS)
        )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 0}, "--steps=0 must be 1 or above"),
        ({"batch_size": 0}, "--batch_size=0 must be 1 or above"),
        ({"l2_values": ()}, "at least one number"),
        ({"l2_values": (-1.0,)}, "0 or above"),
    ],
)
def test_values_out_of_range_are_refused(settings, message):
    with pytest.raises(UserError, match=message):
        AugmentedConfig(**settings)
