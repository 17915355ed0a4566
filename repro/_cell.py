"""A cell of Table 5 as the common flags describe it.

It stands between the commands and the rooms: `load` turns flags into data and a checkpoint,
`Cell.record` ends a run.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from repro import UserError, _command, checkpoints, datasets, metrics, networks, preprocessing
from repro.datasets import DatasetSpec, Examples
from repro.networks import NetworkSpec
from repro.paper import paper_value
from repro.results import Predictions, RunFolder, RunMetrics
from repro.results.reading import closing_table


@dataclass(frozen=True)
class Cell:
    """What the common flags ask for, loaded.

    Attributes:
      network: of --model.
      dataset: of --dataset.
      image_size: height and width of the network's input.
      splits: examples by split name.
      checkpoint: files of the ImageNet checkpoint; None for random initialization.
      checkpoint_sha256: of those files.
      subset: {"per_class": n, "subset": k} if train is a few examples of each class, else None.
      is_only_one: whether the command runs no other; else it has a table of its own for all.
      started: when the command began, on the monotonic clock.
    """

    network: NetworkSpec
    dataset: DatasetSpec
    image_size: int
    splits: dict[str, Examples]
    checkpoint: Path | None
    checkpoint_sha256: str | None
    subset: dict[str, int] | None = None
    is_only_one: bool = True
    started: float = field(default_factory=time.monotonic)

    def settings(
        self, eval_split: str | None = None, split_names: Iterable[str] | None = None
    ) -> dict[str, Any]:
        """Returns what every setting's result depends on, for the name of the run folder.

        Args:
          eval_split: that is measured on; None: --eval_split.
          split_names: that are used; None: all that are loaded.
        """
        names = self.splits if split_names is None else split_names
        settings = {
            "image_size": self.image_size,
            "eval_split": eval_split or _command.EVAL_SPLIT.value,
            "seed": _command.SEED.value,
            "checkpoint": self.checkpoint_sha256,
            "splits": {name: self.splits[name].sha256 for name in names},
        }
        # A declared data set has always the same contents and metric.
        contents = self._contents()
        return settings | ({"metric": self.dataset.metric} | contents if contents else {})

    def _contents(self) -> dict[str, str]:
        """Tells a person's own data apart that have the same ids."""
        contents = next(iter(self.splits.values())).contents
        return {} if contents is None else {"contents": contents}

    def flags_text(self) -> str:
        """Returns the text of a flag file that repeats this cell's run, and no other's."""
        if self.is_only_one:
            return _command.flags_text()
        return _command.flags_text(model=self.network.name, dataset=self.dataset.name)

    def with_few_per_class(self, per_class: int, subset: int) -> "Cell":
        """Returns the cell with a few examples of each class of train, and no refit on more.

        Args:
          per_class: how many of each.
          subset: number of the draw.

        Raises:
          UserError: there are no such subsets; see `datasets.few_per_class`.
        """
        train = datasets.few_per_class(self.splits["train"], per_class, subset)
        splits = {name: each for name, each in self.splits.items() if "+" not in name}
        return replace(
            self,
            splits=splits | {"train": train},
            subset={"per_class": per_class, "subset": subset},
        )

    def create_model(
        self,
        strategy: tf.distribute.Strategy,
        *,
        mixed_precision: str = "off",
        **options: Any,
    ) -> keras.Model:
        """Builds the network for this data set under a strategy, and restores the checkpoint.

        The logits always start afresh, also where the checkpoint has as many classes.
        """
        keras.utils.set_random_seed(_command.SEED.value)
        shape = (self.image_size, self.image_size, 3)
        with strategy.scope(), _computing_in(mixed_precision):
            model = networks.create(self.network.name, self.dataset.num_classes, shape, **options)
            if self.checkpoint is not None:
                report = checkpoints.restore(model, self.checkpoint, restore_logits=False)
                print(report.summary())
        return model

    def training_batches(
        self, split: str, batch_size: int, steps: int
    ) -> Callable[[int, datasets.Share], tf.data.Dataset]:
        """Returns a function from the first step to a share of the batches that follow."""
        preprocess = preprocessing.for_training(self.network.preprocessing, self.image_size)

        def batches(first_step: int, share: datasets.Share) -> tf.data.Dataset:
            return datasets.training_batches(
                self.splits[split],
                preprocess,
                batch_size,
                steps,
                _command.SEED.value,
                first_step=first_step,
                share=share,
            )

        return batches

    def evaluation_batches(self, split: str) -> Callable[[datasets.Share], tf.data.Dataset]:
        """Returns a function from a share to its batches of (index, image, label) of the split."""
        preprocess = preprocessing.for_evaluation(self.network.preprocessing, self.image_size)
        return lambda share: datasets.evaluation_batches(
            self.splits[split], preprocess, _command.EVAL_BATCH_SIZE.value, share=share
        )

    def already_done(self, folder: RunFolder) -> bool:
        """Returns whether the run is complete and not asked for again, and then shows it."""
        found = folder.metrics
        if found is None or _command.RERUN.value:
            return False
        print(f"This run is complete; --rerun runs it again.\n\n{closing(folder, found)}")
        return True

    def record(
        self,
        folder: RunFolder | None,
        setting: str,
        eval_split: str,
        scores: np.ndarray,
        *,
        fitted: Sequence[str],
        hyperparameters: dict[str, Any],
        details: dict[str, Any],
        study: str | None = None,
    ) -> RunMetrics:
        """Measures, and writes the run folder's result.

        Args:
          folder: of the run; None in a process that writes nothing.
          setting: one of `results.metrics_json.SETTINGS`.
          eval_split: name of the split that is measured on.
          scores: logits `[n, classes]` of that split.
          fitted: names of the splits that the classifier was trained on.
          hyperparameters: for metrics.json.
          details: for metrics.json.
          study: that the run belongs to, if it is no cell of Table 5.
        """
        evaluated = self.splits[eval_split]
        value = metrics.compute(
            self.dataset.metric, evaluated.labels, scores, self.dataset.num_classes
        )
        result = RunMetrics(
            model=self.network.name,
            dataset=self.dataset.name,
            setting=setting,
            metric=self.dataset.metric,
            value=100 * value,
            eval_split=evaluated.split,
            n_test=len(evaluated.ids),
            n_train=sum(len(self.splits[name]) for name in fitted),
            paper_value=None
            if study
            else paper_value(self.network.name, self.dataset.name, setting),
            hyperparameters=hyperparameters,
            seed=_command.SEED.value,
            split_sha256={name: split.sha256 for name, split in self.splits.items()},
            checkpoint_sha256=self.checkpoint_sha256,
            seconds=time.monotonic() - self.started,
            details=details | self._contents(),
            n_test_complete=self.dataset.size(evaluated.split),
            study=study,
            **(self.subset or {}),
        )
        if folder is not None:
            folder.write_result(result, Predictions(evaluated.ids, evaluated.labels, scores))
        return result


