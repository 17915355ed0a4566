import numpy as np
import pytest

from repro.classifiers.preconditioner import Dense, dense_after


def test_products_are_those_with_the_inverse():
    rng = np.random.default_rng(0)
    roots = rng.normal(size=(3, 6, 6))
    hessians = roots @ roots.swapaxes(1, 2) + 0.1 * np.eye(6)
    vectors = rng.normal(size=(3, 6))
    expected = np.linalg.solve(hessians, vectors[..., None])[..., 0]
    np.testing.assert_allclose(Dense(hessians.copy()).times(vectors), expected, rtol=1e-9)


def test_it_stays_positive_definite_where_the_condition_is_beyond_rounding():
    rng = np.random.default_rng(1)
    axes, _ = np.linalg.qr(rng.normal(size=(30, 30)))
    hessian = (axes * np.logspace(-8, 5, 30)) @ axes.T
    inverse = Dense(hessian[None])
    for vector in axes.T:
        assert vector @ inverse.times(vector[None])[0] > 0


def test_what_is_not_positive_definite_is_refused():
    with pytest.raises(np.linalg.LinAlgError):
        Dense(np.diag([1.0, -1.0])[None])


def test_it_pays_later_for_larger_problems_and_never_for_those_without_room():
    assert dense_after(1, 60) == 50
    assert dense_after(1, 6000) == 1000
    assert dense_after(1, 26_000) == dense_after(500, 1500) == np.inf
