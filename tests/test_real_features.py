"""The classifiers on features of real pictures, beside scikit-learn's.

By default those of the digits; all of Caltech-101 takes minutes and is marked slow.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from repro import checkpoints, datasets, networks, preprocessing
from repro._fixed_features import solve
from repro.classifiers import (
    L2_VALUES,
    TOLERANCE,
    logistic_regression_path,
    normalize,
    predict_scores,
    select_best,
)
from repro.features import Forward
from tests.networks.outputs import assign_recipe
from tests.shared import shared_path

COMPARED = L2_VALUES[::4]
MAX_ITERATIONS = 400  # of scikit-learn
CHECKPOINT, RECIPE = "mobilenet_v1_0.25", "mobilenet_v1"  # the weights of each
SIZES = {
    ("digits", CHECKPOINT): 64,
    ("digits", RECIPE): 32,
    ("caltech101", CHECKPOINT): 224,
    ("caltech101", RECIPE): 128,
}


@dataclass(frozen=True)
class Extracted:
    """L2-normalized float64 features of a data set and its labels, by split."""

    spec: datasets.DatasetSpec
    features: dict[str, np.ndarray]
    labels: dict[str, np.ndarray]

    def both(self) -> tuple[np.ndarray, np.ndarray]:
        return tuple(
            np.concatenate([parts["train"], parts["validation"]])
            for parts in (self.features, self.labels)
        )

    def accuracies(self, split: str, models) -> list[float]:
        scores = [predict_scores(*model, self.features[split]) for model in models]
        return [100 * np.mean(each.argmax(axis=1) == self.labels[split]) for each in scores]


def network(name: str, size: int):
    model = networks.create(name, 2, (size, size, 3))
    if name == CHECKPOINT:
        path = shared_path("checkpoints/mobilenet_v1_0.25_224")
        checkpoints.restore(model, checkpoints.locate(name, path, None), restore_logits=False)
    else:
        assign_recipe(model)
    return networks.folded(networks.feature_extractor(model))


@pytest.fixture(scope="session")
def extract(tmp_path_factory):
    """Features of a data set from a network, each made once."""
    data_dir, made = tmp_path_factory.mktemp("data"), {}

    def extracted(dataset: str, name: str) -> Extracted:
        if (dataset, name) not in made:
            spec, size = datasets.spec(dataset), SIZES[dataset, name]
            manual_dir = shared_path("data/caltech101") if dataset == "caltech101" else None
            forward = Forward(network(name, size), tf.distribute.get_strategy())
            prepare = preprocessing.for_evaluation(networks.spec(name).preprocessing, size)
            features, labels = {}, {}
            for split in ("train", "validation", "test"):
                examples = datasets.load(spec, split, data_dir, manual_dir)
                values = forward(
                    lambda share, examples=examples: datasets.evaluation_batches(
                        examples, prepare, 64, share=share
                    ),
                    len(examples),
                )
                features[split] = normalize(values.astype(np.float64))
                labels[split] = examples.labels
            made[dataset, name] = Extracted(spec, features, labels)
        return made[dataset, name]

    return extracted


def scikit_learn(
    features, labels, l2, max_iterations=MAX_ITERATIONS
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Coefficients and intercepts from a cold start, and whether it says that they converged."""
    model = LogisticRegression(C=1 / l2, tol=1e-8, max_iter=max_iterations)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(features, labels)
    return model.coef_, model.intercept_, model.n_iter_.max() < max_iterations


def objective(coefs, intercepts, features, labels, l2) -> float:
    logits = predict_scores(coefs, intercepts, features)
    losses = logsumexp(logits, axis=1) - logits[np.arange(len(labels)), labels]
    return losses.sum() + 0.5 * l2 * (coefs**2).sum()


def relative_difference(actual, expected) -> float:
    return np.linalg.norm(actual - expected) / np.linalg.norm(expected)


