import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from repro.statistics import inverse_logit, wilcoxon_per_dataset, wilcoxon_signed_rank

TENTHS = st.lists(st.integers(-6, 6), min_size=1, max_size=9)  # many ties and zeros


def by_enumeration(differences: list[float]) -> float:
    """Returns the p-value from the rank sums of all 2^n signs."""
    kept = [difference for difference in differences if difference != 0]
    ranks = stats.rankdata(np.abs(kept)) if kept else np.array([])
    observed = ranks[np.array(kept) > 0].sum() if kept else 0
    signs = np.array(list(itertools.product([0, 1], repeat=len(kept))))
    sums = signs @ ranks if kept else np.zeros(1)
    return min(1, 2 * min(np.mean(sums <= observed), np.mean(sums >= observed)))


@given(differences=TENTHS)
@settings(deadline=None)
def test_it_is_exact_with_ties_and_zeros(differences):
    b = np.linspace(0.3, 0.7, len(differences))
    a = b + np.array(differences) / 100
    assert wilcoxon_signed_rank(a, b) == pytest.approx(by_enumeration(differences))


@given(seed=st.integers(0, 10_000), n=st.integers(1, 40))
@settings(deadline=None, max_examples=30)
def test_without_ties_it_is_scipys_exact_test(seed, n):
    a, b = np.random.default_rng(seed).random((2, n))
    assert wilcoxon_signed_rank(a, b) == pytest.approx(stats.wilcoxon(a, b, method="exact").pvalue)


def test_with_ties_it_is_scipys_exact_permutation_test():
    b = np.zeros(10)
    a = np.array([1, 2, 2, 3, -1, 2, 5, 5, 0, 3])
    exact = stats.PermutationMethod(n_resamples=2**10)
    assert wilcoxon_signed_rank(a, b) == pytest.approx(
        stats.wilcoxon(a[a != 0], method=exact).pvalue
    )


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30)
def test_neither_the_order_nor_the_sides_matter(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.integers(500, 520, size=(2, 12)) / 1000
    order = rng.permutation(12)
    p_value = wilcoxon_signed_rank(a, b)
    assert wilcoxon_signed_rank(b, a) == pytest.approx(p_value)
    assert wilcoxon_signed_rank(a[order], b[order]) == pytest.approx(p_value)
    assert wilcoxon_signed_rank(100 * a, 100 * b) == pytest.approx(p_value)


def test_differences_that_are_equal_on_paper_tie():
    assert 0.3 - 0.2 != 0.2 - 0.1  # 0.1 but for rounding
    a, b = [0.3, 0.2, 0.8, 0.4], [0.2, 0.1, 0.3, 0.5]
    assert wilcoxon_signed_rank(a, b) == by_enumeration([1, 1, 5, -1])


def test_no_difference_at_all_is_no_evidence():
    assert wilcoxon_signed_rank([0.5, 0.6], [0.5, 0.6]) == 1


def test_logits_weigh_a_point_near_100_percent_more():
    a = [0.995, 0.991, 0.990, 0.989, 0.55, 0.55, 0.55]
    b = [0.990, 0.980, 0.981, 0.982, 0.58, 0.581, 0.582]
    on_raw_accuracy, on_logits = [1, 4, 3, 2, -5, -6, -7], [6, 7, 5, 4, -1, -2, -3]
    assert wilcoxon_signed_rank(a, b) == by_enumeration(on_raw_accuracy)
    assert wilcoxon_signed_rank(a, b, use_logits=True) == by_enumeration(on_logits)
    assert by_enumeration(on_raw_accuracy) != by_enumeration(on_logits)


def test_a_missing_cell_takes_its_pair_along():
    a, b = [0.1, np.nan, 0.5, 0.9], [0.2, 0.3, 0.4, np.nan]
    assert wilcoxon_signed_rank(a, b) == wilcoxon_signed_rank([0.1, 0.5], [0.2, 0.4])


def test_every_data_set_gets_its_own_test():
    rng = np.random.default_rng(0)
    a, b = inverse_logit(rng.normal(size=(2, 9, 4)))
    a[3, 1] = b[5, 1] = np.nan
    a[:, 2] = np.nan
    p_values = wilcoxon_per_dataset(a, b, use_logits=True)
    assert np.isnan(p_values[2])
    for d in (0, 1, 3):
        assert p_values[d] == wilcoxon_signed_rank(a[:, d], b[:, d], use_logits=True)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([0.5], [0.5, 0.6], r"shape \[n\]; they have \[1\] and \[2\]"),
        ([np.nan, 0.5], [0.5, np.nan], "no pair with both sides among 2"),
    ],
)
def test_what_is_not_paired_is_refused(a, b, message):
    with pytest.raises(ValueError, match=message):
        wilcoxon_signed_rank(a, b)


def test_tables_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match=r"\[1, 2\] and \[2, 1\]"):
        wilcoxon_per_dataset([[0.5, 0.6]], [[0.5], [0.6]])
