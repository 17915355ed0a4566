"""Classifiers on a network's fixed penultimate features (Section 4.1, Appendices A.4 and B).

python -m repro.logistic_regression --model=inception_v4 --dataset=aircraft

--classifier=svm and --classifier=knn put Appendix B's other classifiers on the same features;
--classifier=augmented_logistic_regression trains the last layer on augmented images, 19,531 steps
of 256 (--steps, --batch_size), which goes on where it was stopped.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from absl import flags

from repro import (
    UserError,
    _augmented,
    _cell,
    _command,
    _fixed_features,
    classifiers,
    datasets,
    networks,
)
from repro._training_flags import BATCH_SIZE, CHECKPOINT_MINUTES, STEPS
from repro.features import Forward
from repro.results import RunFolder
from repro.training import AugmentedConfig, get_strategy

_AUGMENTED = "augmented_logistic_regression"
_CLASSIFIER = flags.DEFINE_enum(
    "classifier",
    "logistic_regression",
    [*_fixed_features.CLASSIFIERS, _AUGMENTED],
    "What is put on the features: the paper's main choice, or one of its Appendix B.",
)
_TOLERANCE = flags.DEFINE_float(
    "tolerance",
    classifiers.TOLERANCE,
    "Where L-BFGS stops: the relative error of the coefficients, at most.",
    lower_bound=1e-12,
)
_MAX_ITERATIONS = flags.DEFINE_integer(
    "max_iterations",
    classifiers.MAX_ITERATIONS,
    "Of L-BFGS for one value of lambda.",
    lower_bound=1,
)
_L2_NORMALIZE = flags.DEFINE_bool("l2_normalize", True, "Whether features are L2-normalized (A.4).")


def main() -> None:
    """One run of one cell."""
    setting, eval_split = _CLASSIFIER.value, _command.EVAL_SPLIT.value
    _refuse_flags_of_others(setting)
    split_names = ("train", "validation", "test")[: 3 if eval_split == "test" else 2]
    # Without augmentation the features of train + validation are those of its parts.
    whole = ("train+validation",) if (setting, eval_split) == (_AUGMENTED, "test") else ()
    cell = _cell.load(split_names + whole, with_checkpoint=True)
    folder = RunFolder(
        Path(_command.RESULTS_DIR.value),
        setting,
        cell.dataset.name,
        cell.network.name,
        cell.settings() | _settings(setting),
        {"seed": "seed", "eval_split": ""},
    )
    if cell.already_done(folder):
        return
    folder.create()
    folder.write_flags(_command.flags_text())
    strategy = get_strategy(_command.STRATEGY.value)
    extractor = _extractor(cell, strategy)
    if setting == _AUGMENTED:
        print(f"Run folder: {folder.path}")
        solution = _augmented.solve(
            cell,
            extractor,
            _augmented_config(),
            strategy,
            folder.path,
            minutes_between_checkpoints=CHECKPOINT_MINUTES.value,
            show_progress=_command.PROGRESS.value,
        )
    else:
        solution = _fixed_features.solve(
            setting,
            _extract(cell, extractor, strategy),
            {name: examples.labels for name, examples in cell.splits.items()},
            cell.dataset,
            tolerance=_TOLERANCE.value,
            max_iterations=_MAX_ITERATIONS.value,
            show_progress=_command.PROGRESS.value,
        )
    cell.record(
        folder,
        setting,
        solution.scores,
        num_train=sum(len(cell.splits[name].ids) for name in split_names[:-1]),
        hyperparameters=solution.hyperparameters | {"l2_normalize": _L2_NORMALIZE.value},
        details=solution.details,
    )


def _refuse_flags_of_others(setting: str) -> None:
    """Raises `UserError` for a flag that the chosen classifier does not use."""
    for flag in (STEPS, BATCH_SIZE):
        if setting != _AUGMENTED and flag.value != flag.default:
            raise UserError(
                f"--{flag.name}={flag.value} is for --classifier={_AUGMENTED}; "
                f"--classifier={setting} does not train by steps. Leave one of the two out."
            )


def _augmented_config() -> AugmentedConfig:
    return AugmentedConfig(
        l2_normalize=_L2_NORMALIZE.value,
        steps=STEPS.value,
        batch_size=BATCH_SIZE.value,
        seed=_command.SEED.value,
    )


def _settings(setting: str) -> dict[str, Any]:
    """Returns what the classifier's result depends on, for the name of the run folder."""
    if setting == _AUGMENTED:
        return asdict(_augmented_config())
    settings = {"l2_normalize": _L2_NORMALIZE.value}
    if setting != "knn":
        settings |= {"tolerance": _TOLERANCE.value, "max_iterations": _MAX_ITERATIONS.value}
    return settings


def _extractor(cell: _cell.Cell, strategy: tf.distribute.Strategy) -> keras.Model:
    """Returns the network up to its features, of inference only."""
    with strategy.scope():
        return networks.folded(networks.feature_extractor(cell.create_model(strategy)))


def _extract(
    cell: _cell.Cell, extractor: keras.Model, strategy: tf.distribute.Strategy
) -> dict[str, np.ndarray]:
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


if __name__ == "__main__":
    _command.run(main)
