import numpy as np
import pytest

from repro.classifiers.inverse_hessian import InverseHessian

RNG = np.random.default_rng(0)
PROBLEMS, ROWS, COLUMNS = 2, 3, 5
SIZE = ROWS * COLUMNS


def learned(num_pairs):
    """An estimate that has seen pairs of two quadratics, its diagonal, and the pairs."""
    hessians = []
    for _ in range(PROBLEMS):
        root = RNG.normal(size=(SIZE, SIZE))
        hessians.append(root @ root.T + np.eye(SIZE))
    diagonal = RNG.uniform(0.5, 2, size=(PROBLEMS, ROWS, COLUMNS))
    estimate, pairs = InverseHessian(diagonal), []
    for _ in range(num_pairs):
        step = RNG.normal(size=(PROBLEMS, SIZE))
        change = np.einsum("pij,pj->pi", hessians, step)
        pairs.append((step, change))
        estimate.learn(*(each.reshape(diagonal.shape) for each in (step, change)))
    return estimate, diagonal.reshape(PROBLEMS, SIZE), pairs


def by_updates(diagonal, pairs):
    """The BFGS updates of one problem's dense matrix, one pair after the other."""
    step, change = pairs[-1]
    inverse = np.diag(diagonal) * (step @ change) / (change @ (diagonal * change))
    for step, change in pairs:
        left = np.eye(SIZE) - np.outer(step, change) / (step @ change)
        inverse = left @ inverse @ left.T + np.outer(step, step) / (step @ change)
    return inverse


@pytest.mark.parametrize("num_pairs", [1, 4, 10, 13, 27])
def test_it_is_the_bfgs_matrix_of_the_last_ten_pairs(num_pairs):
    estimate, diagonal, pairs = learned(num_pairs)
    vector = RNG.normal(size=(PROBLEMS, ROWS, COLUMNS))
    product = estimate.times(vector)
    for p in range(PROBLEMS):
        matrix = by_updates(diagonal[p], [(step[p], change[p]) for step, change in pairs[-10:]])
        np.testing.assert_allclose(product[p].ravel(), matrix @ vector[p].ravel(), rtol=1e-8)


def test_before_it_has_learned_it_is_the_diagonal():
    diagonal = RNG.uniform(size=(1, 2, 3))
    np.testing.assert_array_equal(InverseHessian(diagonal).times(np.ones((1, 2, 3))), diagonal)


def test_a_pair_without_positive_curvature_teaches_nothing():
    estimate, diagonal, pairs = learned(3)
    step = RNG.normal(size=(PROBLEMS, ROWS, COLUMNS))
    change = np.stack([-step[0], 2 * step[1]])  # only the second problem's is useful
    estimate.learn(step, change)
    vector = RNG.normal(size=(PROBLEMS, ROWS, COLUMNS))
    product = estimate.times(vector)
    assert np.isfinite(product).all()
    pairs_of_second = [(s[1], c[1]) for s, c in pairs] + [(step[1].ravel(), change[1].ravel())]
    expected = by_updates(diagonal[1], pairs_of_second) @ vector[1].ravel()
    np.testing.assert_allclose(product[1].ravel(), expected, rtol=1e-8)


def test_problems_that_remain_keep_what_they_learned():
    estimate, _, _ = learned(12)
    vector = RNG.normal(size=(PROBLEMS, ROWS, COLUMNS))
    before = estimate.times(vector)
    estimate.keep(np.array([False, True]))
    np.testing.assert_allclose(estimate.times(vector[1:]), before[1:], rtol=1e-12)
