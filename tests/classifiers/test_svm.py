import warnings

import numpy as np
import pytest
from sklearn.svm import LinearSVC

from repro.classifiers import SVM_L2_VALUES, ConvergenceWarning, predict_scores, svm_path
from repro.classifiers.losses import SquaredHinge


def blobs(n=150, d=12, num_classes=4, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(num_classes), rng.integers(num_classes, size=n)])[:n]
    return rng.normal(size=(num_classes, d))[labels] + 1.2 * rng.normal(size=(n, d)), labels


def objective(coefs, intercept, features, signs, l2):
    slack = np.maximum(0, 1 - signs * (features @ coefs + intercept))
    return (slack**2).sum() + 0.5 * l2 * (coefs**2).sum()


def liblinear(features, labels, l2):
    """LIBLINEAR's solution; a large scale leaves the intercept with nearly no penalty."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LinearSVC(
            C=1 / l2, dual=False, tol=1e-9, max_iter=100_000, intercept_scaling=1000.0
        )
        return model.fit(features, labels)


def test_the_values_of_c_go_from_1e_minus_5_to_1000():
    assert len(SVM_L2_VALUES) == 33
    assert (1 / SVM_L2_VALUES).max() == pytest.approx(1e3)
    assert (1 / SVM_L2_VALUES).min() == pytest.approx(1e-5)


@pytest.mark.parametrize("shape", [(150, 12), (30, 60)], ids=["n>d", "n<d"])
def test_each_class_against_the_rest_is_liblinears_solution(shape):
    features, labels = blobs(*shape)
    values = np.array([1e-3, 0.1, 1.0, 30.0])
    path = svm_path(features, labels, 4, values)
    assert path.converged.all()
    for i, l2 in enumerate(values):
        theirs = liblinear(features, labels, l2)
        for c in range(4):
            signs = np.where(labels == c, 1, -1)
            ours = objective(path.coefs[i, c], path.intercepts[i, c], features, signs, l2)
            least = objective(theirs.coef_[c], theirs.intercept_[c], features, signs, l2)
            assert ours <= least * (1 + 1e-6) + 1e-9
        if l2 >= 0.1:  # LIBLINEAR's solution is coarser than ours where C is large
            difference = np.linalg.norm(path.coefs[i] - theirs.coef_)
            assert difference < 2e-3 * np.linalg.norm(theirs.coef_)


def test_starting_intercepts_are_the_best_without_coefficients():
    labels = np.array([[1, 1, -1, 0.0], [-1, -1, -1, -1], [0, 0, 0, 0]])
    np.testing.assert_allclose(SquaredHinge(labels).starting_intercepts(), [1 / 3, -1, 0])


def test_examples_left_out_of_a_class_do_not_matter_to_it():
    features, classes = blobs(60)
    labels = np.where(np.arange(4) == classes[:, None], 1, -1)
    labels[:9, 0] = 0
    elsewhere = features.copy()
    elsewhere[:9] = 50.0
    kept = svm_path(features[9:], labels[9:], 4, [0.1])
    moved = svm_path(elsewhere, labels, 4, [0.1])
    np.testing.assert_allclose(moved.coefs[0, 0], kept.coefs[0, 0], rtol=1e-2, atol=1e-3)


def test_one_column_of_labels_is_one_problem_with_its_own_intercept():
    features, classes = blobs(60, num_classes=2)
    path = svm_path(features, np.where(classes == 0, 1, -1)[:, None], 1, [1.0])
    both = svm_path(features, classes, 2, [1.0])
    assert path.intercepts[0, 0] == pytest.approx(both.intercepts[0, 0], abs=1e-3)


@pytest.mark.parametrize("l2", [1e-3, 1.0, 1e5])
def test_degenerate_data_have_the_right_answer(l2):
    features, labels = blobs(40, num_classes=2)
    constant = svm_path(np.ones((40, 3)), labels, 2, [l2])
    assert constant.converged.all()
    np.testing.assert_allclose(constant.coefs, 0, atol=1e-6)
    one_class = svm_path(features, np.ones(40, int), 3, [l2])
    assert one_class.converged.all()
    scores = predict_scores(one_class.coefs[0], one_class.intercepts[0], features)
    assert (scores.argmax(axis=1) == 1).all()


def test_what_has_not_converged_is_named():
    features, labels = blobs()
    with pytest.warns(ConvergenceWarning, match=r"1 of 2 values of lambda: 0\.001 \(2 iterations"):
        path = svm_path(features, labels, 4, [1e-3, 1e5], max_iterations=2)
    assert path.converged.tolist() == [False, True]


def test_features_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="1 of 4 features are NaN"):
        svm_path([[1.0, 2.0], [np.nan, 0.0]], [0, 1], 2, [1.0])
