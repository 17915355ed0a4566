"""Logistic regression on a network's fixed penultimate features (Section 4.1, Appendix A.4).

python -m repro.logistic_regression --model=inception_v4 --dataset=aircraft
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from absl import flags
from tqdm import tqdm

from repro import _cell, _command, classifiers, datasets, metrics, networks
from repro.features import Forward
from repro.results import RunFolder
from repro.training import get_strategy

_TOLERANCE = flags.DEFINE_float(
    "tolerance", classifiers.TOLERANCE, "Where the solver stops; see classifiers."
)
_MAX_ITERATIONS = flags.DEFINE_integer(
    "max_iterations",
    classifiers.MAX_ITERATIONS,
    "Of L-BFGS for one value of lambda.",
    lower_bound=1,
)
_L2_NORMALIZE = flags.DEFINE_bool("l2_normalize", True, "Whether features are L2-normalized (A.4).")
_SETTING = "logistic_regression"


@dataclass(frozen=True)
class _Solution:
    """A fitted classifier: the logits it gives the evaluated split, and how it was found."""

    scores: np.ndarray
    l2: float
    details: dict


def main() -> None:
    """One run of one cell."""
    eval_split = _command.EVAL_SPLIT.value
    split_names = ("train", "validation", "test")[: 3 if eval_split == "test" else 2]
    cell = _cell.load(split_names, with_checkpoint=True)
    folder = RunFolder(
        Path(_command.RESULTS_DIR.value),
        _SETTING,
        cell.dataset.name,
        cell.network.name,
        cell.settings()
        | {
            "tolerance": _TOLERANCE.value,
            "max_iterations": _MAX_ITERATIONS.value,
            "l2_normalize": _L2_NORMALIZE.value,
        },
        {"seed": "seed", "eval_split": ""},
    )
    if cell.already_done(folder):
        return
    folder.create()
    folder.write_flags(_command.flags_text())
    features = _extract(cell)
    solution = _select_and_refit(cell, features)
    num_train = sum(len(cell.splits[name].ids) for name in split_names[:-1])
    cell.record(
        folder,
        _SETTING,
        solution.scores,
        num_train=num_train,
        hyperparameters={"l2": solution.l2, "l2_normalize": _L2_NORMALIZE.value},
        details=solution.details,
    )


def _extract(cell: _cell.Cell) -> dict[str, np.ndarray]:
    strategy = get_strategy(_command.STRATEGY.value)
    with strategy.scope():
        extractor = networks.folded(networks.feature_extractor(cell.create_model(strategy)))
    forward = Forward(extractor, strategy)
    features = {}
    for name, examples in cell.splits.items():
        with datasets.naming_bad_images(examples):
            features[name] = forward(
                cell.evaluation_batches(name),
                len(examples.ids),
                description=f"features of {name}",
                show_progress=_command.PROGRESS.value,
            )
    if _L2_NORMALIZE.value:
        features = {name: classifiers.normalize(values) for name, values in features.items()}
    return features


def _select_and_refit(cell: _cell.Cell, features: dict[str, np.ndarray]) -> _Solution:
    """Chooses lambda on validation; then, for the test, fits train + validation with it once."""
    labels = {name: examples.labels for name, examples in cell.splits.items()}
    path = _fit(features["train"], labels["train"], cell, classifiers.L2_VALUES, "choosing lambda")
    scores = [
        classifiers.predict_scores(coefs, intercepts, features["validation"])
        for coefs, intercepts in zip(path.coefs, path.intercepts, strict=True)
    ]
    values = [
        metrics.compute(cell.dataset.metric, labels["validation"], s, cell.dataset.num_classes)
        for s in scores
    ]
    best = classifiers.select_best(classifiers.L2_VALUES, values)
    details = {
        "l2_values": list(map(float, classifiers.L2_VALUES)),
        "validation": [100 * float(value) for value in values],
        "iterations": path.iterations.tolist(),
        "converged": path.converged.tolist(),
        "gradient_norm": path.gradient_norm.tolist(),
    }
    l2 = float(classifiers.L2_VALUES[best])
    print(f"lambda = {l2:.3g}: {100 * values[best]:.2f}% on validation")
    if _command.EVAL_SPLIT.value == "validation":
        return _Solution(scores[best], l2, details)
    both = _fit(
        np.concatenate([features["train"], features["validation"]]),
        np.concatenate([labels["train"], labels["validation"]]),
        cell,
        [l2],
        "refit on train+validation",
    )
    test_scores = classifiers.predict_scores(both.coefs[0], both.intercepts[0], features["test"])
    refit = {
        "iterations": int(both.iterations[0]),
        "converged": bool(both.converged[0]),
        "gradient_norm": float(both.gradient_norm[0]),
    }
    return _Solution(test_scores, l2, details | {"refit": refit})


def _fit(features, labels, cell: _cell.Cell, l2_values, description: str):
    with tqdm(
        total=len(l2_values),
        desc=description,
        unit=" values of lambda",
        disable=not _command.PROGRESS.value,
    ) as bar:
        return classifiers.logistic_regression_path(
            features,
            labels,
            cell.dataset.num_classes,
            l2_values,
            tolerance=_TOLERANCE.value,
            max_iterations=_MAX_ITERATIONS.value,
            progress=lambda done, _: bar.update(done - bar.n),
        )


if __name__ == "__main__":
    _command.run(main)
