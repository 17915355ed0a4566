"""A training run learns, distributes, can be stopped anywhere, and goes on to the same end."""

import itertools
import os
import signal

import keras
import numpy as np
import pytest
import tensorflow as tf

import repro.networks.mobilenet_v1 as mobilenet_v1
from repro import UserError, networks
from repro.training import InterruptedRunError, Trainer, TrainingConfig, fit, history
from tests.training.batches import every_image, in_turn

SIZE, CLASSES, EXAMPLES = 32, 3, 24
LABELS = np.arange(EXAMPLES) % CLASSES
IMAGES = np.random.default_rng(1).normal(size=(EXAMPLES, SIZE, SIZE, 3)).astype(np.float32) / 5
IMAGES[np.arange(EXAMPLES), :, :, LABELS] += 0.5  # the class is the brightest channel


def make_trainer(strategy=None, *, steps=12, learning_rate=0.05, dropout_seed=7) -> Trainer:
    strategy = strategy or tf.distribute.get_strategy()
    keras.utils.set_random_seed(dropout_seed)
    with strategy.scope():
        model = networks.create(
            "mobilenet_v1_0.25", CLASSES, (SIZE, SIZE, 3), batch_norm_momentum=0.9
        )
    config = TrainingConfig(learning_rate, 1e-5, steps=steps, batch_size=8)
    return Trainer(model, config, strategy)


make_batches = in_turn(IMAGES, LABELS, batch_size=8)


def weights_of(trainer: Trainer) -> dict[str, np.ndarray]:
    return {name: np.asarray(v.value) for name, v in networks.variables(trainer.model).items()}


def train(trainer: Trainer, folder, batches=make_batches):
    return fit(trainer, batches, folder, show_progress=False)


def test_it_learns_an_easy_task(tmp_path):
    trainer = make_trainer(steps=100)
    rows = train(trainer, tmp_path)
    logits = trainer.predict(every_image(IMAGES, 7), EXAMPLES)
    assert (logits.argmax(axis=1) == LABELS).mean() > 0.9
    assert rows[-1].loss < 0.5 * rows[0].loss
    assert [row.step for row in rows] == list(range(1, 101))
    assert history.read(tmp_path / "history.csv", 100) == rows


def test_a_run_stopped_by_a_signal_goes_on_to_the_same_end(tmp_path, monkeypatch):
    whole = make_trainer()
    train(whole, tmp_path / "whole")

    first = make_trainer()
    train_step, calls = first.train_step, itertools.count(1)

    def stopped_in_the_sixth(images, labels):
        if next(calls) == 6:
            os.kill(os.getpid(), signal.SIGTERM)
        return train_step(images, labels)

    monkeypatch.setattr(first, "train_step", stopped_in_the_sixth)
    with pytest.raises(InterruptedRunError) as stop:
        train(first, tmp_path / "parts")
    assert stop.value.step == 6

    second = make_trainer(dropout_seed=99)  # its own start must not matter
    rows = train(second, tmp_path / "parts")
    assert [row.step for row in rows] == list(range(1, 13))
    for name, value in weights_of(whole).items():
        np.testing.assert_array_equal(weights_of(second)[name], value, err_msg=name)


def test_an_unreadable_newest_checkpoint_is_passed_over_for_the_one_before(tmp_path):
    fit(
        make_trainer(steps=4),
        make_batches,
        tmp_path,
        minutes_between_checkpoints=0,
        show_progress=False,
    )
    newest = tf.train.latest_checkpoint(tmp_path / "checkpoints")
    with open(f"{newest}.data-00000-of-00001", "r+b") as file:  # noqa: PTH123
        file.truncate(1000)
    assert newest.endswith("-4")
    again = make_trainer(steps=4)
    rows = train(again, tmp_path)
    assert again.steps_done == 4
    assert [row.step for row in rows] == [1, 2, 3, 4]


def test_a_diverging_run_says_so(tmp_path):
    with pytest.raises(UserError, match=r"diverged.*--learning_rate"):
        train(make_trainer(learning_rate=1e38), tmp_path)


def test_two_replicas_take_the_same_step_as_one(tmp_path, two_replicas, monkeypatch):
    """With the same images on both, the batch statistics agree, and so must the gradients."""
    monkeypatch.setattr(mobilenet_v1, "DROPOUT_KEEP", 1.0)  # the images on both must stay the same
    twice = np.concatenate([IMAGES[:4]] * 2), np.concatenate([LABELS[:4]] * 2)
    changes = []
    for strategy in (None, two_replicas):
        trainer = make_trainer(strategy, steps=1, learning_rate=1e-4)
        before = weights_of(trainer)
        train(trainer, tmp_path, in_turn(*twice, batch_size=8))
        (tmp_path / "checkpoints").rename(tmp_path / f"checkpoints of {strategy}")
        after = weights_of(trainer)
        changes.append({name: after[name] - before[name] for name in after})
    for name, change in changes[0].items():
        if "moving_variance" not in name:  # unbiased by the number of images on one replica
            tolerance = 0.01 * np.abs(change).max() + 3e-7  # and float32 around 1
            np.testing.assert_allclose(changes[1][name], change, atol=tolerance, err_msg=name)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("learning_rate", 0.0),
        ("weight_decay_ratio", -1.0),
        ("steps", 0),
        ("batch_size", 0),
        ("label_smoothing", 1.0),
        ("clip_norm", 0.0),
        ("weight_decay_rule", "add"),
    ],
)
def test_settings_out_of_range_name_their_flag(field, value):
    settings = {"learning_rate": 0.1, "weight_decay_ratio": 0.0} | {field: value}
    with pytest.raises(UserError, match=f"--{field}="):
        TrainingConfig(**settings)
