"""How a batch is divided, among replicas or into parts, changes nothing but batch normalization."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from repro import UserError, datasets
from repro.training import Trainer, get_strategy
from tests.training.batches import in_turn
from tests.training.small import (
    BATCH,
    BATCH_NORM,
    CLASSES,
    IMAGES,
    LABELS,
    SIZE,
    assert_same_weights,
    losses_of,
    make_trainer,
    train,
    weights_of,
)

ROUNDING = {"rtol": 1e-4, "atol": 1e-5}
HALVES = slice(0, BATCH // 2), slice(BATCH // 2, BATCH)


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> tuple[list[float], Trainer]:
    """The losses, and the end, of a run on one device, dropout and no batch normalization in it."""
    trainer = make_trainer()
    return losses_of(train(trainer, tmp_path_factory.mktemp("alone"))), trainer


def test_the_run_that_the_others_are_measured_by_has_something_to_get_wrong(alone, tmp_path):
    losses, _ = alone
    assert losses[-1] < 0.8 * losses[0]
    other = losses_of(train(make_trainer(start=8), tmp_path / "other"))
    without_dropout = losses_of(train(make_trainer(keep=1.0), tmp_path / "without"))
    assert np.abs(np.subtract(losses, other)).max() > 0.01
    assert np.abs(np.subtract(losses, without_dropout)).max() > 0.01


@pytest.mark.parametrize("microbatch", [None, 2])
def test_two_replicas_take_the_twenty_steps_of_one_device(
    alone, tmp_path, two_replicas, microbatch
):
    losses, trainer = alone
    shared = make_trainer(two_replicas, microbatch=microbatch)
    np.testing.assert_allclose(losses_of(train(shared, tmp_path)), losses, rtol=0, atol=1e-5)
    assert_same_weights(shared, trainer, **ROUNDING)


@pytest.mark.parametrize("microbatch", [1, 4])
def test_gradient_accumulation_takes_the_steps_of_the_whole_batch(alone, tmp_path, microbatch):
    losses, trainer = alone
    parted = make_trainer(microbatch=microbatch)
    np.testing.assert_allclose(losses_of(train(parted, tmp_path)), losses, rtol=0, atol=1e-5)
    assert_same_weights(parted, trainer, **ROUNDING)


# With batch normalization each replica, and each part of accumulation, is normalized by the mean
# and the variance of its own examples.


@pytest.fixture(scope="module")
def halves(tmp_path_factory) -> list[tuple[float, dict]]:
    """Losses and ends of two runs of a step, each with one half of the batch alone."""
    return [
        one_step(
            tmp_path_factory.mktemp("half"),
            normalizing_trainer(batch_size=BATCH // 2),
            in_turn(IMAGES[half], LABELS[half], BATCH // 2),
        )
        for half in HALVES
    ]


def normalizing_trainer(strategy=None, **settings) -> Trainer:
    """The first step has no momentum yet; without L2 its changes are linear in the gradient."""
    given = {"steps": 1, "weight_decay_ratio": 0.0} | settings
    return make_trainer(strategy, batch_norm=True, keep=1, **given)


def one_step(folder, trainer, *batches) -> tuple[float, dict]:
    (row,) = train(trainer, folder, *batches)
    return row.loss, weights_of(trainer)


def test_a_step_of_two_replicas_is_the_mean_of_what_each_would_do_alone(
    tmp_path, two_replicas, halves
):
    assert_is_mean_of(halves, *one_step(tmp_path, normalizing_trainer(two_replicas)))


def test_a_step_in_two_parts_is_the_mean_of_what_each_would_do_alone(tmp_path, halves):
    assert_is_mean_of(halves, *one_step(tmp_path, normalizing_trainer(microbatch=BATCH // 2)))


def assert_is_mean_of(halves, loss, end) -> None:
    assert loss == pytest.approx(np.mean([each for each, _ in halves]), abs=1e-6)
    for name, value in end.items():
        if "moving" not in name:
            expected = np.mean([values[name] for _, values in halves], axis=0)
            np.testing.assert_allclose(value, expected, atol=2e-6, err_msg=name)


def test_a_step_of_the_whole_batch_is_another_one(tmp_path, halves):
    """Or the tests above would show nothing of batch normalization."""
    loss, end = one_step(tmp_path, normalizing_trainer())
    assert abs(loss - np.mean([each for each, _ in halves])) > 1e-3
    kernel = np.mean([values["Conv_1/weights"] for _, values in halves], axis=0)
    assert np.abs(end["Conv_1/weights"] - kernel).max() > 1e-3


def test_the_moving_averages_of_two_replicas_are_averaged(tmp_path, two_replicas):
    start = weights_of(normalizing_trainer())
    _, end = one_step(tmp_path, normalizing_trainer(two_replicas))
    kept = BATCH_NORM.momentum
    for name, (first, second) in statistics_of_halves(start).items():
        moved = [kept * start[name] + (1 - kept) * each for each in (first, second)]
        np.testing.assert_allclose(end[name], np.mean(moved, axis=0), **ROUNDING, err_msg=name)


def test_the_moving_averages_move_after_each_part(tmp_path):
    start = weights_of(normalizing_trainer())
    _, end = one_step(tmp_path, normalizing_trainer(microbatch=BATCH // 2))
    kept = BATCH_NORM.momentum
    for name, (first, second) in statistics_of_halves(start).items():
        moved = kept * (kept * start[name] + (1 - kept) * first) + (1 - kept) * second
        np.testing.assert_allclose(end[name], moved, **ROUNDING, err_msg=name)


def statistics_of_halves(start) -> dict[str, list]:
    """The means, and the unbiased variances, of both halves behind the first convolution."""
    convolved = tf.nn.conv2d(IMAGES[:BATCH], start["Conv_1/weights"], 1, "SAME").numpy()
    pixels = [convolved[half].reshape(-1, convolved.shape[-1]) for half in HALVES]
    return {
        "Conv_1/BatchNorm/moving_mean": [each.mean(axis=0) for each in pixels],
        "Conv_1/BatchNorm/moving_variance": [each.var(axis=0, ddof=1) for each in pixels],
    }


@pytest.mark.parametrize("microbatch", [None, 4])
def test_xla_gives_the_same_losses(tmp_path, microbatch):
    """But for dropout, which XLA draws with another generator."""
    settings = {"batch_norm": True, "keep": 1, "microbatch": microbatch}
    plain, compiled = (
        losses_of(train(make_trainer(jit_compile=jit, **settings), tmp_path / str(jit)))
        for jit in (False, True)
    )
    np.testing.assert_allclose(compiled, plain, rtol=1e-4)
    assert plain[-1] < 0.8 * plain[0]


def test_what_xla_draws_for_dropout_does_not_depend_on_the_division_either(tmp_path):
    whole, parted, without = (
        losses_of(train(make_trainer(jit_compile=True, **settings), tmp_path / str(settings)))
        for settings in ({}, {"microbatch": 4}, {"keep": 1})
    )
    np.testing.assert_allclose(parted, whole, rtol=0, atol=1e-5)
    assert np.abs(np.subtract(without, whole)).max() > 0.01


def test_xla_is_refused_under_two_replicas(two_replicas):
    with pytest.raises(UserError, match=r"--jit_compile .* one device, and 2 replicas"):
        make_trainer(two_replicas, jit_compile=True)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"batch_size": 7}, "batch of 7 cannot be parted evenly among 2 replicas"),
        ({"microbatch": 3}, "--microbatch=3 does not divide the 4 examples"),
        ({"microbatch": 8}, "--microbatch=8 does not divide the 4 examples"),
    ],
)
def test_a_batch_that_cannot_be_divided_is_refused(two_replicas, settings, words):
    with pytest.raises(UserError, match=words):
        make_trainer(two_replicas, **settings)


@pytest.fixture
def bfloat16():
    """Layers that are made in it compute in bfloat16."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy(before)


