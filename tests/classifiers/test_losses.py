import numpy as np
import pytest

from repro.classifiers import losses
from repro.classifiers.losses import SigmoidCrossEntropy, SoftmaxCrossEntropy, SquaredHinge

RNG = np.random.default_rng(0)
IDS = ["softmax", "sigmoid", "squared hinge"]


def losses_of_four_rows(n):
    signs = RNG.integers(-1, 2, size=(4, n)).astype(float)
    softmax = SoftmaxCrossEntropy(RNG.integers(4, size=n), 4)
    return softmax, SigmoidCrossEntropy(signs), SquaredHinge(signs)


@pytest.mark.parametrize("loss", losses_of_four_rows(6), ids=IDS)
def test_residuals_are_the_derivatives_of_the_loss(loss):
    logits, residuals, unused = RNG.normal(size=(4, 6)), np.empty((4, 6)), np.empty((4, 6))
    loss.evaluate(logits, residuals)
    for place in np.ndindex(4, 6):
        ends = []
        for sign in (1, -1):
            moved = logits.copy()
            moved[place] += sign * 1e-5
            ends.append(loss.evaluate(moved, unused).sum())
        assert (ends[0] - ends[1]) / 2e-5 == pytest.approx(residuals[place], abs=1e-8)


@pytest.mark.parametrize("block", [10, 10**6])
@pytest.mark.parametrize("loss", losses_of_four_rows(7), ids=IDS)
def test_hessians_are_the_derivatives_of_the_gradients(monkeypatch, loss, block):
    monkeypatch.setattr(losses, "_BLOCK", block)
    design, parameters = RNG.normal(size=(7, 3)), RNG.normal(size=(4, 3))
    residuals = np.empty((4, 7))

    def gradient(parameters):
        loss.evaluate(parameters @ design.T, residuals)
        return residuals @ design

    gradient(parameters)
    hessians = loss.hessians(residuals.copy(), design)
    for place in np.ndindex(4, 3):
        moved = [parameters.copy(), parameters.copy()]
        for each, sign in zip(moved, (1, -1), strict=True):
            each[place] += sign * 1e-6
        column = (gradient(moved[0]) - gradient(moved[1])) / 2e-6
        if loss.problems == 1:
            expected = hessians[0].reshape(4, 3, 4, 3)[:, :, *place]
        else:
            expected = np.zeros((4, 3))
            expected[place[0]] = hessians[place[0], :, place[1]]
        np.testing.assert_allclose(column, expected, atol=1e-6)


@pytest.mark.parametrize("loss", losses_of_four_rows(50), ids=IDS)
def test_the_starting_intercepts_leave_no_derivative(loss):
    residuals = np.empty((4, 50))
    loss.evaluate(np.repeat(loss.starting_intercepts()[:, None], 50, axis=1), residuals)
    np.testing.assert_allclose(residuals.sum(axis=1), 0, atol=1e-7)


@pytest.mark.parametrize("loss", losses_of_four_rows(20)[:2], ids=IDS[:2])
def test_huge_logits_overflow_nowhere(loss):
    logits, residuals = 1e4 * RNG.normal(size=(4, 20)), np.empty((4, 20))
    with np.errstate(over="raise", invalid="raise"):
        assert np.isfinite(loss.evaluate(logits, residuals)).all()
    assert (np.abs(residuals) <= 1).all()


def test_tiny_losses_keep_their_digits():
    logits = np.array([[40.0], [0.0]])
    residuals = np.empty_like(logits)
    assert SigmoidCrossEntropy(np.array([[1.0]])).evaluate(logits[:1], residuals[:1])[
        0
    ] == pytest.approx(np.exp(-40.0), rel=1e-12)
    SoftmaxCrossEntropy(np.array([0]), 2).evaluate(logits, residuals)
    assert residuals[1, 0] == pytest.approx(np.exp(-40.0), rel=1e-12)


def test_one_vs_rest_problems_can_go_separate_ways():
    signs = np.array([[1.0, -1.0, 0.0], [1.0, 1.0, -1.0], [-1.0, 0.0, 1.0]])
    logits, residuals = RNG.normal(size=(3, 3)), np.empty((3, 3))
    together = SigmoidCrossEntropy(signs).evaluate(logits, residuals)
    some = SigmoidCrossEntropy(signs).only(np.array([True, False, True]))
    assert (some.problems, some.rows) == (2, 2)
    np.testing.assert_array_equal(some.evaluate(logits[[0, 2]], residuals[:2]), together[[0, 2]])
