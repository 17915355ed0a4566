"""Fine-tunes a network on a data set, or trains it from random initialization, and tests it once.

python -m repro.finetune --model=inception_v4 --dataset=aircraft
python -m repro.finetune --flagfile=flags/paper/finetune.flags --model=inception_v4 --dataset=cars

The second searches the paper's grid on validation (--grid), then trains on train + validation with
the best point. Any number of processes with the same command share the search. --dry_run says what
it would cost. Several --steps are the study of convergence (Section 4.5), --per_class that of the
data set's size (Section 4.6).
"""

import gc
import math
from collections.abc import Mapping
from dataclasses import replace

import keras
from absl import flags

from repro import UserError, _cell, _command, _selected, _training_flags
from repro._grid import GridSearch
from repro._training_flags import BATCH_SIZE, MIN_EPOCHS
from repro._training_runs import Options, TrainingRuns
from repro.datasets import several_workers
from repro.training import (
    TrainingConfig,
    get_strategy,
    imagenet_settings,
    make_deterministic,
)
from repro.training.config import PRECISIONS
from repro.training.grid import GridPoint, grid, paper_grid

_INIT = flags.DEFINE_enum(
    "init", "imagenet", ["imagenet", "random"], "Where the weights start from."
)
_LEARNING_RATE = flags.DEFINE_float("learning_rate", 0.01, "At the first step of the cosine.")
_WEIGHT_DECAY_RATIO = flags.DEFINE_float(
    "weight_decay_ratio", 1e-5, "The paper's weight decay to learning rate ratio."
)
_WEIGHT_DECAY_RULE = flags.DEFINE_enum(
    "weight_decay_rule",
    "divide",
    ["divide", "multiply"],
    "L2 coefficient from the ratio: divide by or multiply with the initial learning rate.",
)
_SELECTED = flags.DEFINE_bool(
    "selected", False, "Takes learning rate and ratio from this cell's complete run with --grid."
)
_GRID = flags.DEFINE_bool(
    "grid", False, "Chooses learning rate and ratio on validation, then trains with the best."
)
_GRID_LEARNING_RATES = flags.DEFINE_list(
    "grid_learning_rates", None, "Of --grid; default: the paper's 7."
)
_GRID_RATIOS = flags.DEFINE_list(
    "grid_weight_decay_ratios", None, "Of --grid; default: the paper's 7 and 0."
)
_RATE_DIVISOR = flags.DEFINE_float(
    "learning_rate_divisor", 1.0, "Of the learning rates of the paper's grid.", lower_bound=1e-6
)
_STORAGE = flags.DEFINE_string(
    "storage",
    None,
    "SQLAlchemy URL of the search's database, such as postgresql://user@host/name for many "
    "machines; default: grids.db in --results_dir.",
)
_DRY_RUN = flags.DEFINE_bool("dry_run", False, "Only says what --grid would run, and its cost.")
_LABEL_SMOOTHING = flags.DEFINE_float(
    "label_smoothing", None, "Default: as the network was trained on ImageNet."
)
_AUXILIARY_WEIGHT = flags.DEFINE_float(
    "auxiliary_weight", None, "Of the auxiliary loss; default: as on ImageNet; 0: no such head."
)
_CLIP_NORM = flags.DEFINE_float(
    "clip_norm", None, "Largest norm of a gradient; default: as on ImageNet; 0: no clipping."
)
_MICROBATCH = flags.DEFINE_integer(
    "microbatch",
    None,
    "Images of a replica that are in memory together, for small cards; their gradients are summed. "
    "The same result but for batch normalization, which sees that many. Default: all.",
)
_MIXED_PRECISION = flags.DEFINE_enum(
    "mixed_precision", "off", PRECISIONS, "What activations are computed in; weights are float32."
)
_JIT_COMPILE = flags.DEFINE_bool(
    "jit_compile", False, "Whether XLA compiles the training step; its dropout draws others."
)
_DETERMINISTIC = flags.DEFINE_bool(
    "deterministic", False, "Whether the same command gives the same bits, at some cost in time."
)
_STUDY = flags.DEFINE_enum(
    "study",
    None,
    ["convergence"],
    "Of which the run is a point, and no result of Table 5; several --steps are of convergence.",
)
_EXPORT_CHECKPOINT = flags.DEFINE_string(
    "export_checkpoint", None, "Also write the trained weights as a TF-Slim V2 checkpoint here."
)

