import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from repro.classifiers import (
    L2_VALUES,
    ConvergenceWarning,
    logistic_regression_path,
    normalize,
    predict_scores,
    select_best,
)

TOLERANCE = 5e-4  # the default of logistic_regression_path
COMPARED = range(0, 45, 2)  # places in L2_VALUES; scikit-learn takes its time


def relu_features(n, d, num_classes, seed=0):
    """Non-negative, correlated, L2-normalized features around class means, and their labels."""
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(num_classes), rng.integers(num_classes, size=n)])[:n]
    hidden = rng.normal(size=(num_classes, 12))[labels] + 1.5 * rng.normal(size=(n, 12))
    features = np.maximum(hidden @ rng.normal(size=(12, d)) + rng.normal(size=(n, d)), 0)
    return normalize(features * np.exp(rng.normal(size=d) / 2)), labels


def multinomial_objective(coefs, intercepts, features, labels, l2):
    logits = features @ coefs.T + intercepts
    losses = logsumexp(logits, axis=1) - logits[np.arange(len(labels)), labels]
    return losses.sum() + 0.5 * l2 * (coefs**2).sum()


def multinomial_gradient(coefs, intercepts, features, labels, l2):
    logits = features @ coefs.T + intercepts
    residuals = np.exp(logits - logsumexp(logits, axis=1, keepdims=True))
    residuals[np.arange(len(labels)), labels] -= 1
    return np.column_stack([residuals.T @ features + l2 * coefs, residuals.sum(axis=0)])


def scikit_learn_path(features, labels, l2_values):
    """Cold fits, in float64, to the tightest tolerance of use, and whether each converged."""
    coefs, intercepts, converged = [], [], []
    for l2 in l2_values:
        model = LogisticRegression(C=1 / l2, tol=1e-8, max_iter=5000)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(features, labels)
        coefs.append(model.coef_)
        intercepts.append(model.intercept_)
        converged.append(model.n_iter_.max() < model.max_iter)
    return np.array(coefs), np.array(intercepts), np.array(converged)


def relative_difference(actual, expected):
    return np.linalg.norm(actual - expected) / np.linalg.norm(expected)


@pytest.fixture(scope="module", params=[(300, 40, 7), (60, 150, 5)], ids=["n>d", "n<d"])
def problem(request):
    n, d, num_classes = request.param
    features, labels = relu_features(2 * n, d, num_classes)
    train, test = (features[:n], labels[:n]), (features[n:], labels[n:])
    path = logistic_regression_path(*train, num_classes, L2_VALUES)
    return train, test, num_classes, path, scikit_learn_path(*train, L2_VALUES[COMPARED])


def test_the_values_are_the_papers():
    assert len(L2_VALUES) == 45
    assert (L2_VALUES[0], L2_VALUES[-1]) == pytest.approx((1e-6, 1e5))
    assert np.ptp(np.diff(np.log10(L2_VALUES))) < 1e-12


def test_no_objective_is_above_that_of_scikit_learn(problem):
    train, _, _, path, (coefs, intercepts, converged) = problem
    assert converged.any()
    for i, their_coefs, their_intercepts in zip(COMPARED, coefs, intercepts, strict=True):
        l2 = L2_VALUES[i]
        ours = multinomial_objective(path.coefs[i], path.intercepts[i], *train, l2)
        theirs = multinomial_objective(their_coefs, their_intercepts, *train, l2)
        assert ours <= theirs * (1 + 1e-6)
        assert path.objective[i] == pytest.approx(ours, rel=1e-9)


def test_coefficients_are_those_of_scikit_learn(problem):
    _, _, _, path, (coefs, intercepts, converged) = problem
    compared = [(i, k) for k, i in enumerate(COMPARED) if converged[k] and L2_VALUES[i] > 0.99e-2]
    assert len(compared) >= 10
    for i, k in compared:
        assert relative_difference(path.coefs[i], coefs[k]) < 1e-3
        centered = intercepts[k] - intercepts[k].mean()
        assert relative_difference(path.intercepts[i], centered) < 1e-3


