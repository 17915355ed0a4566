"""Ten steps of `fit` end where the same steps in NumPy end, float64 with the gradients by hand."""

from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from repro import networks
from repro.networks.builder import BatchNormSettings, Builder, global_pool, squeeze
from repro.training import Trainer, TrainingConfig, batch_norm_momentum, fit
from tests.training.batches import in_turn

EXAMPLES, SIZE, CHANNELS, CLASSES = 720, 4, 5, 4
BATCH, STEPS, EPSILON = 6, 10, 0.001
DRAWS = np.random.default_rng(0)
IMAGES = DRAWS.normal(size=(EXAMPLES, SIZE, SIZE, 3)).astype(np.float32)
LABELS = np.arange(EXAMPLES) % CLASSES
IMAGES[np.arange(EXAMPLES), :, :, LABELS % 3] += 0.7
SEVERAL_LABELS = DRAWS.integers(-1, 2, size=(EXAMPLES, CLASSES))

KERNEL, GAMMA, BETA = "Conv/weights", "Conv/BatchNorm/gamma", "Conv/BatchNorm/beta"
MEAN, VARIANCE = "Conv/BatchNorm/moving_mean", "Conv/BatchNorm/moving_variance"
WEIGHTS, BIASES = "Logits/weights", "Logits/biases"
PENALIZED = (KERNEL, WEIGHTS)

Values = dict[str, NDArray[np.float64]]


def make_model(num_train: int = EXAMPLES) -> keras.Model:
    """A 1x1 convolution, batch normalization, ReLU, the mean over the map, and the logits."""
    keras.utils.set_random_seed(5)
    net = Builder(
        lambda: keras.initializers.RandomNormal(stddev=0.5),
        BatchNormSettings(batch_norm_momentum(num_train, BATCH), EPSILON, scale=True),
    )
    images = keras.Input((SIZE, SIZE, 3))
    features = squeeze(global_pool(net.conv(images, CHANNELS, (1, 1), "Conv")))
    logits = net.fully_connected(features, CLASSES, "Logits")
    model = keras.Model(images, logits)
    model.graph = net.classified(images, logits, features)
    return model


def make_trainer(config: TrainingConfig, *, multi_label: bool = False, **of_model) -> Trainer:
    strategy = tf.distribute.get_strategy()
    return Trainer(make_model(**of_model), config, strategy, multi_label=multi_label)


def train(trainer: Trainer, folder: Path, labels=LABELS) -> list[float]:
    """Returns the losses, step by step."""
    rows = fit(
        trainer, in_turn(IMAGES, labels, BATCH), folder, tensorboard=False, show_progress=False
    )
    return [row.loss for row in rows]


def weights_of(trainer: Trainer) -> Values:
    return {name: np.asarray(v.value) for name, v in networks.variables(trainer.model).items()}


@dataclass(frozen=True)
class Reference:
    """What the paper's protocol says a run is, written out for this one network."""

    learning_rate: float = 0.2
    l2: float = 0.0
    label_smoothing: float = 0.0
    clip_norm: float = np.inf
    batch_norm_momentum: float = 1 - 10 / 120  # 720 examples are 120 batches

    def train(self, start: Values, labels=LABELS) -> tuple[list[float], Values]:
        """Returns the losses and the values at the end of ten steps."""
        values = {name: value.astype(np.float64) for name, value in start.items()}
        accumulators = {name: np.zeros_like(value) for name, value in values.items()}
        losses = []
        for step in range(STEPS):
            index = np.arange(step * BATCH, (step + 1) * BATCH)
            loss, gradients, mean, variance = self._pass(values, IMAGES[index], labels[index])
            rate = self.learning_rate / 2 * (1 + np.cos(np.pi * step / STEPS))
            for name, gradient in gradients.items():
                if name in PENALIZED:
                    gradient = gradient + self.l2 * values[name]
                gradient = gradient * min(1, self.clip_norm / np.sqrt(np.sum(gradient**2)))
                accumulators[name] = 0.9 * accumulators[name] + gradient
                values[name] = values[name] - rate * (gradient + 0.9 * accumulators[name])
            kept = self.batch_norm_momentum
            values[MEAN] = kept * values[MEAN] + (1 - kept) * mean
            values[VARIANCE] = kept * values[VARIANCE] + (1 - kept) * variance
            losses.append(loss)
        return losses, values

    def _pass(self, values: Values, images, labels) -> tuple:
        """Returns the mean loss, its gradients, and the batch's mean and unbiased variance."""
        pixels = images.reshape(-1, 3).astype(np.float64)  # a 1x1 convolution knows no places
        count = len(pixels)
        convolved = pixels @ values[KERNEL][0, 0]
        mean, variance = convolved.mean(axis=0), convolved.var(axis=0)
        deviation = np.sqrt(variance + EPSILON)
        normalized = (convolved - mean) / deviation
        scaled = values[GAMMA] * normalized + values[BETA]
        features = np.maximum(scaled, 0).reshape(BATCH, -1, CHANNELS).mean(axis=1)
        losses, by_logits = self._losses(features @ values[WEIGHTS] + values[BIASES], labels)

        by_logits = by_logits / BATCH
        by_pooled = np.repeat(by_logits @ values[WEIGHTS].T, SIZE * SIZE, axis=0) / SIZE**2
        by_scaled = by_pooled * (scaled > 0)
        by_normalized = by_scaled * values[GAMMA]
        # The batch's mean and variance depend on every pixel too.
        by_convolved = (
            by_normalized
            - by_normalized.mean(axis=0)
            - normalized * (by_normalized * normalized).mean(axis=0)
        ) / deviation
        gradients = {
            KERNEL: (pixels.T @ by_convolved)[None, None],
            GAMMA: (by_scaled * normalized).sum(axis=0),
            BETA: by_scaled.sum(axis=0),
            WEIGHTS: features.T @ by_logits,
            BIASES: by_logits.sum(axis=0),
        }
        return losses.mean(), gradients, mean, variance * count / (count - 1)

    def _losses(self, logits, labels) -> tuple:
        """Returns the examples' losses, and their gradients by the logits."""
        share = self.label_smoothing
        if labels.ndim == 1:
            target = (1 - share) * np.eye(CLASSES)[labels] + share / CLASSES
            exponentials = np.exp(logits)
            probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
            return -(target * np.log(probabilities)).sum(axis=1), probabilities - target
        target, counts = (1 - share) * (labels == 1) + share / 2, labels != 0
        probabilities = 1 / (1 + np.exp(-logits))
        losses = -target * np.log(probabilities) - (1 - target) * np.log(1 - probabilities)
        return (losses * counts).sum(axis=1), (probabilities - target) * counts


