import numpy as np
import pytest

from repro.classifiers.row_space import RowSpace

RNG = np.random.default_rng(0)


@pytest.fixture(params=[(30, 8), (6, 20), (10, 10)], ids=["n>d", "n<d", "n=d"])
def features(request):
    return np.abs(RNG.normal(size=request.param)) + 0.5


def test_a_model_has_the_same_logits_and_penalty_in_both_coordinates(features):
    space = RowSpace.of(features)
    parameters = RNG.normal(size=(3, space.design.shape[1]))
    coefs, intercepts = space.to_features(parameters)
    np.testing.assert_allclose(
        features @ coefs.T + intercepts, space.design @ parameters.T, atol=1e-12
    )
    np.testing.assert_allclose((coefs**2).sum(axis=1), (parameters[:, :-1] ** 2).sum(axis=1))
    np.testing.assert_allclose(space.from_features(coefs, intercepts), parameters, atol=1e-12)


def test_the_examples_are_uncorrelated_on_the_axes(features):
    space = RowSpace.of(features)
    products = space.design.T @ space.design
    np.testing.assert_allclose(products, np.diag(np.diag(products)), atol=1e-10)
    assert space.design.shape[1] == min(features.shape) + 1


def test_gradient_norms_are_those_for_the_features_as_given(features):
    space = RowSpace.of(features)
    residuals = RNG.normal(size=(4, len(features)))
    as_given = np.column_stack([residuals @ features, residuals.sum(axis=1)])
    np.testing.assert_allclose(
        space.squared_gradient_norms(residuals @ space.design), (as_given**2).sum(axis=1)
    )
