import numpy as np
import pytest
from scipy import stats

from repro.statistics import binomial_tolerance, standard_error


def test_the_standard_error_is_scipys():
    values = np.random.default_rng(0).normal(size=(4, 3, 5))
    for axis in (0, 1, -1):
        assert standard_error(values, axis=axis) == pytest.approx(stats.sem(values, axis=axis))


def test_missing_repetitions_are_left_out_and_one_alone_has_no_standard_error():
    errors = standard_error([[1.0, 3.0, np.nan], [1.0, np.nan, np.nan], [2.0, 2.0, 2.0]])
    assert errors == pytest.approx([1, np.nan, 0], nan_ok=True)


def test_two_runs_of_one_accuracy_differ_by_more_only_as_often_as_said():
    p, n, trials = 0.8, 2000, 20_000
    correct = np.random.default_rng(0).binomial(n, p, size=(2, trials))
    differences = 100 * np.abs(correct[0] - correct[1]) / n
    for level in (0.8, 0.95):
        inside = np.mean(differences <= binomial_tolerance(p, n, level=level))
        assert inside == pytest.approx(level, abs=0.01)


def test_the_tolerance_of_a_half_on_10_000_examples_is_known_and_symmetric():
    assert binomial_tolerance(0.5, 10_000) == pytest.approx(1.959964 * 0.70710678, rel=1e-6)
    assert binomial_tolerance(0.9, 500) == pytest.approx(binomial_tolerance(0.1, 500))
    tolerances = binomial_tolerance([0.0, 1.0, np.nan, 0.5], [1, 10, 10, 10])
    assert tolerances[:2].tolist() == [0, 0]
    assert np.isnan(tolerances[2])


@pytest.mark.parametrize(("p", "n", "level"), [(90, 10, 0.95), (0.9, 0, 0.95), (0.9, 10, 95)])
def test_impossible_accuracies_sizes_and_levels_are_refused(p, n, level):
    with pytest.raises(ValueError, match=r"fractions in \[0, 1\]|between 0 and 1"):
        binomial_tolerance(p, n, level=level)