_OF_A_SEARCH = ("grid_learning_rates", "grid_weight_decay_ratios", "storage")


def main() -> None:
    """The runs of one cell."""
    if _DETERMINISTIC.value:
        make_deterministic(_command.SEED.value)
    # Before anything else uses the devices.
    strategy = get_strategy(_command.STRATEGY.value, _command.TPU.value)
    variants, steps = _training_flags.variants(), _training_flags.steps()
    _refuse_contradictions(several_workers(strategy), variants, steps)
    points = _points() if _GRID.value else ()
    cell = _cell.load(_split_names(variants), with_checkpoint=_INIT.value == "imagenet")
    for variant in variants:
        varied = cell if variant is None else cell.with_few_per_class(*variant)
        jobs = _Jobs(varied, strategy, points, _study(variant, steps))
        for number in steps:
            jobs.run(number)
        del jobs
        keras.backend.clear_session()
        gc.collect()  # of the network's weights, before the next one's are made


class _Jobs:
    """What is run with one training set: for each number of steps a run, or a grid and its best."""

    def __init__(
        self, cell: _cell.Cell, strategy, points: tuple[GridPoint, ...], study: str | None
    ):
        self._cell = cell
        self._grid = points
        setting = "random_init" if _INIT.value == "random" else "finetune"
        options = Options(
            checkpoint_minutes=_training_flags.CHECKPOINT_MINUTES.value,
            tensorboard=_training_flags.TENSORBOARD.value,
            jit_compile=_JIT_COMPILE.value,
            show_progress=_command.PROGRESS.value,
            rerun=_command.RERUN.value,
        )
        self._refits = not cell.subset and not _evaluates_validation()
        fitted = "train+validation" if self._refits else "train"
        self._final = TrainingRuns(
            cell, setting, fitted, _command.EVAL_SPLIT.value, strategy, options, study
        )
        if not points:
            return
        splits = {name: cell.splits[name] for name in ("train", "validation")}
        # A search's points are never run again for --rerun: their results are in the study.
        self._points = TrainingRuns(
            replace(cell, splits=splits),
            setting,
            *splits,
            strategy,
            replace(options, rerun=False),
            study,
        )

    def run(self, steps: int) -> None:
        if not self._grid:
            self._finish(self._config(steps, self._final))
            return
        search = GridSearch(
            self._points,
            self._config(steps, self._points),
            self._grid,
            self._flags_of_point,
            keeps_best=not self._refits,
        )
        if _DRY_RUN.value:
            print(search.describe())
            return
        best, details = search.search(_STORAGE.value)
        final = replace(best, steps=self._steps(steps, self._final))
        # Without a refit the weights to test are those that the search has already trained.
        trained = None if self._refits else self._points.folder(best)
        self._finish(final, details=details, trained=trained)

    def _finish(self, config: TrainingConfig, **options) -> None:
        runs = self._final
        folder = runs.folder(config)
        if folder.metrics is not None and not _command.RERUN.value:
            print("This run is complete; --rerun runs it again.\n")
        result = runs.run(
            config, self._flags(config), export_to=_EXPORT_CHECKPOINT.value, **options
        )
        print(f"\n{_cell.closing(folder, result) if runs.writes else result}")

    def _config(self, steps: int, runs: TrainingRuns) -> TrainingConfig:
        settings = imagenet_settings(self._cell.network)
        given = {
            "label_smoothing": _LABEL_SMOOTHING.value,
            "auxiliary_weight": _AUXILIARY_WEIGHT.value,
            "clip_norm": _CLIP_NORM.value,
        }
        settings |= {name: value for name, value in given.items() if value is not None}
        settings["clip_norm"] = settings["clip_norm"] or None
        point = self._point()
        return TrainingConfig(
            learning_rate=point.learning_rate,
            weight_decay_ratio=point.weight_decay_ratio,
            weight_decay_rule=_WEIGHT_DECAY_RULE.value,
            steps=self._steps(steps, runs),
            batch_size=BATCH_SIZE.value,
            seed=_command.SEED.value,
            microbatch=_MICROBATCH.value,
            mixed_precision=_MIXED_PRECISION.value,
            **settings,
        )

    def _point(self) -> GridPoint:
        if _SELECTED.value:
            return _selected.of_cell(self._cell, self._final.setting)
        return GridPoint(_LEARNING_RATE.value, _WEIGHT_DECAY_RATIO.value)

    def _steps(self, steps: int, runs: TrainingRuns) -> int:
        """Returns the larger of two minima: "at least A steps or B epochs" (A.5, A.6)."""
        epochs = MIN_EPOCHS.value or 0
        return max(steps, math.ceil(epochs * runs.num_train / BATCH_SIZE.value))

    def _flags(self, config: TrainingConfig) -> Mapping[str, str | None]:
        """Returns what flags.txt says where this command runs more than the one run."""
        # A --storage may have a password in it.
        others = ("grid", "selected", "dry_run", "learning_rate_divisor", "min_epochs")
        instead = dict.fromkeys((*_OF_A_SEARCH, *others))
        instead["steps"] = str(config.steps)
        instead["learning_rate"] = repr(config.learning_rate)
        instead["weight_decay_ratio"] = repr(config.weight_decay_ratio)
        if self._final.study == "convergence":
            instead["study"] = self._final.study
        if self._cell.subset:
            instead["per_class"] = str(self._cell.subset["per_class"])
            instead["subsets"] = str(self._cell.subset["subset"])
        return instead

    def _flags_of_point(self, config: TrainingConfig) -> Mapping[str, str | None]:
        ours = {"eval_split": self._points.eval_split, "export_checkpoint": None}
        return {**self._flags(config), **ours}


