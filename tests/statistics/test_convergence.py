import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.statistics import inverse_logit, steps_to_fraction_of_best_odds

STEPS = [5_000_000 // (256 * 2**k) for k in range(9, -2, -1)]  # 38 .. 39,062
TRAIN_SIZES = [  # Table 1
    75_750, 50_000, 50_000, 47_386, 19_850, 8_144, 6_667, 5_011, 3_760, 3_680, 3_060, 2_040,
]  # fmt: skip


def curves(fewest: list[int]) -> np.ndarray:
    """Returns accuracies [S, D] that reach 90% of the best odds just at the given steps."""
    reached = np.greater_equal.outer(STEPS, fewest)
    odds = np.where(reached, 9.01, 8.99)
    odds[-1] = 10.0
    return odds / (1 + odds)


def test_the_fewest_steps_with_nine_tenths_of_the_best_odds_are_found():
    odds = np.array([[1.0, 9.0], [8.9, 4.0], [9.1, 10.0], [10.0, 9.5]])
    found = steps_to_fraction_of_best_odds([10, 20, 40, 80], odds / (1 + odds), fraction=0.9)
    # The second falls below again at 20 steps, and has 9 = 0.9 x 10 but for rounding at 10.
    assert found.per_dataset[0] == 40
    strict = steps_to_fraction_of_best_odds([10, 20, 40, 80], odds / (1 + odds), fraction=0.91)
    assert strict.per_dataset.tolist() == [40, 40]
    whole = steps_to_fraction_of_best_odds([10, 20, 40, 80], odds / (1 + odds), fraction=1)
    assert whole.per_dataset.tolist() == [80, 40]


@given(order=st.permutations(range(4)))
def test_the_order_of_the_runs_does_not_matter(order):
    steps, table = np.array([10, 20, 40, 80]), inverse_logit([[0.0], [2.0], [1.0], [2.05]])
    found = steps_to_fraction_of_best_odds(steps[order], table[order])
    assert found.per_dataset.tolist() == [20]


def test_missing_runs_and_data_sets_are_left_out():
    table = np.array([[0.5, np.nan, np.nan], [np.nan, np.nan, 0.0], [0.8, np.nan, 0.0]])
    found = steps_to_fraction_of_best_odds([1, 10, 100], table)
    assert found.per_dataset == pytest.approx([100, np.nan, 10], nan_ok=True)
    assert found.geometric_mean == pytest.approx(np.sqrt(1000))
    assert found.lower_quartile == pytest.approx(32.5)
    assert np.isnan(found.in_epochs([10, 10, 10]).per_dataset).tolist() == [False, True, False]


def test_measured_steps_give_the_papers_mean_and_quartiles_of_fine_tuning():
    fewest = [38, 38, 152, 305, 305, 610, 2441, 4882, 4882, 4882, 39062, 39062]
    found = steps_to_fraction_of_best_odds(STEPS, curves(fewest))
    assert found.per_dataset.tolist() == fewest
    summary = (found.geometric_mean, found.lower_quartile, found.upper_quartile)
    assert [round(value) for value in summary] == [1151, 267, 4882]


@pytest.mark.parametrize(("steps", "epochs"), [(1151, 26), (19_531, 444)])
def test_the_papers_mean_epochs_are_its_mean_steps_on_the_training_sets_of_table_1(steps, epochs):
    found = steps_to_fraction_of_best_odds([steps], np.full((1, 12), 0.9))
    assert found.geometric_mean == pytest.approx(steps)
    assert round(found.in_epochs(TRAIN_SIZES).geometric_mean) == epochs


@pytest.mark.parametrize(
    ("steps", "table", "fraction", "message"),
    [
        ([1, 2], [[0.5]], 0.9, r"they are \[2\] and \[1, 1\]"),
        ([1], [[np.nan]], 0.9, "one of them not NaN"),
        ([1, 1], [[0.5], [0.6]], 0.9, "all different"),
        ([0], [[0.5]], 0.9, "positive"),
        ([1], [[1.0]], 0.9, "the odds of 1 are infinite; they span"),
        ([1], [[55.0]], 0.9, "must be fractions"),
        ([1], [[0.5]], 90, r"fraction must be in \(0, 1\]; it is 90"),
    ],
)
def test_what_has_no_best_odds_is_refused(steps, table, fraction, message):
    with pytest.raises(ValueError, match=message):
        steps_to_fraction_of_best_odds(steps, table, fraction=fraction)
