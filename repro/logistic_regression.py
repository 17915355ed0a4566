"""Classifiers on a network's fixed penultimate features (Section 4.1, Appendices A.4 and B).

python -m repro.logistic_regression --model=inception_v4 --dataset=aircraft
python -m repro.logistic_regression --model=all --dataset=all

The second runs every cell of Table 5 whose checkpoint and data are there and which is not done yet,
and says what the others lack. Features are kept in --features_dir and computed once.

--classifier=svm and --classifier=knn put Appendix B's other classifiers on the same features;
--classifier=augmented_logistic_regression trains the last layer on augmented images, 19,531 steps
of 256 (--steps, --batch_size), which goes on where it was stopped.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from absl import flags

from repro import (
    UserError,
    _augmented,
    _cell,
    _cells,
    _command,
    _features,
    _fixed_features,
    _training_flags,
    classifiers,
)
from repro._training_flags import BATCH_SIZE, CHECKPOINT_MINUTES, MIN_EPOCHS, PER_CLASS, STEPS
from repro.results import RunFolder
from repro.training import AugmentedConfig

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


def main() -> int:
    """One run of one cell, or of each of many."""
    setting, eval_split = _CLASSIFIER.value, _command.EVAL_SPLIT.value
    _refuse_flags_of_others(setting)
    # Without augmentation the features of train + validation are those of its parts.
    whole = ("train+validation",) if (setting, eval_split) == (_AUGMENTED, "test") else ()
    split_names = _split_names() + whole
    variants = _training_flags.variants()
    if _cells.are_asked_for():
        if variants != [None]:
            raise UserError("--per_class studies one cell: give one --model and one --dataset.")
        return _cells.run(split_names, _folder, _run)
    cell = _cell.load(split_names, with_checkpoint=True)
    for variant in variants:
        varied = cell if variant is None else cell.with_few_per_class(*variant)
        folder = _folder(varied)
        if not varied.already_done(folder):
            _run(varied, folder)
    return 0


def _split_names() -> tuple[str, ...]:
    """Returns what is chosen on, and where there is one what is tested on, last."""
    return ("train", "validation", "test")[: 3 if _command.EVAL_SPLIT.value == "test" else 2]


def _fitted(cell: _cell.Cell) -> tuple[str, ...]:
    """Returns the splits that the last classifier is fitted to."""
    if cell.subset or _command.EVAL_SPLIT.value == "validation":
        return ("train",)
    return ("train", "validation")


def _folder(cell: _cell.Cell) -> RunFolder:
    setting, subset = _CLASSIFIER.value, cell.subset or {}
    shown = {"seed": "seed", "eval_split": ""}
    return RunFolder(
        Path(_command.RESULTS_DIR.value),
        setting,
        cell.dataset.name,
        cell.network.name,
        cell.settings() | _settings(setting) | subset,
        {"per_class": "n", "subset": "subset"} | shown if subset else shown,
    )


def _run(cell: _cell.Cell, folder: RunFolder) -> None:
    setting = _CLASSIFIER.value
    folder.create()
    folder.write_flags(_flags_text(cell))
    extractor = _features.extractor(cell.network, cell.checkpoint, cell.image_size)
    details = {}
    if setting == _AUGMENTED:
        print(f"Run folder: {folder.path}")
        solution = _augmented.solve(
            cell,
            extractor.model,
            _augmented_config(),
            extractor.strategy,
            folder.path,
            minutes_between_checkpoints=CHECKPOINT_MINUTES.value,
            show_progress=_command.PROGRESS.value,
        )
    else:
        cache = _features.cache()
        features = {
            name: extractor.features(examples, cache) for name, examples in cell.splits.items()
        }
        details["features"] = {name: found.facts() for name, found in features.items()}
        solution = _fixed_features.solve(
            setting,
            {name: _normalized(found.values) for name, found in features.items()},
            {name: examples.labels for name, examples in cell.splits.items()},
            cell.dataset,
            refit=cell.subset is None,
            tolerance=_TOLERANCE.value,
            max_iterations=_MAX_ITERATIONS.value,
            show_progress=_command.PROGRESS.value,
        )
    result = cell.record(
        folder,
        setting,
        _command.EVAL_SPLIT.value,
        solution.scores,
        fitted=_fitted(cell),
        hyperparameters=solution.hyperparameters | {"l2_normalize": _L2_NORMALIZE.value},
        details=solution.details | details,
        study="dataset_size" if cell.subset else None,
    )
    print(f"\n{_cell.closing(folder, result)}" if cell.is_only_one else result)


def _flags_text(cell: _cell.Cell) -> str:
    if cell.subset is None:
        return cell.flags_text()
    per_class, subset = str(cell.subset["per_class"]), str(cell.subset["subset"])
    return _command.flags_text(per_class=per_class, subsets=subset)


def _refuse_flags_of_others(setting: str) -> None:
    """Raises `UserError` for a flag that the chosen classifier does not know, or names it."""
    if setting == _AUGMENTED and PER_CLASS.value:
        raise UserError(f"--per_class is not for --classifier={_AUGMENTED}.")
    if MIN_EPOCHS.value is not None:
        raise UserError(f"--min_epochs={MIN_EPOCHS.value:g} is for repro.finetune: leave it out.")
    unused = [
        flags.FLAGS[flag.name].serialize()
        for flag in (STEPS, BATCH_SIZE)
        if setting != _AUGMENTED and flag.value != flag.default
    ]
    if unused:  # no mistake: a flag file may be for several commands
        print(
            f"Not used: {', '.join(unused)}, which --classifier={_AUGMENTED} trains by; "
            f"--classifier={setting} does not train by steps."
        )


def _augmented_config() -> AugmentedConfig:
    return AugmentedConfig(
        l2_normalize=_L2_NORMALIZE.value,
        steps=_only_steps(),
        batch_size=BATCH_SIZE.value,
        seed=_command.SEED.value,
    )


def _only_steps() -> int:
    steps = _training_flags.steps()
    if len(steps) > 1:
        raise UserError(f"--steps={','.join(STEPS.value)}: give one number, of one run.")
    return steps[0]


def _settings(setting: str) -> dict[str, Any]:
    """Returns what the classifier's result depends on, for the name of the run folder."""
    if setting == _AUGMENTED:
        return asdict(_augmented_config())
    settings = {"l2_normalize": _L2_NORMALIZE.value}
    if setting != "knn":
        settings |= {"tolerance": _TOLERANCE.value, "max_iterations": _MAX_ITERATIONS.value}
    return settings


def _normalized(features: np.ndarray) -> np.ndarray:
    return classifiers.normalize(features) if _L2_NORMALIZE.value else features


if __name__ == "__main__":
    _command.run(main)