def load(split_names: Sequence[str], *, with_checkpoint: bool) -> Cell:
    """Loads what the common flags name.

    Args:
      split_names: of the splits to load.
      with_checkpoint: whether the setting starts from ImageNet.

    Raises:
      UserError: for a flag that is missing or wrong; when both the data and the checkpoint are
        missing, one message tells of both.
    """
    started = time.monotonic()
    _command.required(_command.MODEL, _command.DATASET)
    network = networks.spec(_command.MODEL.value)
    dataset = dataset_spec(_command.DATASET.value)
    problems = []
    checkpoint, splits = None, {}
    if with_checkpoint:
        try:
            checkpoint = locate(network)
        except UserError as error:
            problems.append(str(error))
    try:
        splits = load_splits(dataset, split_names)
    except UserError as error:
        problems.append(str(error))
    if problems:
        raise UserError("\n\n".join(problems))
    return assemble(network, splits, checkpoint, started=started)


def dataset_spec(name: str) -> DatasetSpec:
    """Returns a data set's declaration; `UserError` if there is none."""
    return datasets.spec(name, seed=_command.SPLIT_SEED.value, metric=_command.METRIC.value)


def locate(network: NetworkSpec) -> Path:
    """Returns the files of a network's ImageNet checkpoint; `UserError` if there are none."""
    return checkpoints.locate(
        network.name, _command.CHECKPOINT_PATH.value, _command.CHECKPOINT_DIR.value
    )


def load_splits(dataset: DatasetSpec, split_names: Sequence[str]) -> dict[str, Examples]:
    """Loads splits of a data set, which is prepared first if need be, and prints its notes.

    Raises:
      UserError: it cannot be had, or not as the flags want it.
    """
    where = (_command.DATA_DIR.value, _command.MANUAL_DIR.value)
    datasets.prepare(dataset, *where, allow_partial=_command.ALLOW_PARTIAL.value)
    splits = {name: datasets.load(dataset, name, *where) for name in split_names}
    if _command.REQUIRE_FULL.value:
        _refuse_partial(splits.values())
    dataset = next(iter(splits.values())).spec
    for note in dataset.notes:
        print(f"{dataset.name}: {note}.")
    return splits


def assemble(
    network: NetworkSpec,
    splits: dict[str, Examples],
    checkpoint: Path | None,
    **more: Any,
) -> Cell:
    """Returns the cell of a network and of splits that are loaded.

    Args:
      network: which one.
      splits: examples by split name.
      checkpoint: files of its ImageNet checkpoint; None for random initialization.
      **more: other attributes of the `Cell`.
    """
    return Cell(
        network,
        next(iter(splits.values())).spec,
        _command.IMAGE_SIZE.value or network.image_size,
        splits,
        checkpoint,
        checkpoints.sha256_of(checkpoint) if checkpoint else None,
        **more,
    )


@contextmanager
def _computing_in(mixed_precision: str) -> Iterator[None]:
    """A context in which layers are made that compute in bfloat16, or in float32 if "off"."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32" if mixed_precision == "off" else "mixed_bfloat16")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _refuse_partial(splits: Iterable[datasets.Examples]) -> None:
    missing = [
        f"{split.split} has {len(split):,} of {complete:,} images"
        for split in splits
        for complete in [split.spec.size(split.split)]
        if len(split) < complete
    ]
    if missing:
        raise UserError(
            f"--require_full: {'; '.join(missing)}. Without that flag the result is recorded as "
            "one on partial data."
        )


def closing(folder: RunFolder, result: RunMetrics) -> str:
    """Returns the table of the cell's runs and the one line that a command ends with."""
    results_dir = Path(_command.RESULTS_DIR.value)
    return f"{closing_table(results_dir, folder.path, result)}\n\n{result}"