def _split_names(variants: list) -> tuple[str, ...]:
    if _evaluates_validation():
        return ("train", "validation")
    searched = ("train", "validation") if _GRID.value else ()
    fitted = "train" if variants != [None] else "train+validation"
    return tuple(dict.fromkeys([*searched, fitted, "test"]))


def _evaluates_validation() -> bool:
    return _command.EVAL_SPLIT.value == "validation"


def _study(variant: tuple[int, int] | None, steps: list[int]) -> str | None:
    if variant is not None:
        return "dataset_size"
    return "convergence" if len(steps) > 1 else _STUDY.value


def _points() -> tuple[GridPoint, ...]:
    papers = paper_grid(_INIT.value, learning_rate_divisor=_RATE_DIVISOR.value)
    rates = dict.fromkeys(point.learning_rate for point in papers)
    ratios = dict.fromkeys(point.weight_decay_ratio for point in papers)
    return grid(
        _training_flags.numbers(_GRID_LEARNING_RATES) or list(rates),
        _training_flags.numbers(_GRID_RATIOS) or list(ratios),
    )


def _refuse_contradictions(several: bool, variants: list, steps: list[int]) -> None:
    subsets, exports = variants != [None], _EXPORT_CHECKPOINT.value is not None
    for first, second, bad, reason in (
        ("grid", "selected", _GRID.value and _SELECTED.value, "both choose the learning rate"),
        ("steps", "per_class", len(steps) > 1 and subsets, "they are two studies"),
        ("study", "per_class", _STUDY.value and subsets, "they are two studies"),
        ("grid", "strategy", _GRID.value and several, "workers share a run, not a search"),
        ("export_checkpoint", "steps", exports and len(steps) > 1, "one file for several runs"),
        ("export_checkpoint", "per_class", exports and subsets, "one file for several runs"),
    ):
        if bad:
            raise UserError(f"--{first} and --{second} cannot be used together: {reason}.")
    for name in _OF_A_SEARCH:
        if flags.FLAGS[name].value is not None and not _GRID.value:
            raise UserError(f"--{name} is of a search: give it with --grid, or leave it out.")
    if _DRY_RUN.value and not _GRID.value:
        raise UserError("--dry_run says what --grid would run: give both.")


if __name__ == "__main__":
    _command.run(main)
