"""All runs of a results folder as one table of results, whatever else is in the folder.

Which run counts where several measured one cell on the test set, in this order:

1. one on the complete test set, before one with missing images;
2. one with the paper's training budget, before a shorter or longer trial;
3. one whose hyperparameters a search chose on validation, before one that was given them;
4. the newest, by the time of its metrics.json; of equal times the first by name.

Never the best: that would choose on the test set. Nor a mean over seeds: the paper's number is of
one run, and a mean of ours would be held to a tolerance that is not its own. The runs that do not
count are named.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from repro import UserError
from repro._files import file_name
from repro.results.cell_result import PAPER_BUDGET, Cell, CellResult, Collection
from repro.results.metrics_json import SETTINGS, RunMetrics
from repro.results.reading import read_run
from repro.results.run_folder import MARK_OF_DIVERGENCE

_FILE = "metrics.json"
_DEPTH = 4  # setting / data set / network / run
_SPLITS = ("test", "validation")


def collect(results_dir: Path) -> Collection:
    """Reads every run of a results folder; what is malformed or repeated is named and left out.

    Args:
      results_dir: the value of --results_dir; a folder that is not there has no runs.

    Raises:
      UserError: it is no folder, cannot be read, or is a folder within a results folder.
    """
    results_dir = Path(results_dir)
    _check_folder(results_dir)
    runs, problems = [], []
    paths = sorted(results_dir.glob(f"{'*/' * _DEPTH}{_FILE}"))
    if not paths:
        _check_depth(results_dir)
    for path in paths:
        try:
            run = read_run(path.parent)
            _check(run, path.parent, results_dir)
            runs.append((path.parent, run))
        except UserError as error:
            problems.append(f"Left out: {error}")
    by_cell = defaultdict(list)
    for folder, run in _without_copies(runs, results_dir, problems):
        if run.eval_split == "test" and run.study is None and run.per_class is None:
            by_cell[run.model, run.dataset, run.setting].append(CellResult.of_run(folder, run))
    counting = [_one_of(found, problems) for found in by_cell.values()]
    return Collection(
        results_dir,
        tuple(in_order(counting)),
        tuple(problems),
        tuple(runs),
        tuple(_incomplete(results_dir)),
    )


def in_order(cells: Iterable[CellResult]) -> list[CellResult]:
    """Returns results in the order of the settings, then by network and data set."""
    return sorted(cells, key=lambda c: (SETTINGS.index(c.setting), c.model, c.dataset))


def described(cell: Cell) -> str:
    """Returns "inception_v4 on aircraft, finetune"."""
    return "{} on {}, {}".format(*cell)


def _check_folder(results_dir: Path) -> None:
    """Raises `UserError` for what is there and cannot be a folder of results."""
    if not results_dir.exists():
        return
    if not results_dir.is_dir():
        raise UserError(
            f"--results_dir={results_dir} is a file. Give a folder of runs, or a table of results "
            "as the command's word, without --results_dir."
        )
    try:
        next(results_dir.iterdir(), None)
    except OSError as error:
        raise UserError(
            f"--results_dir={results_dir} cannot be read ({error.strerror})."
        ) from error


def _check_depth(results_dir: Path) -> None:
    """Raises `UserError` for a folder that lies within a folder of results."""
    for depth in range(_DEPTH):
        if any(results_dir.glob(f"{'*/' * depth}{_FILE}")):
            raise UserError(
                f"--results_dir={results_dir} has runs {depth} folders deep instead of {_DEPTH}: "
                "it lies within a folder of results. Give that one, which holds "
                "logistic_regression/, finetune/ and so on."
            )


def _check(run: RunMetrics, folder: Path, results_dir: Path) -> None:
    """Raises `UserError` for what cannot be the result of a run in this folder."""
    shown = folder.relative_to(results_dir)
    names = (run.setting, run.dataset, run.model)
    for what, is_good in (
        (f"setting {run.setting!r}", run.setting in SETTINGS),
        (f"model {run.model!r}", isinstance(run.model, str)),
        (f"dataset {run.dataset!r}", isinstance(run.dataset, str)),
        (f"eval_split {run.eval_split!r}", run.eval_split in _SPLITS),
        (f"value {run.value!r}, not percent", is_percent(run.value)),
        (f"n_test {run.n_test!r}", _is_count(run.n_test)),
        (
            f"n_test_complete {run.n_test_complete!r}",
            run.n_test_complete is None or _is_count(run.n_test_complete),
        ),
        ("hyperparameters that are no object", isinstance(run.hyperparameters, dict)),
        ("details that are no object", isinstance(run.details, dict)),
    ):
        if not is_good:
            raise UserError(f"{shown}/{_FILE} has {what}. Run the cell again with --rerun.")
    if (run.setting, file_name(run.dataset), run.model) != shown.parts[:-1]:
        raise UserError(
            f"{shown}/{_FILE} is of {'/'.join(names)}, so that it was put where it does not belong."
        )


def is_percent(value: object) -> bool:
    """Whether a value is a number in [0, 100]."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and 0 <= value <= 100


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _without_copies(
    runs: Iterable[tuple[Path, RunMetrics]], results_dir: Path, problems: list[str]
) -> Iterator[tuple[Path, RunMetrics]]:
    """Yields runs, each once; names those whose metrics.json equals another's to the last second.

    Two runs never do: `seconds` is measured.
    """
    first: dict[str, Path] = {}
    for folder, run in runs:
        original = first.setdefault(run.to_json(), folder)
        if original != folder:
            problems.append(
                f"Left out: {folder.relative_to(results_dir)} is a copy of {original.name} beside "
                "it."
            )
        else:
            yield folder, run


def _one_of(found: list[CellResult], problems: list[str]) -> CellResult:
    """Returns the run of a cell that counts, and names the others."""
    counting, *others = sorted(found, key=_precedence)
    if others:
        names = ", ".join(f"{other.folder.name} ({other.value:.2f}%)" for other in others)
        problems.append(
            f"{len(found)} runs of {described(counting.cell)}: {counting.folder.name} "
            f"({counting.value:.2f}%) counts, {_reason(counting, others)}; not {names}."
        )
    return counting


def _precedence(result: CellResult) -> tuple:
    """Returns what sorts the runs of a cell, the one that counts first."""
    return (*_shortcomings(result), -_time(result), result.folder.name)


def _shortcomings(result: CellResult) -> tuple[bool, bool, bool]:
    return (
        result.is_partial,
        result.budget not in (None, PAPER_BUDGET),
        "grid" not in result.metrics.details,
    )


def _time(result: CellResult) -> float:
    return (result.folder / _FILE).stat().st_mtime


def _reason(counting: CellResult, others: Iterable[CellResult]) -> str:
    """Returns why a run counts and the next one does not."""
    nearest = min(others, key=_precedence)
    reasons = (
        "on the complete test set",
        "with the paper's training budget",
        "with hyperparameters chosen by a search",
    )
    pairs = zip(_shortcomings(counting), _shortcomings(nearest), reasons, strict=True)
    return next((reason for ours, theirs, reason in pairs if ours != theirs), "the newest")


def _incomplete(results_dir: Path) -> Iterator[Path]:
    for path in sorted(results_dir.glob(f"{'*/' * _DEPTH}flags.txt")):
        if not any((path.parent / name).exists() for name in (_FILE, MARK_OF_DIVERGENCE)):
            yield path.parent