def test_the_same_value_is_chosen_and_tests_as_well_as_scikit_learns(problem):
    _, (features, labels), _, path, (coefs, intercepts, _) = problem

    def accuracies(coefs, intercepts):
        scores = [predict_scores(*model, features) for model in zip(coefs, intercepts, strict=True)]
        return [np.mean(each.argmax(axis=1) == labels) for each in scores]

    ours = accuracies(path.coefs[COMPARED], path.intercepts[COMPARED])
    theirs = accuracies(coefs, intercepts)
    chosen = select_best(L2_VALUES[COMPARED], ours)
    assert chosen == select_best(L2_VALUES[COMPARED], theirs)
    assert ours[chosen] == theirs[chosen]


def test_every_gradient_meets_the_stated_bound(problem):
    train, _, _, path, _ = problem
    assert path.converged.all()
    for i, l2 in enumerate(L2_VALUES):
        gradient = multinomial_gradient(path.coefs[i], path.intercepts[i], *train, l2)
        bound = TOLERANCE * min(l2, 1.0) * np.linalg.norm(path.coefs[i])
        assert np.linalg.norm(gradient) <= 1.01 * bound + 1e-9
        assert path.gradient_norm[i] == pytest.approx(np.linalg.norm(gradient), rel=0.01, abs=1e-9)


def test_errors_stay_within_the_promised_ones(problem):
    train, _, num_classes, path, _ = problem
    exact = logistic_regression_path(*train, num_classes, L2_VALUES[::6], tolerance=1e-7)
    assert exact.converged.all()
    for i, j in enumerate(range(0, 45, 6)):
        assert relative_difference(path.coefs[j], exact.coefs[i]) <= TOLERANCE
        assert path.objective[j] <= exact.objective[i] * (1 + TOLERANCE**2)


def test_classes_share_no_common_part(problem):
    _, _, _, path, _ = problem
    np.testing.assert_allclose(path.intercepts.sum(axis=1), 0, atol=1e-9)
    sums = np.linalg.norm(path.coefs.sum(axis=1), axis=1)
    assert (sums <= 1e-3 * np.linalg.norm(path.coefs, axis=(1, 2))).all()


def test_a_value_on_its_own_has_the_solution_it_has_on_the_path(problem):
    train, _, num_classes, path, _ = problem
    for i in (0, 16, 30, 44):
        alone = logistic_regression_path(*train, num_classes, [L2_VALUES[i]])
        assert relative_difference(alone.coefs[0], path.coefs[i]) < 2 * TOLERANCE
        assert alone.objective[0] == pytest.approx(path.objective[i], rel=1e-6)


def test_a_warm_start_changes_the_iterations_but_not_the_solution(problem):
    train, _, num_classes, path, _ = problem
    warm = logistic_regression_path(
        *train, num_classes, [L2_VALUES[8]], initial=(path.coefs[8], path.intercepts[8])
    )
    assert warm.iterations[0] <= 1
    assert relative_difference(warm.coefs[0], path.coefs[8]) < TOLERANCE


def test_results_are_in_the_order_of_the_values_given():
    features, labels = relu_features(80, 10, 3)
    values = np.array([1e-2, 1e3, 1.0, 1e-4, 1.0])
    path = logistic_regression_path(features, labels, 3, values)
    coefs, intercepts, iterations, converged = path
    assert coefs.shape == (5, 3, 10) and intercepts.shape == (5, 3)
    assert iterations.shape == converged.shape == (5,)
    assert (np.argsort(np.linalg.norm(coefs, axis=(1, 2)))[::-1][:2] == [3, 0]).all()
    np.testing.assert_array_equal(coefs[2], coefs[4])
    for i, l2 in enumerate(values):
        assert path.objective[i] == pytest.approx(
            multinomial_objective(coefs[i], intercepts[i], features, labels, l2), rel=1e-9
        )


