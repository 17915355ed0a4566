"""Drop-path follows NASNet's schedule, and its step goes where a run's state goes."""

import keras
import numpy as np
import pytest

from repro.networks.drop_path import DropPath, DropPathDraw

CELLS, PATHS, FINAL_KEEP = 22, 10, 0.7  # of nasnet_large
IMAGES = np.zeros((64, 1, 1, 3), np.float32)


def draw_at(step: int) -> DropPathDraw:
    draw = DropPathDraw(CELLS, PATHS, FINAL_KEEP, seed=1)
    draw.seed_generator.state.assign([1, step])
    return draw


@pytest.mark.parametrize(
    ("step", "cell", "keep"),
    [
        (0, 0, 1.0),
        (0, 21, 1.0),
        (125_000, 0, 1 - 0.15 / 22),
        (125_000, 10, 0.925),
        (125_000, 21, 0.85),
        (250_000, 0, 1 - 0.3 / 22),
        (250_000, 10, 0.85),
        (250_000, 21, 0.7),
        (10_000_000, 21, 0.7),
    ],
)
def test_more_is_dropped_later_and_deeper(step, cell, keep):
    assert float(draw_at(step).keep_probabilities()[cell]) == pytest.approx(keep, abs=1e-6)


def test_nothing_is_dropped_in_the_first_step():
    np.testing.assert_array_equal(draw_at(0)(IMAGES, training=True), np.ones((64, CELLS, PATHS)))


def test_a_cell_keeps_its_share_of_paths_and_enlarges_them():
    draw = draw_at(250_000)
    keep = np.asarray(draw.keep_probabilities())[:, None]
    factors = np.concatenate([draw(IMAGES, training=True) for _ in range(4)])
    kept = factors > 0
    np.testing.assert_allclose(factors, kept / keep, rtol=1e-6)
    np.testing.assert_allclose(kept.mean((0, 2)), keep[:, 0], atol=0.04)  # 2,560 draws a cell
    assert len({row.tobytes() for row in kept}) == len(kept)  # every example has its own draw


@pytest.mark.parametrize("training", [False, None])
def test_outside_training_nothing_is_dropped_or_counted(training):
    draw = draw_at(250_000)
    factors = draw(IMAGES, training=training)
    np.testing.assert_array_equal(factors, np.ones((64, CELLS, PATHS)))
    assert int(draw.step) == 250_000
    x = np.ones((64, 2, 2, 5), np.float32)
    np.testing.assert_array_equal(DropPath(3, 4)(x, factors * 0, training=training), x)


def test_a_path_is_dropped_whole_for_one_example_and_not_for_another():
    factors = np.ones((2, CELLS, PATHS), np.float32)
    factors[0, 3, 4], factors[1, 3, 4] = 0, 1.25
    x = np.ones((2, 2, 3, 5), np.float32)
    dropped = DropPath(3, 4)(x, factors, training=True)
    np.testing.assert_array_equal(dropped, x * np.reshape([0, 1.25], (2, 1, 1, 1)))
    np.testing.assert_array_equal(DropPath(3, 5)(x, factors, training=True), x)


def test_each_training_call_counts_one_step():
    draw = draw_at(0)
    for _ in range(3):
        draw(IMAGES, training=True)
    assert int(draw.step) == 3


def test_the_step_is_state_but_no_parameter():
    images = keras.Input((1, 1, 3))
    model = keras.Model(images, DropPathDraw(CELLS, PATHS, FINAL_KEEP)(images))
    model(IMAGES, training=True)
    assert [int(variable.numpy()[1]) for variable in model.variables] == [1]
    assert model.count_params() == 0


def test_the_same_random_state_draws_the_same():
    first, second = (draw_at(250_000)(IMAGES, training=True) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_the_layers_can_be_serialized():
    for layer in (DropPathDraw(CELLS, PATHS, FINAL_KEEP, 1000, 5), DropPath(3, 4)):
        config = layer.get_config()
        assert keras.layers.deserialize(keras.layers.serialize(layer)).get_config() == config


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tf.distribute is TensorFlow's")
def test_every_replica_counts_and_a_checkpoint_brings_the_step_back(two_replicas, tmp_path):
    import tensorflow as tf

    with two_replicas.scope():
        draw = draw_at(250_000)

    @tf.function
    def step():
        return two_replicas.run(lambda: draw(IMAGES, training=True))

    checkpoint = tf.train.Checkpoint(random_states=[v.value for v in draw.variables])
    step()
    path = checkpoint.save(tmp_path / "drop_path")
    then = two_replicas.experimental_local_results(step())
    assert int(draw.step) == 250_002
    checkpoint.restore(path)
    assert int(draw.step) == 250_001
    again = two_replicas.experimental_local_results(step())
    for a, b in zip(then, again, strict=True):
        np.testing.assert_array_equal(a, b)
