"""A logit axis has readable ticks in percent, whatever part of the scale it shows."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from repro.figures import logit_axis, style
from repro.statistics import inverse_logit, logit


def ticks(low: float, high: float) -> np.ndarray:
    return logit_axis.PercentLocator().tick_values(low, high)


def labels(low: float, high: float) -> list[str]:
    return [logit_axis.percent(tick) for tick in ticks(low, high)]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.35, 0.985, ["50", "80", "90", "95", "98"]),
        (0.55, 0.93, ["60", "70", "80", "90"]),
        (0.8, 0.92, ["80", "85", "90"]),
        (0.008, 0.992, ["1", "10", "50", "90", "99"]),
    ],
)
def test_ticks_are_those_that_a_reader_expects(low, high, expected):
    assert labels(low, high) == expected


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_two_ticks_or_more_are_in_view_and_never_crowded(first, second):
    low, high = sorted([first, second])
    assume(high - low > 0.02)
    found = logit(ticks(*inverse_logit([low, high])))
    assert ((found >= low - 1e-9) & (found <= high + 1e-9)).all()
    assert len(found) >= 2
    assert np.diff(found).min() >= (high - low) / 20 - 1e-9


@given(st.floats(0, 1), st.floats(0, 1))
def test_no_view_is_an_error(first, second):
    found = ticks(*sorted([first, second]))
    assert ((found > 0) & (found < 1)).all()


@given(st.lists(st.floats(0.001, 0.999), min_size=1, max_size=20))
def test_limits_hold_all_values_inside_the_scale(values):
    low, high = logit_axis.limits(values)
    assert 0 < low < min(values) and max(values) < high < 1


def test_limits_leave_out_what_has_no_logit():
    assert logit_axis.limits([0.5, np.nan, 1.0, 0.7]) == logit_axis.limits([0.5, 0.7])
    assert logit_axis.limits([np.nan]) == (0.1, 0.9)


def test_labels_are_percentages_with_no_more_digits_than_needed():
    assert [logit_axis.percent(p) for p in (0.5, 0.995, 0.07, 1 - 1e-4)] == [
        "50",
        "99.5",
        "7",
        "99.99",
    ]


def test_an_axis_in_use_is_logit_scaled_and_labels_its_ticks():
    axis = style.new_figure(3, 2).subplots()
    logit_axis.use(axis.xaxis)
    logit_axis.use(axis.yaxis)
    axis.set_ylim(0.35, 0.985)
    axis.figure.draw_without_rendering()
    assert (axis.get_xscale(), axis.get_yscale()) == ("logit", "logit")
    assert [text.get_text() for text in axis.get_yticklabels()] == ["50", "80", "90", "95", "98"]


def test_a_small_axis_has_fewer_ticks_than_a_large_one():
    counts = []
    for size in (0.6, 4):
        axis = style.new_figure(size, size).subplots()
        logit_axis.use(axis.yaxis)
        axis.set_ylim(0.7, 0.9)
        axis.figure.draw_without_rendering()
        counts.append(len(axis.get_yticks()))
    assert counts[0] < counts[1]
