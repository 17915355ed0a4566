import numpy as np
import pytest

from repro.statistics import (
    inverse_logit,
    not_different_from_best,
    not_different_from_best_on_average,
    wilcoxon_signed_rank,
)


def test_the_best_and_those_with_a_large_p_value_are_named():
    asked = []

    def p_value(best, other):
        asked.append((best, other))
        return {0: 0.05, 1: 0.0501, 3: 0.001}[other]

    chosen = not_different_from_best([0.7, 0.79, 0.8, 0.6, np.nan], p_value)
    assert chosen.tolist() == [False, True, True, False, False]
    assert asked == [(2, 0), (2, 1), (2, 3)]


def test_of_equals_the_first_is_the_best_and_the_other_is_compared():
    assert not_different_from_best([80, 90, 90], lambda *_: 0.2, significance=0.3).tolist() == [
        False,
        True,
        False,
    ]


def test_what_cannot_be_compared_is_not_called_equal():
    chosen = not_different_from_best([0.5, 0.6], lambda *_: float("nan"))
    assert chosen.tolist() == [False, True]


@pytest.mark.parametrize("accuracies", [[np.nan, np.nan], [[0.5]]])
def test_no_network_at_all_is_refused(accuracies):
    with pytest.raises(ValueError, match="one of them not NaN"):
        not_different_from_best(accuracies, lambda *_: 1)


def test_on_average_the_best_is_compared_across_data_sets():
    rng = np.random.default_rng(0)
    difficulty = rng.normal(1, 1, size=12)
    merit = np.array([0.0, 0.5, 0.48, -0.5])
    table = inverse_logit(merit[:, None] + difficulty + rng.normal(0, 0.1, size=(4, 12)))
    chosen = not_different_from_best_on_average(table)
    assert chosen.tolist() == [False, True, True, False]
    p_value = wilcoxon_signed_rank(table[1], table[2])
    assert p_value < 1
    stricter = not_different_from_best_on_average(table, significance=p_value)
    assert stricter.sum() == 1


def test_networks_are_compared_on_the_data_sets_that_both_have():
    table = inverse_logit(np.add.outer([0.0, 1.0, 0.9], np.linspace(-1, 2, 8)))
    table[0, :5] = np.nan  # three data sets are too few to tell
    table[2, 7] = np.nan
    wider = np.vstack([table, np.full(8, np.nan)])
    assert not_different_from_best_on_average(wider).tolist() == [True, True, False, False]
    assert not_different_from_best_on_average(wider, use_logits=True).tolist() == [
        True,
        True,
        False,
        False,
    ]


def test_a_network_that_shares_no_data_set_with_the_best_is_not_called_equal():
    table = [[0.9, 0.8, np.nan], [np.nan, 0.5, 0.6], [np.nan, np.nan, 0.6]]
    assert not_different_from_best_on_average(table).tolist() == [True, True, False]
