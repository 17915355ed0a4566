"""The schedules are the paper's."""

import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from repro.training import batch_norm_momentum
from repro.training.schedule import cosine_learning_rate, l2_coefficient


@given(st.integers(1, 40_000), st.floats(1e-5, 1))
@settings(deadline=None, max_examples=30)
def test_the_learning_rate_is_a_half_cosine_from_its_initial_value(num_steps, initial):
    steps = np.unique(np.linspace(0, num_steps - 1, 7).astype(int))
    for step in steps:
        expected = 0.5 * initial * (1 + math.cos(math.pi * step / num_steps))
        rate = cosine_learning_rate(initial, tf.constant(step), num_steps)
        assert float(rate) == pytest.approx(expected, abs=1e-6 * initial)


def test_there_is_no_warm_up_and_the_last_step_still_learns():
    assert float(cosine_learning_rate(0.1, tf.constant(0), 100)) == pytest.approx(0.1)
    assert float(cosine_learning_rate(0.1, tf.constant(99), 100)) > 0


@pytest.mark.parametrize(
    ("num_train", "momentum"),
    [(75_750, 1 - 10 / (75_750 / 256)), (2_040, 0.9), (25_600, 0.9), (50_000, 1 - 2560 / 50_000)],
)
def test_batch_norm_momentum_follows_the_steps_of_an_epoch(num_train, momentum):
    assert batch_norm_momentum(num_train, 256) == pytest.approx(momentum)


def test_l2_is_the_ratio_divided_by_the_learning_rate():
    assert l2_coefficient(1e-4, 0.01) == pytest.approx(1e-2)
    assert l2_coefficient(1e-4, 0.01, "multiply") == pytest.approx(1e-6)
    with pytest.raises(ValueError, match="divide or multiply"):
        l2_coefficient(1e-4, 0.01, "add")
