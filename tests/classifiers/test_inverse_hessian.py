import numpy as np
import pytest

from repro.classifiers.inverse_hessian import InverseHessian
from repro.classifiers.preconditioner import Dense, Diagonal

RNG = np.random.default_rng(0)
PROBLEMS, ROWS, COLUMNS = 2, 3, 5
SIZE = ROWS * COLUMNS


def positive_definite():
    roots = RNG.normal(size=(PROBLEMS, SIZE, SIZE))
    return roots @ roots.swapaxes(1, 2) + np.eye(SIZE)


def learned(num_pairs, *, dense=False):
    """An estimate that has seen pairs of two quadratics, what it began with, and the pairs."""
    hessians, first = positive_definite(), positive_definite()
    if dense:
        preconditioner = Dense(first.copy())
        first = np.linalg.inv(first)
    else:
        diagonal = RNG.uniform(0.5, 2, size=(PROBLEMS, SIZE))
        preconditioner, first = Diagonal(diagonal), np.array([np.diag(each) for each in diagonal])
    estimate, pairs = InverseHessian(preconditioner, PROBLEMS, SIZE), []
    for _ in range(num_pairs):
        step = RNG.normal(size=(PROBLEMS, SIZE))
        change = np.einsum("pij,pj->pi", hessians, step)
        pairs.append((step, change))
        estimate.learn(*(each.reshape(PROBLEMS, ROWS, COLUMNS) for each in (step, change)))
    return estimate, first, pairs


def by_updates(first, pairs):
    """The BFGS updates of one problem's dense matrix, one pair after the other."""
    step, change = pairs[-1]
    inverse = first * (step @ change) / (change @ first @ change)
    for step, change in pairs:
        left = np.eye(SIZE) - np.outer(step, change) / (step @ change)
        inverse = left @ inverse @ left.T + np.outer(step, step) / (step @ change)
    return inverse


@pytest.mark.parametrize("dense", [False, True])
@pytest.mark.parametrize("num_pairs", [1, 4, 20, 23, 47])
def test_it_is_the_bfgs_matrix_of_the_last_twenty_pairs(num_pairs, dense):
    estimate, first, pairs = learned(num_pairs, dense=dense)
    vector = RNG.normal(size=(PROBLEMS, ROWS, COLUMNS))
    product = estimate.times(vector)
    for p in range(PROBLEMS):
        matrix = by_updates(first[p], [(step[p], change[p]) for step, change in pairs[-20:]])
        np.testing.assert_allclose(product[p].ravel(), matrix @ vector[p].ravel(), rtol=1e-8)


def test_before_it_has_learned_it_is_the_diagonal():
    diagonal = RNG.uniform(size=(1, 6))
    estimate = InverseHessian(Diagonal(diagonal), 1, 6)
    np.testing.assert_array_equal(estimate.times(np.ones((1, 2, 3))).ravel(), diagonal.ravel())


def test_a_pair_without_positive_curvature_teaches_nothing():
    estimate, first, pairs = learned(3)
    step = RNG.normal(size=(PROBLEMS, ROWS, COLUMNS))
    change = np.stack([-step[0], 2 * step[1]])  # only the second problem's is useful
    estimate.learn(step, change)
    vector = RNG.normal(size=(PROBLEMS, ROWS, COLUMNS))
    product = estimate.times(vector)
    assert np.isfinite(product).all()
    pairs_of_second = [(s[1], c[1]) for s, c in pairs] + [(step[1].ravel(), change[1].ravel())]
    expected = by_updates(first[1], pairs_of_second) @ vector[1].ravel()
    np.testing.assert_allclose(product[1].ravel(), expected, rtol=1e-8)


@pytest.mark.parametrize("dense", [False, True])
def test_problems_that_remain_keep_what_they_learned(dense):
    estimate, _, _ = learned(12, dense=dense)
    vector = RNG.normal(size=(PROBLEMS, ROWS, COLUMNS))
    before = estimate.times(vector)
    estimate.keep(np.array([False, True]))
    np.testing.assert_allclose(estimate.times(vector[1:]), before[1:], rtol=1e-12)