@pytest.mark.usefixtures("bfloat16")
@pytest.mark.parametrize("microbatch", [None, 4])
def test_bfloat16_trains_float32_weights(alone, tmp_path, microbatch):
    trainer = make_trainer(mixed_precision="bfloat16", microbatch=microbatch)
    losses = losses_of(train(trainer, tmp_path))
    assert {value.dtype for value in weights_of(trainer).values()} == {np.dtype(np.float32)}
    assert {each.dtype for each in trainer.optimizer.accumulators} == {tf.float32}
    exact, _ = alone
    assert losses != exact  # or it would not have been bfloat16
    np.testing.assert_allclose(losses, exact, atol=0.03)
    assert trainer.predict(_two_images, 2).dtype == np.float32


def _two_images(share: datasets.Share) -> tf.data.Dataset:
    assert share.total == 1
    return tf.data.Dataset.from_tensors((np.arange(2), IMAGES[:2]))


@pytest.mark.parametrize("num_examples", [1, 12, 13])
@pytest.mark.parametrize("batch_size", [1, 5, 8])
def test_two_replicas_test_exactly_the_examples_of_the_test_set(
    two_replicas, num_examples, batch_size
):
    """The logits of each, in its row; a padded or repeated one would not go unnoticed."""
    pixels = np.random.default_rng(2).integers(256, size=(num_examples, SIZE, SIZE, 3), dtype="u1")
    examples = datasets.Examples(
        spec=datasets.spec("digits"),
        split="test",
        ids=np.array([f"image_{index:02d}" for index in range(num_examples)]),
        labels=np.zeros(num_examples, np.int64),
        images=[tf.io.encode_png(image).numpy() for image in pixels],
        class_names=("a",),
    )
    trainer = make_trainer(two_replicas)

    def batches(share):
        return datasets.evaluation_batches(examples, as_float, batch_size, share=share)

    logits = trainer.predict(batches, num_examples)
    alone = trainer.model(as_float(pixels))
    assert logits.shape == (num_examples, CLASSES)
    np.testing.assert_allclose(logits, alone, rtol=1e-5, atol=1e-6)
    assert len(np.unique(logits, axis=0)) == num_examples