def one_vs_rest_labels(features, num_labels, seed):
    """Labels that linear functions of the features nearly give, some of them left out."""
    rng = np.random.default_rng(seed)
    scores = (features - features.mean(axis=0)) @ rng.normal(size=(features.shape[1], num_labels))
    scores += 0.5 * scores.std() * rng.normal(size=scores.shape)
    ranks = scores.argsort(axis=0).argsort(axis=0) / len(scores)
    labels = np.where(ranks > rng.uniform(0.5, 0.9, size=num_labels), 1, -1)
    labels[rng.random(labels.shape) < 0.05] = 0
    return labels


def test_one_vs_rest_is_independent_binary_fits_without_the_examples_left_out():
    features, _ = relu_features(200, 25, 4)
    labels = one_vs_rest_labels(features, 20, seed=1)
    values = np.array([1e-2, 1.0, 1e2])
    path = logistic_regression_path(features, labels, 20, values)
    assert path.converged.all()
    for c in range(20):
        counted = labels[:, c] != 0
        coefs, intercepts, converged = scikit_learn_path(
            features[counted], labels[counted, c], values
        )
        assert converged.all()
        for i in range(len(values)):
            assert relative_difference(path.coefs[i, c], coefs[i, 0]) < 1e-3
            assert path.intercepts[i, c] == pytest.approx(intercepts[i, 0], rel=2e-3, abs=2e-3)


def test_examples_left_out_of_a_class_do_not_matter_to_it():
    features, _ = relu_features(60, 8, 4)
    labels = one_vs_rest_labels(features, 2, seed=2)
    labels[:5, 0] = 0
    elsewhere = features.copy()
    elsewhere[:5] = features[5:10]
    first = logistic_regression_path(features, labels, 2, [0.1, 1.0], tolerance=1e-7)
    second = logistic_regression_path(elsewhere, labels, 2, [0.1, 1.0], tolerance=1e-7)
    np.testing.assert_allclose(first.coefs[:, 0], second.coefs[:, 0], rtol=1e-4, atol=1e-5)
    assert relative_difference(first.coefs[:, 1], second.coefs[:, 1]) > 1e-3


@given(
    n=st.integers(1, 30),
    d=st.integers(1, 12),
    num_classes=st.integers(1, 5),
    one_vs_rest=st.booleans(),
    l2=st.sampled_from([1e-4, 1e-1, 1e2]),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=40)
def test_any_small_problem_is_solved(n, d, num_classes, one_vs_rest, l2, seed):
    rng = np.random.default_rng(seed)
    features = np.maximum(rng.normal(size=(n, d)), 0)
    labels = (
        rng.integers(-1, 2, size=(n, num_classes))
        if one_vs_rest
        else rng.integers(num_classes, size=n)
    )
    path = logistic_regression_path(features, labels, num_classes, [l2])
    assert path.converged.all()
    assert np.isfinite(path.coefs).all() and np.isfinite(path.intercepts).all()


def test_constant_features_leave_the_class_frequencies():
    labels = np.array([0] * 5 + [1] * 3 + [2] * 2)
    path = logistic_regression_path(np.full((10, 4), 0.5), labels, 3, L2_VALUES)
    assert path.converged.all()
    np.testing.assert_allclose(path.coefs, 0, atol=1e-7)
    odds = np.exp(path.intercepts)
    np.testing.assert_allclose(odds / odds.sum(axis=1, keepdims=True), [[0.5, 0.3, 0.2]] * 45)


def test_one_constant_feature_beside_others_changes_nothing():
    features, labels = relu_features(80, 6, 3)
    wider = np.column_stack([features, np.full(80, 7.0)])
    path = logistic_regression_path(features, labels, 3, [1e-4, 1.0])
    with_it = logistic_regression_path(wider, labels, 3, [1e-4, 1.0])
    assert with_it.converged.all()
    np.testing.assert_allclose(with_it.coefs[..., -1], 0, atol=1e-6)
    assert relative_difference(with_it.coefs[..., :-1], path.coefs) < 2 * TOLERANCE


