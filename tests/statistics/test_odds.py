import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from repro.statistics import inverse_logit, odds_ratio, paired_logit_t_test

PAIRS = st.lists(
    st.tuples(st.floats(0.01, 0.99), st.floats(0.01, 0.99)), min_size=1, max_size=20
).map(lambda pairs: np.array(pairs).T)


@given(odds=st.floats(0.05, 20), ratio=st.floats(0.1, 10))
def test_one_pair_has_the_ratio_of_its_odds(odds, ratio):
    a, b = ratio * odds / (1 + ratio * odds), odds / (1 + odds)
    assert odds_ratio([a], [b]) == pytest.approx(ratio)


@given(pairs=PAIRS)
def test_exchanging_the_sides_inverts_it_and_so_does_counting_errors(pairs):
    a, b = pairs
    assert odds_ratio(b, a) == pytest.approx(1 / odds_ratio(a, b))
    assert odds_ratio(1 - a, 1 - b) == pytest.approx(1 / odds_ratio(a, b))


def test_it_is_the_geometric_mean_over_the_pairs_that_are_complete():
    a, b = [2 / 3, 8 / 9, 0.5, np.nan], [0.5, 0.5, np.nan, 0.5]  # odds 2, 8 over 1
    assert odds_ratio(a, b) == pytest.approx(4)


def test_the_t_test_is_the_textbooks_on_the_logits():
    x = np.array([0.3, -0.1, 0.4, 0.2, 0.6])
    base = np.array([1.0, -2.0, 0.0, 3.0, 0.5])
    test = paired_logit_t_test(inverse_logit(base + x), inverse_logit(base))
    error = x.std(ddof=1) / np.sqrt(5)
    assert test.t == pytest.approx(x.mean() / error)
    assert test.degrees_of_freedom == 4
    assert test.p_value == pytest.approx(2 * stats.t.sf(x.mean() / error, 4))
    assert test.odds_ratio == pytest.approx(np.exp(x.mean()))
    t_of_4 = 2.7764451  # 97.5%, from a table
    assert [test.low, test.high] == pytest.approx(
        np.exp(x.mean() + np.array([-1, 1]) * t_of_4 * error)
    )


def test_exchanging_the_sides_turns_the_t_test_round():
    rng = np.random.default_rng(0)
    a, b = rng.uniform(0.1, 0.9, size=(2, 30))
    there, back = paired_logit_t_test(a, b, level=0.9), paired_logit_t_test(b, a, level=0.9)
    assert (back.t, back.p_value) == pytest.approx((-there.t, there.p_value))
    assert (back.low, back.high) == pytest.approx((1 / there.high, 1 / there.low))


@pytest.mark.parametrize(
    ("a", "b"), [([0.5], [0.6]), ([0.5, 0.6], [0.5, 0.6]), ([0.5, 0.6, np.nan], [0.6, np.nan, 0.6])]
)
def test_without_a_spread_there_is_no_t_test(a, b):
    with pytest.raises(ValueError, match="needs two pairs that differ by different amounts"):
        paired_logit_t_test(a, b)


def test_a_level_in_percent_is_refused():
    with pytest.raises(ValueError, match="level must lie between 0 and 1; it is 95"):
        paired_logit_t_test([0.5, 0.6], [0.6, 0.9], level=95)