def as_float(image) -> tf.Tensor:
    return tf.cast(image, tf.float32) / 128 - 1


def test_the_address_of_a_tpu_reaches_its_resolver(monkeypatch):
    """A stand-in for the machine; that a TPU trains was not seen."""
    calls = []

    class Resolver:
        def __init__(self, tpu):
            calls.append(("resolver", tpu))

    def strategy(resolver, **_):
        calls.append(("strategy", type(resolver)))
        return tf.distribute.get_strategy()

    monkeypatch.setattr(tf.distribute.cluster_resolver, "TPUClusterResolver", Resolver)
    monkeypatch.setattr(
        tf.config, "experimental_connect_to_cluster", lambda each: calls.append(("connect", each))
    )
    monkeypatch.setattr(
        tf.tpu.experimental, "initialize_tpu_system", lambda each: calls.append(("start", each))
    )
    monkeypatch.setattr(tf.distribute, "TPUStrategy", strategy)
    get_strategy("tpu", "grpc://10.0.0.2:8470")
    assert calls[0] == ("resolver", "grpc://10.0.0.2:8470")
    assert [name for name, _ in calls] == ["resolver", "connect", "start", "strategy"]


def test_a_machine_without_a_tpu_says_so_in_one_sentence():
    with pytest.raises(UserError) as refused:
        get_strategy("tpu")
    assert str(refused.value).startswith("--strategy=tpu ")
    assert len(str(refused.value).splitlines()) == 1
