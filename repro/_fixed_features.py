"""From a network's features of each split to a classifier chosen on validation (A.4, B)."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from repro import UserError, classifiers, metrics
from repro.datasets import DatasetSpec


@dataclass(frozen=True)
class Solution:
    """A fitted classifier.

    Attributes:
      scores: [n, classes] of the evaluated split.
      hyperparameters: chosen ones, for metrics.json.
      details: how they were chosen and the classifier found, for metrics.json.
    """

    scores: np.ndarray
    hyperparameters: dict[str, Any]
    details: dict[str, Any]


def solve(
    classifier: str,
    features: Mapping[str, np.ndarray],
    labels: Mapping[str, np.ndarray],
    dataset: DatasetSpec,
    *,
    refit: bool = True,
    tolerance: float,
    max_iterations: int,
    show_progress: bool,
) -> Solution:
    """Chooses on validation; then, if there is a test split, fits once more and scores that.

    Args:
      classifier: a key of `CLASSIFIERS`.
      features: [n, d] by split: train, validation and, unless validation is evaluated, test.
      labels: by split, as the data set has them.
      dataset: whose metric decides.
      refit: whether the last fit is to train + validation, and not to train alone.
      tolerance: of L-BFGS.
      max_iterations: of L-BFGS for one value of lambda.
      show_progress: progress bars on stderr.

    Raises:
      UserError: a feature is NaN or infinite.
    """
    for split, values in features.items():
        num_bad = values.size - np.count_nonzero(np.isfinite(values))
        if num_bad:
            raise UserError(
                f"{num_bad:,} of the {values.size:,} features of {split} are NaN or infinite. Is "
                "the checkpoint undamaged, and that of the network? `python -m repro.checkpoint` "
                "looks into it."
            )

    def fit(train: Sequence[str], values: Sequence[float], queries: str, words: str) -> "_Fits":
        examples = np.concatenate([features[split] for split in train])
        with tqdm(total=1, desc=words, disable=not show_progress) as bar:

            def progress(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            return CLASSIFIERS[classifier](
                examples,
                np.concatenate([labels[split] for split in train]),
                dataset.num_classes,
                values,
                features[queries],
                {"tolerance": tolerance, "max_iterations": max_iterations},
                progress,
            )

    name = "k" if classifier == "knn" else "lambda"
    candidates = values_of(classifier, len(features["train"]))
    fits = fit(["train"], candidates, "validation", f"choosing {name}")
    percents = [
        100 * float(metrics.compute(dataset.metric, labels["validation"], fits.scores(i)))
        for i in range(len(candidates))
    ]
    best = classifiers.select_best(candidates, percents)
    chosen = candidates[best]
    print(f"{name} = {chosen:.3g}: {percents[best]:.2f}% on validation")
    hyperparameters = _hyperparameters(classifier, chosen)
    values_name = "k_values" if classifier == "knn" else "l2_values"
    details = {values_name: list(candidates), "validation": percents, **fits.details()}
    if "test" not in features:
        return Solution(fits.scores(best), hyperparameters, details)
    fitted = ["train", "validation"] if refit else ["train"]
    final = fit(fitted, [chosen], "test", f"fit to {'+'.join(fitted)}")
    details["refit"] = {key: _only(value) for key, value in final.details().items()}
    return Solution(final.scores(0), hyperparameters, details)


def values_of(classifier: str, num_train: int) -> list[float]:
    """Returns the values that validation chooses from."""
    if classifier == "knn":
        return [k for k in classifiers.K_VALUES if k <= num_train]
    values = classifiers.L2_VALUES if classifier != "svm" else classifiers.SVM_L2_VALUES
    return [float(value) for value in values]


def _hyperparameters(classifier: str, chosen: float) -> dict[str, Any]:
    if classifier == "knn":
        return {"k": chosen}
    return {"l2": chosen} | ({"C": 1 / chosen} if classifier == "svm" else {})


def _only(value: Any) -> Any:
    return value[0] if isinstance(value, list) else value


@dataclass(frozen=True)
class _Fits:
    """Classifiers of several values.

    Attributes:
      scores: from the place of a value to the [n, classes] scores of the queries.
      details: returns what metrics.json says of the search for them.
    """

    scores: Callable[[int], np.ndarray]
    details: Callable[[], dict[str, Any]]


def _linear(path_of: Callable[..., classifiers.RegularizationPath]) -> Callable[..., _Fits]:
    """Returns a fit of linear classifiers, which prints a notice of those that have no solution."""

    def fit(features, labels, num_classes, values, queries, options, progress) -> _Fits:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", classifiers.ConvergenceWarning)
            path = path_of(features, labels, num_classes, values, progress=progress, **options)
        details = {
            "iterations": path.iterations.tolist(),
            "converged": path.converged.tolist(),
            "gradient_norm": path.gradient_norm.tolist(),
        }
        for warning in caught:
            if issubclass(warning.category, classifiers.ConvergenceWarning):
                details["notice"] = str(warning.message)
                tqdm.write(f"Notice: {warning.message}")
            else:
                warnings.warn_explicit(
                    warning.message, warning.category, warning.filename, warning.lineno
                )
        return _Fits(
            lambda i: classifiers.predict_scores(path.coefs[i], path.intercepts[i], queries),
            lambda: details,
        )

    return fit


def _nearest_neighbors(features, labels, num_classes, values, queries, options, progress) -> _Fits:
    del options  # of L-BFGS
    scores = classifiers.nearest_neighbor_scores(
        features, labels, num_classes, values, queries, progress=progress
    )
    return _Fits(lambda i: scores[i], dict)


CLASSIFIERS = {
    "logistic_regression": _linear(classifiers.logistic_regression_path),
    "svm": _linear(classifiers.svm_path),
    "knn": _nearest_neighbors,
}