def test_separable_classes_are_solved_down_to_the_weakest_penalty():
    features = np.array([[0.0, 1.0], [0.1, 0.9], [1.0, 0.0], [0.9, 0.2], [0.5, 0.6], [0.6, 0.5]])
    labels = np.array([0, 0, 1, 1, 0, 1])
    path = logistic_regression_path(features, labels, 2, L2_VALUES)
    assert path.converged.all()
    scores = predict_scores(path.coefs[0], path.intercepts[0], features)
    assert (scores.argmax(axis=1) == labels).all()
    difference = path.coefs[0, 1] - path.coefs[0, 0]
    assert difference[0] > 50 and difference[0] == pytest.approx(-difference[1], rel=0.2)


def test_a_class_without_examples_is_never_predicted():
    features, labels = relu_features(60, 8, 3)
    path = logistic_regression_path(features, labels, 4, L2_VALUES)
    assert path.converged.all()
    for coefs, intercepts in zip(path.coefs, path.intercepts, strict=True):
        assert (predict_scores(coefs, intercepts, features).argmax(axis=1) < 3).all()


def test_a_hard_path_ends_in_few_iterations_at_the_same_solutions():
    """Few features of nearly separable classes: L-BFGS alone takes thousands of iterations."""
    rng = np.random.default_rng(3)
    labels = rng.integers(6, size=400)
    features = normalize(1.3 * rng.normal(size=(6, 10))[labels] + rng.normal(size=(400, 10)))
    path = logistic_regression_path(features, labels, 6, L2_VALUES[::4])
    assert path.converged.all()
    assert path.iterations.max() < 300
    for i in range(3):
        alone = logistic_regression_path(features, labels, 6, [L2_VALUES[4 * i]], tolerance=1e-6)
        assert relative_difference(path.coefs[i], alone.coefs[0]) < TOLERANCE


def test_unconverged_values_are_flagged_and_named():
    features, labels = relu_features(100, 20, 4)
    named = r"2 of 3 values of lambda: 0\.0001 \(2 iterations.*, 0\.01 \(2 iterations"
    with pytest.warns(ConvergenceWarning, match=named):
        path = logistic_regression_path(features, labels, 4, [1e-4, 1e5, 1e-2], max_iterations=2)
    assert path.converged.tolist() == [False, True, False]
    assert path.iterations[0] == 2
    bound = TOLERANCE * 1e-4 * np.linalg.norm(path.coefs[0])
    assert path.gradient_norm[0] > bound


def test_a_tolerance_beyond_rounding_is_flagged_rather_than_claimed():
    features, labels = relu_features(100, 20, 4)
    with pytest.warns(ConvergenceWarning):
        path = logistic_regression_path(
            1e6 * features, labels, 4, [1e-6], tolerance=1e-15, max_iterations=2000
        )
    assert not path.converged[0]
    assert np.isfinite(path.coefs).all()


def test_progress_is_told_after_every_value():
    features, labels = relu_features(40, 6, 2)
    calls = []
    logistic_regression_path(
        features, labels, 2, [1.0, 10.0, 1.0, 0.1], progress=lambda *call: calls.append(call)
    )
    assert calls == [(1, 4), (3, 4), (4, 4)]


def test_half_precision_and_integer_features_are_taken_as_numbers():
    features, labels = relu_features(50, 6, 2)
    coarse = np.round(10 * features)
    expected = logistic_regression_path(coarse, labels, 2, [1.0]).coefs
    for kind in (np.float16, np.float32, np.uint8):
        actual = logistic_regression_path(coarse.astype(kind), labels, 2, [1.0]).coefs
        np.testing.assert_allclose(actual, expected, rtol=1e-9)


def test_among_equal_metrics_the_larger_lambda_is_selected():
    assert select_best([1e-2, 1.0, 10.0, 100.0], [0.5, 0.9, 0.9, 0.2]) == 2
    assert select_best([10.0, 1.0, 1e-2], [0.9, 0.9, 0.9]) == 0
    assert select_best([1.0, 2.0], [0.8, 0.7]) == 0
    with pytest.raises(ValueError, match="1 of 2 validation metrics are NaN"):
        select_best([1.0, 2.0], [0.5, np.nan])
    with pytest.raises(ValueError, match=r"\[2\] and \[1\]"):
        select_best([1.0, 2.0], [0.5])


