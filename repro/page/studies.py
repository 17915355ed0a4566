"""The runs of the two studies, convergence (Section 4.5) and data-set size (4.6), as tables."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from repro.figures import convergence, dataset_size
from repro.results import RunMetrics

STUDIES = {5: "convergence", 6: "dataset_size"}  # by figure
_KEYS = {5: list(convergence.COLUMNS[:-1]), 6: list(dataset_size.COLUMNS[:-1])}
Runs = Iterable[tuple[Path, RunMetrics]]


def models_of(number: int, runs: Runs) -> list[str]:
    """Returns the networks that a study has test results of, those with the most runs first."""
    counts = _table(number, runs)["model"].value_counts()
    return sorted(counts.index, key=lambda model: (-counts[model], model))


def runs_of(number: int, runs: Runs, model: str) -> pd.DataFrame:
    """Returns a network's runs on the test set, as Figure 5 or 6 takes them.

    Of several runs of one point, whose other settings differ, one with searched hyperparameters
    counts before one with given ones, then the newest.

    Args:
      number: of the figure.
      runs: complete runs with their folders.
      model: the network.

    Returns:
      The columns that the figure needs, and n_train, examples, and batch_size.
    """
    table = _table(number, runs)
    table = table[table["model"] == model].dropna(subset=_KEYS[number])
    table = table.sort_values(["searched", "modified", "folder"], ascending=False)
    return table.drop_duplicates(_KEYS[number]).sort_values(_KEYS[number], ignore_index=True)


def _table(number: int, runs: Runs) -> pd.DataFrame:
    rows = [
        {
            "model": run.model,
            "dataset": run.dataset,
            "setting": run.setting,
            "value": run.value,
            "steps": run.hyperparameters.get("steps"),
            "batch_size": run.hyperparameters.get("batch_size"),
            "examples_per_class": run.per_class,
            "subset": run.subset,
            "n_train": run.n_train,
            "searched": "grid" in run.details,
            "modified": (folder / "metrics.json").stat().st_mtime,
            "folder": folder.name,
        }
        for folder, run in runs
        if run.study == STUDIES[number] and run.eval_split == "test"
    ]
    columns = [*_KEYS[number], "model", "value", "n_train", "batch_size", "searched"]
    return pd.DataFrame(rows, columns=[*dict.fromkeys([*columns, "modified", "folder"])])