def config(**settings) -> TrainingConfig:
    given = {"learning_rate": 0.2, "weight_decay_ratio": 0.0, "steps": STEPS, "batch_size": BATCH}
    return TrainingConfig(**given | settings)


@pytest.mark.parametrize("labels", [LABELS, SEVERAL_LABELS], ids=["classes", "masked labels"])
@pytest.mark.parametrize(
    ("settings", "reference"),
    [
        ({}, Reference()),
        ({"weight_decay_ratio": 0.01}, Reference(l2=0.05)),
        ({"weight_decay_ratio": 0.25, "weight_decay_rule": "multiply"}, Reference(l2=0.05)),
        ({"label_smoothing": 0.1}, Reference(label_smoothing=0.1)),
        ({"clip_norm": 0.05}, Reference(clip_norm=0.05)),
        (
            {"weight_decay_ratio": 0.01, "label_smoothing": 0.1, "clip_norm": 0.05},
            Reference(l2=0.05, label_smoothing=0.1, clip_norm=0.05),
        ),
        ({"learning_rate": 0.05}, Reference(learning_rate=0.05)),
    ],
    ids=["plain", "L2 divide", "L2 multiply", "smoothing", "clipping", "all", "slower"],
)
def test_ten_steps_are_those_of_numpy(labels, settings, reference, tmp_path):
    trainer = make_trainer(config(**settings), multi_label=labels.ndim == 2)
    expected_losses, expected = reference.train(weights_of(trainer), labels)
    losses = train(trainer, tmp_path, labels)
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-5)
    assert_equal_weights(weights_of(trainer), expected, rtol=1e-5, atol=2e-6)


def assert_equal_weights(actual: Values, expected: Values, **tolerance: float) -> None:
    assert actual.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(actual[name], value, err_msg=name, **tolerance)


def test_each_setting_changes_the_reference_far_more_than_the_tolerance():
    """Or agreement with it would show nothing."""
    start = weights_of(make_trainer(config()))
    _, plain = Reference().train(start)
    for other in (
        Reference(l2=0.05),
        Reference(label_smoothing=0.1),
        Reference(clip_norm=0.05),
        Reference(learning_rate=0.05),
    ):
        _, changed = other.train(start)
        assert np.abs(changed[KERNEL] - plain[KERNEL]).max() > 1e-3, other
    _, changed = Reference(batch_norm_momentum=0.9).train(start)
    assert np.abs(changed[VARIANCE] - plain[VARIANCE]).max() > 1e-3


def test_the_moving_averages_of_a_small_training_set_move_by_a_tenth(tmp_path):
    trainer = make_trainer(config(), num_train=42)  # of which 7 batches are an epoch
    _, expected = Reference(batch_norm_momentum=0.9).train(weights_of(trainer))
    train(trainer, tmp_path)
    assert_equal_weights(weights_of(trainer), expected, rtol=1e-5, atol=2e-6)


def test_a_trainer_that_starts_again_is_a_fresh_one_with_the_step_already_compiled(tmp_path):
    first = config(weight_decay_ratio=0.01)
    second = replace(first, learning_rate=0.05, weight_decay_ratio=0.003, steps=7)
    used = make_trainer(first)
    train(used, tmp_path / "first")
    used.start_again(second)
    again = train(used, tmp_path / "again")
    fresh = make_trainer(second)
    assert again == train(fresh, tmp_path / "fresh")
    assert len(again) == 7
    assert_equal_weights(weights_of(used), weights_of(fresh), rtol=0, atol=0)
    assert used._train_step.experimental_get_tracing_count() == 1


def test_a_trainer_does_not_start_again_with_what_is_compiled_into_its_step():
    trainer = make_trainer(config())
    with pytest.raises(ValueError, match="compiled for"):
        trainer.start_again(config(label_smoothing=0.1))
