"""Dropout and drop-path are functions of (seed, step, place in the global batch)."""

import keras
import numpy as np
import pytest

from repro.networks.draws import Dropout, rows_of_step
from repro.networks.drop_path import DropPathDraw

ONES = np.ones((8, 50), np.float32)


def dropped(layer: Dropout, step: int, first: int, count: int, total: int = 8) -> np.ndarray:
    with rows_of_step(step, first, total):
        return np.asarray(layer(ONES[:count], training=True))


def test_kept_values_are_enlarged_and_the_share_of_them_is_as_asked():
    outputs = np.asarray(Dropout(0.8, seed=1)(np.ones((400, 100), np.float32), training=True))
    assert set(np.unique(outputs)) == {0, np.float32(1.25)}
    assert (outputs > 0).mean() == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize("parts", [[8], [4, 4], [2, 2, 2, 2], [1, 7]])
def test_a_batch_in_parts_drops_what_the_whole_batch_drops(parts):
    layer = Dropout(0.5, seed=3)
    whole = dropped(layer, 5, 0, 8)
    starts = np.cumsum([0, *parts[:-1]])
    pieces = [dropped(layer, 5, first, n) for first, n in zip(starts, parts, strict=True)]
    np.testing.assert_array_equal(np.concatenate(pieces), whole)


def test_a_batch_in_parts_keeps_the_paths_that_the_whole_batch_keeps():
    draw = DropPathDraw(6, 3, 0.5, ramp_steps=10, seed=1)
    images = np.zeros((8, 1, 1, 3), np.float32)
    with rows_of_step(9, 0, 8):
        whole = np.asarray(draw(images, training=True))
    with rows_of_step(9, 5, 8):
        part = np.asarray(draw(images[5:], training=True))
    np.testing.assert_array_equal(part, whole[5:])
    assert (whole == 0).any()
    assert int(draw.step) == 0  # the scope's step, not a count of calls


def test_steps_and_examples_differ_and_a_step_repeats():
    layer = Dropout(0.5, seed=3)
    first, second = dropped(layer, 1, 0, 8), dropped(layer, 2, 0, 8)
    assert (first != second).any()
    assert len({row.tobytes() for row in first}) == 8
    np.testing.assert_array_equal(dropped(layer, 1, 0, 8), first)


def test_two_layers_of_a_network_draw_apart():
    keras.utils.set_random_seed(0)
    layers = [Dropout(0.5), Dropout(0.5)]
    one, other = (dropped(layer, 1, 0, 8) for layer in layers)
    assert (one != other).any()


def test_outside_of_a_step_each_call_counts_as_one():
    layer = Dropout(0.5, seed=3)
    first, second = (np.asarray(layer(ONES, training=True)) for _ in range(2))
    assert (first != second).any()
    np.testing.assert_array_equal(dropped(layer, 0, 0, 8), first)


@pytest.mark.parametrize("training", [False, None])
def test_outside_of_training_nothing_is_dropped(training):
    np.testing.assert_array_equal(Dropout(0.5)(ONES, training=training), ONES)
    np.testing.assert_array_equal(Dropout(1.0)(ONES, training=True), ONES)


@pytest.mark.parametrize("keep", [0.0, -0.1, 1.1])
def test_a_probability_out_of_range_is_refused(keep):
    with pytest.raises(ValueError, match=str(keep)):
        Dropout(keep)
