import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.statistics import inverse_logit, logit, logit_of_counts

FRACTIONS = st.floats(1e-6, 1 - 1e-6)


@given(p=FRACTIONS)
def test_the_logit_of_an_error_rate_is_that_of_the_accuracy_with_its_sign_changed(p):
    assert logit(1 - p) == pytest.approx(-logit(p), abs=1e-9)


@given(p=FRACTIONS)
def test_the_inverse_gives_the_fraction_back(p):
    assert inverse_logit(logit(p)) == pytest.approx(p, rel=1e-12)


@given(correct=st.integers(1, 500), incorrect=st.integers(1, 500), change=st.floats(-3, 3))
def test_adding_to_a_logit_multiplies_the_odds(correct, incorrect, change):
    p = inverse_logit(logit(correct / (correct + incorrect)) + change)
    assert p / (1 - p) == pytest.approx(correct / incorrect * np.exp(change), rel=1e-9)


def test_a_missing_cell_stays_missing():
    assert np.isnan(logit([0.5, np.nan])).tolist() == [False, True]
    assert np.isnan(inverse_logit([0.0, np.nan])).tolist() == [False, True]


@pytest.mark.parametrize("value", [0, 1])
def test_an_infinite_logit_is_refused_with_the_way_out(value):
    with pytest.raises(ValueError, match=r"1 of 2 accuracies are exactly 0 or 1.*logit_of_counts"):
        logit([0.5, value])


@pytest.mark.parametrize("value", [92.2, -0.1])
def test_percentages_are_refused(value):
    with pytest.raises(ValueError, match=r"fractions in \[0, 1\], not percentages; they span"):
        logit([value, np.nan])


@given(total=st.integers(2, 300), data=st.data())
def test_counts_give_the_plain_logit_unless_all_or_none_are_correct(total, data):
    correct = data.draw(st.integers(1, total - 1))
    assert logit_of_counts(correct, total) == pytest.approx(logit(correct / total), abs=1e-12)


@given(total=st.integers(1, 300))
def test_all_or_none_correct_gets_half_an_example_on_each_side(total):
    half = 0.5 / (total + 1)
    none, everything = logit_of_counts([0, total], total)
    assert none == pytest.approx(logit(half), abs=1e-12)
    assert everything == -none


@given(total=st.integers(1, 60))
def test_more_correct_answers_always_give_a_larger_logit(total):
    assert (np.diff(logit_of_counts(np.arange(total + 1), total)) > 0).all()


@pytest.mark.parametrize(
    ("correct", "total", "message"),
    [(3, 2, "0 <= correct <= total"), (0, 0, "at least 1"), (0.5, 2, "must be integers")],
)
def test_impossible_counts_are_refused(correct, total, message):
    with pytest.raises(ValueError, match=message):
        logit_of_counts(correct, total)
