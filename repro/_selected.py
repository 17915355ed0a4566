"""The hyperparameters that a cell's search has chosen before."""

from pathlib import Path

from repro import UserError, _command
from repro._cell import Cell
from repro.results.reading import read_runs
from repro.training.grid import GridPoint


def of_cell(cell: Cell, setting: str) -> GridPoint:
    """Returns the chosen point of the newest complete run with --grid on the whole training set.

    Args:
      cell: whose network and data set it is.
      setting: "finetune" or "random_init".

    Raises:
      UserError: there is no such run in --results_dir.
    """
    results_dir = Path(_command.RESULTS_DIR.value)
    found = [
        ((folder / "metrics.json").stat().st_mtime, run)
        for folder, run in read_runs(results_dir, cell.dataset.name, cell.network.name)
        if run.setting == setting and run.study is None and "grid" in run.details
    ]
    if not found:
        raise UserError(
            f"--selected: {results_dir} has no complete run with --grid of {cell.network.name} on "
            f"{cell.dataset.name} ({setting}). Run it first, or give --learning_rate and "
            "--weight_decay_ratio."
        )
    chosen = max(found, key=lambda each: each[0])[1].hyperparameters
    return GridPoint(chosen["learning_rate"], chosen["weight_decay_ratio"])
