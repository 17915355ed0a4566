"""From features to a classifier: choice on validation, refit, notices, several labels."""

import numpy as np
import pytest

from repro import UserError, datasets, metrics
from repro._fixed_features import CLASSIFIERS, Solution, solve
from repro.classifiers import K_VALUES, L2_VALUES, SVM_L2_VALUES, TOLERANCE, normalize

SIZES = {"train": 120, "validation": 60, "test": 60}


def examples(num_classes: int, several: bool, seed: int = 0):
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(num_classes, 16))
    features, labels = {}, {}
    for split, n in SIZES.items():
        classes = rng.integers(num_classes, size=n)
        features[split] = normalize(centers[classes] + rng.normal(size=(n, 16))).astype(np.float32)
        labels[split] = classes
        if several:
            signs = np.where(np.arange(num_classes) == classes[:, None], 1, -1)
            signs[rng.random(signs.shape) < 0.1] = 0  # difficult
            labels[split] = signs
    return features, labels


def solved(classifier, dataset="digits", splits=("train", "validation", "test"), **options):
    spec = datasets.spec(dataset)
    features, labels = examples(spec.num_classes, spec.multi_label)
    solution = solve(
        classifier,
        {split: features[split] for split in splits},
        labels,
        spec,
        **{"tolerance": TOLERANCE, "max_iterations": 2000, "show_progress": False} | options,
    )
    return solution, labels, spec


def percent(solution: Solution, labels: np.ndarray, spec) -> float:
    return 100 * metrics.compute(spec.metric, labels, solution.scores)


@pytest.mark.parametrize("dataset", ["digits", "voc2007"])
@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_every_classifier_is_chosen_on_validation_and_better_than_chance(classifier, dataset):
    solution, labels, spec = solved(classifier, dataset)
    assert solution.scores.shape == (60, spec.num_classes)
    chance = 100 / spec.num_classes
    assert percent(solution, labels["test"], spec) > 3 * chance
    details = solution.details
    values = details["k_values" if classifier == "knn" else "l2_values"]
    chosen = solution.hyperparameters["k" if classifier == "knn" else "l2"]
    best = max(details["validation"])
    assert details["validation"][values.index(chosen)] == best
    larger = [v for v, p in zip(values, details["validation"], strict=True) if v > chosen]
    assert all(details["validation"][values.index(value)] < best for value in larger)
    if classifier == "knn":
        assert values == [k for k in K_VALUES if k <= 120] and details["refit"] == {}
    else:
        assert len(values) == len(L2_VALUES if classifier != "svm" else SVM_L2_VALUES)
        assert len(details["iterations"]) == len(details["gradient_norm"]) == len(values)
        assert isinstance(details["refit"]["converged"], bool)


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_without_a_test_split_the_chosen_classifier_says_what_it_said_on_validation(classifier):
    solution, labels, spec = solved(classifier, splits=("train", "validation"))
    best = max(solution.details["validation"])
    assert percent(solution, labels["validation"], spec) == pytest.approx(best)
    assert "refit" not in solution.details


@pytest.mark.parametrize("classifier", ["logistic_regression", "svm"])
def test_a_value_without_a_solution_is_told_and_kept(capsys, classifier):
    solution, _, _ = solved(classifier, max_iterations=3)
    notice = solution.details["notice"]
    assert not all(solution.details["converged"])
    assert "has not converged at" in notice and "|gradient|" in notice
    assert f"Notice: {notice}" in capsys.readouterr().out


def test_without_a_failure_nothing_is_told(capsys):
    solution, _, _ = solved("logistic_regression")
    assert all(solution.details["converged"])
    assert "notice" not in solution.details
    assert "Notice" not in capsys.readouterr().out


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_features_that_are_not_finite_are_the_users_to_know(classifier):
    features, labels = examples(10, several=False)
    features["validation"][3, 2] = np.nan
    with pytest.raises(UserError, match=r"1 of the 960 features of validation are NaN"):
        solve(
            classifier,
            features,
            labels,
            datasets.spec("digits"),
            tolerance=TOLERANCE,
            max_iterations=10,
            show_progress=False,
        )
