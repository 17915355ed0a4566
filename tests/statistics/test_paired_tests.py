import itertools
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repro import UserError
from repro.statistics import mcnemar_p_value, paired_p_value, permutation_p_value

OUTCOMES = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=9)


@given(outcomes=OUTCOMES)
@settings(deadline=None)
def test_mcnemars_test_is_the_share_of_all_exchanges(outcomes):
    a, b = np.array(outcomes).T
    observed = abs(int(a.sum()) - int(b.sum()))
    differences = a.astype(int) - b
    signs = np.array(list(itertools.product([-1, 1], repeat=len(a))))
    share = np.mean(np.abs(signs @ differences) >= observed)
    assert mcnemar_p_value(a, b) == pytest.approx(share)
    assert mcnemar_p_value(b, a) == mcnemar_p_value(a, b)


def test_examples_that_both_get_right_or_wrong_do_not_count():
    a = np.repeat([True, False, True, False], [9, 2, 500, 300])
    b = np.repeat([False, True, True, False], [9, 2, 500, 300])
    two_tails = 2 * sum(comb(11, k) for k in range(3)) / 2**11
    assert mcnemar_p_value(a, b) == pytest.approx(two_tails)
    assert mcnemar_p_value(a[11:], b[11:]) == 1


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([], [], "n at least 1"),
        ([True], [True, False], r"they have \[1\] and \[2\]"),
        ([1, 0], [True, False], "must be booleans; their types are int64 and bool"),
    ],
)
def test_what_is_not_right_or_wrong_is_refused(a, b, message):
    with pytest.raises(ValueError, match=message):
        mcnemar_p_value(a, b)


def test_the_metric_picks_the_test():
    rng = np.random.default_rng(0)
    labels = rng.integers(4, size=80)
    a, b = (np.where(rng.random(80) < p, labels, 9) for p in (0.8, 0.7))
    assert paired_p_value("top1", labels, a, b) == mcnemar_p_value(a == labels, b == labels)
    expected = permutation_p_value(labels, a, b, num_permutations=300, seed=5)
    options = {"num_permutations": 300, "seed": 5}
    assert paired_p_value("mean_per_class", labels, a, b, **options) == expected
    present = rng.integers(-1, 2, size=(30, 20))
    found = rng.random((2, 30, 20)) < 0.5
    expected = permutation_p_value(present, *found, **options)
    assert paired_p_value("map11", present, *found, **options) == expected


def test_an_unknown_metric_or_labels_that_do_not_fit_are_refused():
    with pytest.raises(UserError, match=r"metric=top5 is unknown.*top1"):
        paired_p_value("top5", [0], [0], [0])
    with pytest.raises(ValueError, match=r"labels of shape \[1\] do not fit the metric map11"):
        paired_p_value("map11", [0], [0], [0])
    with pytest.raises(ValueError, match=r"one shape; they have \[2\], \[2\], \[1\]"):
        paired_p_value("top1", [0, 1], [0, 1], [0])
