"""Many cells of Table 5 in one process: --model=all --dataset=all, or names with commas.

What is neither prepared nor complete in --manual_dir is missing, and is not downloaded. One cell
that fails does not stop the others. A table at the end says of every cell what became of it.
"""

import gc
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import keras
from absl import flags

from repro import UserError, _cell, _command, networks, paper
from repro._cell import Cell
from repro.checkpoints import location
from repro.datasets import DatasetSpec, Examples, inventory
from repro.datasets.registry import OWN
from repro.networks import NetworkSpec
from repro.results import RunFolder, RunMetrics
from repro.results.text_table import text_table
from repro.training import InterruptedRunError

ALL = "all"
FAILED, MISSING = 1, 3  # exit statuses: some cell failed; none did, but some could not be run
_DONE, _DONE_BEFORE = "done", "was done before"


def are_asked_for() -> bool:
    """Whether --model and --dataset name more than one cell."""
    values = (_command.MODEL.value, _command.DATASET.value)
    return None not in values and any(value == ALL or _is_list(value) for value in values)


def run(
    split_names: Sequence[str],
    folder_of: Callable[[Cell], RunFolder],
    run_cell: Callable[[Cell, RunFolder], None],
) -> int:
    """Runs what can be run and is not done, and prints what became of every cell.

    Args:
      split_names: of the splits that a cell needs.
      folder_of: from a cell to its run's folder.
      run_cell: runs one, and leaves its result in the folder.

    Returns:
      The exit status: 0 if all cells are done, else `FAILED` or `MISSING`.

    Raises:
      UserError: for a name that does not exist.
    """
    specs = [networks.spec(name) for name in _names(_command.MODEL, paper.table5_networks())]
    names = _names(_command.DATASET, paper.DATASET_COLUMNS)
    declared = [_cell.dataset_spec(name) for name in names]
    if _command.CHECKPOINT_PATH.value and len(specs) > 1:
        raise UserError(
            f"--checkpoint_path is of one network, and --model={_command.MODEL.value} are "
            f"{len(specs)}. Give --checkpoint_dir, a folder with a folder for each."
        )
    outcome = _Outcome(len(specs) * len(declared))
    try:
        for dataset in declared:
            _run_dataset(dataset, specs, split_names, folder_of, run_cell, outcome)
    finally:
        print(f"\n{outcome}")
    return outcome.exit_status


@dataclass
class _Outcome:
    """What became of the cells so far.

    Attributes:
      total: cells that were asked for.
      rows: (network, data set, result if there is one, what became of it).
      missing: why cells were left out -> how many.
    """

    total: int
    rows: list[tuple[str, str, RunMetrics | None, str]] = field(default_factory=list)
    missing: dict[str, int] = field(default_factory=dict)

    def leave_out(self, reason: str, cells: int = 1) -> None:
        self.missing[reason] = self.missing.get(reason, 0) + cells

    @property
    def num_failed(self) -> int:
        return sum(metrics is None for _, _, metrics, _ in self.rows)

    @property
    def exit_status(self) -> int:
        if self.num_failed:
            return FAILED
        return 0 if len(self.rows) == self.total else MISSING

    def __str__(self) -> str:
        parts = []
        if self.rows:
            header = ("network", "data set", "percent", "paper", "difference", "")
            parts.append(text_table([header, *self._texts()], right_aligned={2, 3, 4}))
        if self.missing:
            lines = [f"  {number:>4}  {reason}" for reason, number in self.missing.items()]
            parts.append("\n".join(["Cells that are missing something:", *lines]))
        counts = {
            "done": sum(text == _DONE for *_, text in self.rows),
            "done before": sum(text == _DONE_BEFORE for *_, text in self.rows),
            "failed": self.num_failed,
            "missing something": sum(self.missing.values()),
        }
        counts["not reached"] = self.total - len(self.rows) - sum(self.missing.values())
        said = ", ".join(f"{number} {what}" for what, number in counts.items() if number)
        parts.append(f"{self.total} cells: {said}.")
        return "\n\n".join(parts)

    def _texts(self) -> Iterator[tuple[str, ...]]:
        for network, dataset, metrics, text in self.rows:
            numbers = ("-", "-", "-")
            if metrics is not None:
                numbers = (f"{metrics.value:.2f}", "-", "-")
                if metrics.eval_split == "test" and metrics.paper_value is not None:
                    numbers = (numbers[0], f"{metrics.paper_value:g}", f"{metrics.difference:+.1f}")
            yield (network, dataset, *numbers, text)