def compare_with_scikit_learn(extracted: Extracted, l2_values=COMPARED) -> None:
    train = extracted.features["train"], extracted.labels["train"]
    num_classes = extracted.spec.num_classes
    path = logistic_regression_path(*train, num_classes, l2_values)
    assert path.converged.all()
    exact = logistic_regression_path(*train, num_classes, l2_values, tolerance=TOLERANCE / 1000)
    norms = np.linalg.norm(path.coefs, axis=(1, 2))
    bound = TOLERANCE * np.minimum(l2_values, 1.0) * norms + 1e-12 * len(train[0])
    assert (path.gradient_norm <= np.maximum(bound, 1e-8 * np.sqrt(len(train[0])))).all()
    theirs = [scikit_learn(*train, l2) for l2 in l2_values]
    for i, (l2, (coefs, intercepts, converged)) in enumerate(zip(l2_values, theirs, strict=True)):
        least = objective(coefs, intercepts, *train, l2)
        assert path.objective[i] <= least * (1 + 1e-6)
        if converged and 0.99e-2 < l2 < 1e4:  # beyond, scikit-learn stops after a step or two
            ours = np.column_stack([path.coefs[i], path.intercepts[i]])
            theirs_centered = np.column_stack([coefs, intercepts - intercepts.mean()])
            assert relative_difference(ours, theirs_centered) < 1e-3
        if l2 > 0.99e-2:
            # Intercepts alone beside a solution a thousand times as exact: scikit-learn's are up to
            # 4e-3 from it where classes are about equally frequent, and so the intercepts small.
            assert relative_difference(path.coefs[i], exact.coefs[i]) < 1e-4
            off = np.linalg.norm(path.intercepts[i] - exact.intercepts[i])
            assert off < 1e-3 * np.linalg.norm(exact.intercepts[i]) + 1e-6
    # Where scikit-learn stops short of the solution, there is nothing to choose between.
    least = np.array(
        [objective(*model[:2], *train, l2) for model, l2 in zip(theirs, l2_values, strict=True)]
    )
    solved = np.flatnonzero(least <= path.objective * (1 + 1e-3))
    assert len(solved) >= 8
    ours = extracted.accuracies("validation", [(path.coefs[i], path.intercepts[i]) for i in solved])
    values = extracted.accuracies("validation", [theirs[i][:2] for i in solved])
    best = solved[select_best(l2_values[solved], ours)]
    assert best == solved[select_best(l2_values[solved], values)]

    refit = logistic_regression_path(*extracted.both(), num_classes, l2_values[[best]])
    their_refit = scikit_learn(*extracted.both(), l2_values[best], 10 * MAX_ITERATIONS)
    models = [(refit.coefs[0], refit.intercepts[0]), their_refit[:2]]
    our_test, their_test = extracted.accuracies("test", models)
    assert our_test == pytest.approx(their_test, abs=0.1)


def percents_of(extracted: Extracted) -> dict[str, float]:
    """Test accuracy of each classifier, its hyperparameter chosen on validation."""
    percents = {}
    for classifier in ("logistic_regression", "svm", "knn"):
        solution = solve(
            classifier,
            extracted.features,
            extracted.labels,
            extracted.spec,
            tolerance=TOLERANCE,
            max_iterations=5000,
            show_progress=False,
        )
        right = solution.scores.argmax(axis=1) == extracted.labels["test"]
        percents[classifier] = 100 * right.mean()
    print(extracted.spec.name, {name: f"{value:.2f}%" for name, value in percents.items()})
    return percents


@pytest.mark.slow
def test_logistic_regression_is_scikit_learns_on_digits(extract):
    compare_with_scikit_learn(extract("digits", CHECKPOINT), COMPARED[3:])


@pytest.mark.slow
@pytest.mark.parametrize("name", [CHECKPOINT, RECIPE])
def test_logistic_regression_is_scikit_learns_on_digits_at_every_strength(extract, name):
    compare_with_scikit_learn(extract("digits", name))


@pytest.mark.slow
@pytest.mark.parametrize("name", [CHECKPOINT, RECIPE])
def test_logistic_regression_is_scikit_learns_on_caltech101(extract, name):
    compare_with_scikit_learn(extract("caltech101", name))


def test_an_svm_is_about_as_good_as_logistic_regression_on_digits(extract):
    percents = percents_of(extract("digits", CHECKPOINT))
    assert percents["svm"] == pytest.approx(percents["logistic_regression"], abs=1.5)
    assert percents["knn"] > 80


@pytest.mark.slow
def test_an_svm_is_about_as_good_on_caltech101_and_nearest_neighbors_are_worse(extract):
    percents = percents_of(extract("caltech101", CHECKPOINT))
    assert percents["svm"] == pytest.approx(percents["logistic_regression"], abs=1.5)
    assert percents["knn"] < min(percents["svm"], percents["logistic_regression"])
