"""The groups and binomials give what exchanging predictions example by example gives."""

import itertools
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repro.statistics import mcnemar_p_value, permutation_p_value

PERMUTATIONS = 2000
MANY = 20_000


def mean_per_class_difference(labels, a, b) -> Fraction:
    """Returns the exact difference in the sum over classes of accuracy."""
    total = Fraction(0)
    for c in np.unique(labels):
        of_class = labels == c
        correct = [int(np.count_nonzero(side[of_class] == c)) for side in (a, b)]
        total += Fraction(correct[0] - correct[1], int(of_class.sum()))
    return total


def label_difference(labels, a, b) -> Fraction:
    """Returns the difference in the number of labels that are right, the masked ones left out."""
    counted, present = labels != 0, labels == 1
    right = [np.count_nonzero(counted & (side == present)) for side in (a, b)]
    return Fraction(right[0] - right[1])


def by_enumeration(difference, labels, a, b) -> float:
    """Returns the share of all 2^n exchanges of whole rows that are as extreme as none."""
    observed, extreme, total = abs(difference(labels, a, b)), 0, 0
    for exchanged in itertools.product([False, True], repeat=len(labels)):
        swap = np.array(exchanged).reshape(-1, *[1] * (labels.ndim - 1))
        swapped = np.where(swap, b, a), np.where(swap, a, b)
        extreme += abs(difference(labels, *swapped)) >= observed
        total += 1
    return extreme / total


def networks_on_classes(seed: int, n: int = 9, num_classes: int = 3):
    """Returns labels [n] of classes of unequal sizes, and two networks' predictions."""
    rng = np.random.default_rng(seed)
    labels = np.minimum(rng.integers(num_classes, size=n), rng.integers(num_classes, size=n))
    accuracy = rng.random(2)
    return labels, *(
        np.where(rng.random(n) < p, labels, rng.integers(num_classes, size=n)) for p in accuracy
    )


