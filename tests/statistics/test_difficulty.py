import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from repro.statistics import (
    adjusted_accuracies,
    inverse_logit,
    logit,
    mean_logits,
    morey_standard_errors,
)

TABLES = arrays(
    float, st.tuples(st.integers(2, 6), st.integers(2, 6)), elements=st.floats(0.01, 0.99)
)
ADDITIVE = np.add.outer([0.0, 0.3, -0.2, 1.0], [2.0, -1.0, 0.5])  # networks, data sets


@given(table=TABLES)
def test_a_full_table_is_adjusted_as_section_3_says(table):
    logits = np.log(table / (1 - table))
    assert adjusted_accuracies(table) == pytest.approx(logits - logits.mean(axis=0), abs=1e-9)
    assert mean_logits(table) == pytest.approx(logits.mean(axis=1), abs=1e-9)


@given(table=TABLES, easier=st.floats(-2, 2))
@settings(max_examples=30)
def test_how_hard_a_data_set_is_does_not_matter(table, easier):
    shifted = table.copy()
    shifted[:, 0] = inverse_logit(logit(table[:, 0]) + easier)
    for function in (adjusted_accuracies, morey_standard_errors):
        assert function(shifted) == pytest.approx(function(table), abs=1e-7)


def test_a_missing_cell_of_a_hard_data_set_makes_no_network_better():
    table = inverse_logit(ADDITIVE)
    full = mean_logits(table)
    table[0, 1] = table[3, 0] = np.nan
    assert mean_logits(table) == pytest.approx(full, abs=1e-12)
    expected = np.broadcast_to(np.array([[0.0, 0.3, -0.2, 1.0]]).T - 0.275, (4, 3))
    adjusted = adjusted_accuracies(table)
    assert np.isnan(adjusted).sum() == 2
    assert adjusted[~np.isnan(adjusted)] == pytest.approx(expected[~np.isnan(adjusted)])


def test_the_fit_to_what_is_there_cannot_be_improved():
    rng = np.random.default_rng(0)
    table = rng.uniform(0.1, 0.9, size=(6, 5))
    table[rng.random(table.shape) < 0.3] = np.nan
    adjusted = adjusted_accuracies(table)
    means = mean_logits(table)
    residuals = adjusted - (means - means.mean())[:, None]
    assert np.nansum(residuals, axis=0) == pytest.approx(np.zeros(5), abs=1e-12)
    assert np.nansum(residuals, axis=1) == pytest.approx(np.zeros(6), abs=1e-12)


def test_networks_and_data_sets_without_any_cell_touch_nothing():
    table = inverse_logit(ADDITIVE)
    wider = np.full((6, 5), np.nan)
    wider[:4, :3] = table
    assert mean_logits(wider)[:4] == pytest.approx(mean_logits(table))
    assert np.isnan(mean_logits(wider)[4:]).all()
    assert adjusted_accuracies(wider)[:4, :3] == pytest.approx(adjusted_accuracies(table))
    for correction in ("paper", "morey"):
        errors = morey_standard_errors(wider, correction=correction)
        assert errors[:4] == pytest.approx(morey_standard_errors(table, correction=correction))
        assert np.isnan(errors[4:]).all()


def test_networks_that_share_no_data_set_are_not_compared():
    table = [[0.5, np.nan], [np.nan, 0.6], [0.7, np.nan]]
    with pytest.raises(ValueError, match="3 networks fall into 2 groups that share no data set"):
        mean_logits(table)


@given(table=TABLES)
@settings(max_examples=30)
def test_error_bars_are_standard_errors_of_adjusted_accuracies_times_the_factor(table):
    num_networks, num_datasets = table.shape
    plain = adjusted_accuracies(table).std(axis=1, ddof=1) / np.sqrt(num_datasets)
    for correction, n in (("paper", num_datasets), ("morey", num_networks)):
        assert morey_standard_errors(table, correction=correction) == pytest.approx(
            plain * np.sqrt(n / (n - 1)), abs=1e-9
        )


def test_moreys_own_factor_gives_back_the_variance_that_the_data_sets_mean_takes():
    noise = np.random.default_rng(1).normal(size=(4, 20_000))
    errors = morey_standard_errors(inverse_logit(noise), correction="morey")
    assert np.mean(errors**2) * 20_000 == pytest.approx(1, rel=0.02)


def test_a_network_with_one_cell_has_no_error_bar():
    table = inverse_logit(ADDITIVE)
    table[2, 1:] = np.nan
    assert np.isnan(morey_standard_errors(table)).tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    ("table", "correction", "message"),
    [
        ([[0.5], [0.6]], "paper", "needs two data sets with accuracies; there are 1"),
        ([[0.5, 0.6]], "morey", "needs two networks with accuracies; there are 1"),
        ([[0.5, 0.6]], "cousineau", 'must be "paper" or "morey"'),
        ([0.5, 0.6], "paper", r"must be \[networks, data sets\].*they are \[2\]"),
    ],
)
def test_an_undefined_correction_is_refused(table, correction, message):
    with pytest.raises(ValueError, match=message):
        morey_standard_errors(table, correction=correction)