def _run_dataset(
    dataset: DatasetSpec,
    specs: Sequence[NetworkSpec],
    split_names: Sequence[str],
    folder_of: Callable[[Cell], RunFolder],
    run_cell: Callable[[Cell, RunFolder], None],
    outcome: _Outcome,
) -> None:
    """Runs one data set's cells; it is loaded once."""
    missing = _missing_data(dataset)
    if missing is not None:
        outcome.leave_out(missing, len(specs))
        return
    checkpoints = {}
    for spec in specs:
        try:
            checkpoints[spec.name] = _checkpoint(spec)
        except UserError as error:
            outcome.leave_out(str(error))
    if not checkpoints:
        return
    try:
        splits = _cell.load_splits(dataset, split_names)
    except Exception as error:
        why = _told(error)
        outcome.rows += [(network, dataset.name, None, why) for network in checkpoints]
        return
    for network, checkpoint in checkpoints.items():
        print(f"\n{network} on {dataset.name}")
        try:
            text, metrics = _run_one(network, splits, checkpoint, folder_of, run_cell)
        except InterruptedRunError:
            raise
        except Exception as error:  # the other cells are not to suffer
            text, metrics = _told(error), None
        outcome.rows.append((network, dataset.name, metrics, text))
        keras.backend.clear_session()
        gc.collect()  # of the network's weights, before the next one's are made


def _run_one(
    network: str,
    splits: dict[str, Examples],
    checkpoint: Path,
    folder_of: Callable[[Cell], RunFolder],
    run_cell: Callable[[Cell, RunFolder], None],
) -> tuple[str, RunMetrics]:
    cell = _cell.assemble(networks.spec(network), splits, checkpoint, is_only_one=False)
    folder = folder_of(cell)
    found = None if _command.RERUN.value else folder.metrics
    if found is not None:
        print(found)
        return _DONE_BEFORE, found
    run_cell(cell, folder)
    return _DONE, folder.metrics


def _told(error: Exception) -> str:
    """Prints an error, with where it came from unless it is a person's, and returns its gist."""
    if isinstance(error, UserError):
        print(error)
    else:
        traceback.print_exc()
    gist = (str(error).strip() or type(error).__name__).splitlines()[0]
    return f"failed: {gist}"


def _missing_data(spec: DatasetSpec) -> str | None:
    """Returns what has to be done for a data set before it can be used; None if nothing."""
    if spec.opened is not None or not spec.parts:
        return None
    try:
        if inventory.prepared_in(spec, _command.DATA_DIR.value):
            return None
    except UserError as error:
        return str(error)
    manual_dir = _command.MANUAL_DIR.value
    if manual_dir is not None and not inventory.missing_parts(spec, manual_dir):
        return None
    return f"{spec.name} is not prepared: python -m repro.dataset prepare {spec.name}"


def _checkpoint(spec: NetworkSpec) -> Path:
    if _command.CHECKPOINT_PATH.value:
        return _cell.locate(spec)
    folder = location.folder_of(_command.CHECKPOINT_DIR.value)
    found = location.search(spec.name, folder)
    if found is None:
        command = location.fetch_command(spec.name, folder)
        raise UserError(f"{spec.name} has no checkpoint: {command}")
    return found


def _names(flag: flags.FlagHolder, everything: Sequence[str]) -> list[str]:
    given = flag.value.split(",") if _is_list(flag.value) else [flag.value]
    names = []
    for name in filter(None, map(str.strip, given)):
        names += everything if name == ALL else [name]
    return list(dict.fromkeys(names))


def _is_list(value: str) -> bool:
    # The path of a person's own data may have commas.
    return "," in value and not value.startswith(tuple(OWN))