def test_normalized_rows_have_norm_one_and_zeros_stay():
    features = np.array([[3.0, 4.0], [0.0, 0.0], [1e-30, 0.0]], np.float32)
    np.testing.assert_allclose(normalize(features), [[0.6, 0.8], [0, 0], [1, 0]], rtol=1e-6)
    assert normalize(features).dtype == np.float32
    assert normalize([[3, 4]]).dtype == np.float64
    with pytest.raises(ValueError, match=r"\[n, d\]; they are \[2\]"):
        normalize([3.0, 4.0])


def test_scores_are_logits():
    scores = predict_scores([[1.0, 0.0], [0.0, 2.0]], [0.5, -0.5], [[1.0, 1.0]])
    np.testing.assert_allclose(scores, [[1.5, 1.5]])
    with pytest.raises(ValueError, match=r"\[2, 2\], \[2\] and \[1, 3\]"):
        predict_scores(np.eye(2), [0, 0], np.ones((1, 3)))


FEATURES = np.ones((4, 2))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features": np.ones(4)}, r"features must be numbers \[n, d\].*they are \[4\]"),
        ({"features": np.ones((0, 2))}, r"n and d at least 1; they are \[0, 2\]"),
        ({"features": np.where(np.eye(4)[:, :2], np.nan, 1)}, "2 of 8 features are NaN"),
        ({"labels": [0, 1, 2]}, r"labels must be \[4\], or \[4, 3\].*they are \[3\]"),
        ({"labels": [0, 1, 2, 3]}, r"must lie in \[0, 2\]; they span \[0, 3\]"),
        ({"labels": [0, 1, 2, -1]}, r"must lie in \[0, 2\]; they span \[-1, 2\]"),
        ({"labels": [0.0, 1.0, 2.0, 0.0]}, "labels must be integers; their type is float64"),
        ({"labels": np.full((4, 3), 2)}, r"must lie in \[-1, 1\]; they span \[2, 2\]"),
        ({"labels": np.ones((4, 3), bool)}, "labels must be integers; their type is bool"),
        ({"num_classes": 0}, "num_classes must be at least 1; it is 0"),
        ({"l2_values": [1.0, -1.0]}, r"l2_values must be .*\[1\.0, -1\.0\]"),
        ({"l2_values": [0.0]}, "positive numbers"),
        ({"l2_values": 1.0}, "l2_values must be a list"),
        ({"l2_values": [np.nan]}, "positive numbers"),
        ({"initial": (np.ones((3, 5)), np.ones(3))}, r"initial must be .*\[3, 5\] and \[3\]"),
        ({"initial": (np.full((3, 2), np.nan), np.ones(3))}, "initial holds numbers"),
        ({"tolerance": 0.0}, "tolerance must be positive"),
        ({"max_iterations": -1}, "max_iterations must be at least 0"),
    ],
)
def test_what_cannot_be_fitted_is_refused(change, message):
    arguments = {
        "features": FEATURES,
        "labels": [0, 1, 2, 0],
        "num_classes": 3,
        "l2_values": [1.0],
    } | change
    with pytest.raises(ValueError, match=message):
        logistic_regression_path(**arguments)


@pytest.mark.parametrize("l2", [1e-6, 1e-4, 0.1, 1.0, 100.0, 1e5])
@pytest.mark.parametrize("num_classes", [2, 4])
def test_labels_of_one_class_only_are_a_solved_problem(l2, num_classes):
    """The best coefficients are zero, to which no error is small in relation."""
    for seed in range(20):
        features = np.maximum(np.random.default_rng(seed).normal(size=(2, 11)), 0)
        path = logistic_regression_path(features, [1, 1], num_classes, [l2])
        assert path.converged.all()
        scores = predict_scores(path.coefs[0], path.intercepts[0], features)
        assert (scores.argmax(axis=1) == 1).all()