def networks_on_labels(seed: int, n: int = 8, num_labels: int = 5):
    """Returns labels [n, L] of 1, 0, -1 with one that counts, and two networks' predictions."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(-1, 2, size=(n, num_labels))
    labels[0, 0] = 1
    return labels, rng.random(labels.shape) < 0.6, rng.random(labels.shape) < 0.4


@pytest.mark.parametrize(
    ("make", "difference"),
    [(networks_on_classes, mean_per_class_difference), (networks_on_labels, label_difference)],
)
@pytest.mark.parametrize("seed", range(8))
def test_it_comes_to_the_share_of_all_exchanges(make, difference, seed):
    labels, a, b = make(seed)
    exact = by_enumeration(difference, labels, a, b)
    p_value = permutation_p_value(labels, a, b, num_permutations=MANY, seed=seed)
    assert p_value == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / MANY) + 1 / MANY)


@given(
    labels=st.lists(st.integers(0, 3), min_size=1, max_size=9).map(np.array),
    random=st.randoms(use_true_random=False),
)
@settings(deadline=None, max_examples=40)
def test_one_binomial_per_class_has_the_distribution_of_exchanging_examples(labels, random):
    """The proof in the module, carried out on small cases in exact arithmetic."""
    signs = np.array([random.choice([-1, 0, 1]) for _ in labels])
    sizes = Counter(labels.tolist())
    one_by_one = Counter()
    for flips in itertools.product([-1, 1], repeat=len(labels)):
        terms = zip(flips, signs, labels, strict=True)
        one_by_one[sum(Fraction(int(f * s), sizes[int(c)]) for f, s, c in terms)] += 1
    by_class = Counter({Fraction(0): 1})
    for c, size in sizes.items():
        m = np.count_nonzero(signs[labels == c])
        draws = {Fraction(2 * k - m, size): _choose(m, k) for k in range(m + 1)}
        summed = Counter()
        for (x, p), (y, q) in itertools.product(by_class.items(), draws.items()):
            summed[x + y] += p * q
        by_class = summed
    unchanged = 2 ** np.count_nonzero(signs == 0)  # exchanges that change nothing
    assert one_by_one == Counter({value: unchanged * count for value, count in by_class.items()})


def _choose(m: int, k: int) -> int:
    return len(list(itertools.combinations(range(m), k)))


@given(seed=st.integers(0, 10_000))
@settings(deadline=None, max_examples=30)
def test_neither_the_sides_nor_the_order_of_examples_and_classes_matter(seed):
    labels, a, b = networks_on_classes(seed, n=30)
    p_value = permutation_p_value(labels, a, b, num_permutations=200)
    order = np.random.default_rng(seed).permutation(30)
    rename = np.array([7, 2, 40])
    for other in (
        (labels, b, a),
        (labels[order], a[order], b[order]),
        (rename[labels], rename[a], rename[b]),
    ):
        assert permutation_p_value(*other, num_permutations=200) == p_value


def test_with_classes_of_one_size_it_comes_to_mcnemars_test():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(20), 10)
    a, b = (np.where(rng.random(200) < p, labels, 20) for p in (0.8, 0.7))
    exact = mcnemar_p_value(a == labels, b == labels)
    p_value = permutation_p_value(labels, a, b, num_permutations=MANY)
    assert 0.01 < exact < 0.5
    assert p_value == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / MANY))


def test_equal_differences_count_as_extreme_although_their_sums_round_differently():
    # 1/3 + 1/6 - 1/2 is 0, but not in every order of floats; so every permutation is as extreme.
    labels = np.repeat([0, 1, 2], [3, 6, 2])
    right, wrong = labels, np.full(11, 9)
    a, b = wrong.copy(), wrong.copy()
    a[0], a[3], b[9] = right[0], right[3], right[9]
    assert mean_per_class_difference(labels, a, b) == 0
    assert permutation_p_value(labels, a, b, num_permutations=PERMUTATIONS) == 1
    # Three examples of a class of 17 differ: 3 x (1 / 17) and 3 / 17 are not the same float.
    assert 3 * (1 / 17) < 3 / 17
    labels = np.zeros(17, dtype=int)
    a, b = labels, labels + (np.arange(17) < 3)
    p_value = permutation_p_value(labels, a, b, num_permutations=MANY)
    assert p_value == pytest.approx(2 / 2**3, abs=4 * np.sqrt(0.25 * 0.75 / MANY))


@pytest.mark.parametrize("num_permutations", [19, 199])
def test_under_the_null_small_p_values_are_never_too_frequent(num_permutations):
    rng = np.random.default_rng(7)
    trials = 2000
    sizes = np.array([3, 8, 15, 30])
    labels = np.repeat(np.arange(4), sizes)
    p_values = []
    for trial in range(trials):
        either, ease = rng.random((2, 56)), rng.random(56)
        a, b = (np.where(draw < ease, labels, 9) for draw in either)
        p_values.append(
            permutation_p_value(labels, a, b, num_permutations=num_permutations, seed=trial)
        )
    for level in (0.01, 0.05, 0.1, 0.25, 0.5):
        error = np.sqrt(level * (1 - level) / trials)
        assert np.mean(np.array(p_values) <= level) <= level + 3 * error


def test_it_is_never_zero_and_one_where_nothing_differs():
    labels = np.repeat(np.arange(5), 20)
    worst = permutation_p_value(labels, labels, labels + 1, num_permutations=PERMUTATIONS)
    assert worst == 1 / (1 + PERMUTATIONS)
    assert permutation_p_value(labels, labels, labels) == 1


def test_masked_labels_do_not_count():
    labels, a, b = networks_on_labels(3, n=40)
    p_value = permutation_p_value(labels, a, b, num_permutations=500)
    a[labels == 0] = True
    b[labels == 0] = False
    assert permutation_p_value(labels, a, b, num_permutations=500) == p_value


def test_a_row_is_exchanged_as_a_whole():
    # One example differs in 20 labels: two outcomes, both as extreme as the observed one.
    labels = np.ones((3, 20), dtype=int)
    a, b = np.ones((3, 20), dtype=bool), np.ones((3, 20), dtype=bool)
    b[0] = False
    assert permutation_p_value(labels, a, b) == 1


def test_a_seed_fixes_it():
    data = networks_on_classes(1, n=60)
    results = {permutation_p_value(*data, num_permutations=500, seed=seed) for seed in (1, 1, 2, 3)}
    assert 1 < len(results) <= 3


@pytest.mark.parametrize(
    ("labels", "a", "b", "message"),
    [
        ([], [], [], r"not empty; they are \[0\]"),
        ([0, 1], [0, 1], [0], r"one shape; they have \[2\], \[2\], \[1\]"),
        ([0, 1], [0.0, 1.0], [0, 1], "must be integers"),
        ([[1, -1]], [[0.3, -2.0]], [[0.1, 0.2]], "booleans"),
        ([[1, 2]], [[True, True]], [[True, True]], r"must be 1, 0 or -1; they span \[1, 2\]"),
        ([[0, 0]], [[True, True]], [[True, True]], "nothing to compare"),
    ],
)
def test_what_cannot_be_compared_is_refused(labels, a, b, message):
    with pytest.raises(ValueError, match=message):
        permutation_p_value(labels, a, b)


def test_a_test_without_permutations_is_refused():
    with pytest.raises(ValueError, match="num_permutations must be at least 1; it is 0"):
        permutation_p_value([0], [0], [0], num_permutations=0)
