"""A results folder of made-up runs, and one run in it with everything that a run may have."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from repro.paper import tables
from repro.results import Predictions, RunFolder, RunMetrics

Cell = tuple[str, str, str]
_VERSIONS = {"repro": "0.1.0", "tensorflow": "2.20.0"}


def every_cell() -> list[tuple[Cell, float]]:
    """Returns Table 5's 444 cells with the printed numbers."""
    return [
        ((model, dataset, setting), float(percent))
        for setting in tables.SETTINGS
        for model, row in tables.table5_accuracies(setting).iterrows()
        for dataset, percent in row.items()
    ]


def metrics(cell: Cell, value: float, **changes) -> RunMetrics:
    """Returns the result of a run in a cell."""
    model, dataset, setting = cell
    printed = dataset in tables.DATASET_COLUMNS
    metric = tables.table1()["metric"][dataset] if printed else "top1"
    size = int(tables.table6()["test_size"][dataset]) if printed else 100
    trained = setting in ("finetune", "random_init")
    run = RunMetrics(
        model=model,
        dataset=dataset,
        setting=setting,
        metric=metric,
        value=value,
        eval_split="test",
        n_test=size,
        n_train=1000,
        paper_value=None,
        hyperparameters=_training() if trained else {"l2": 0.1, "l2_normalize": True},
        seed=0,
        split_sha256={"train": "1" * 64, "test": "2" * 64},
        checkpoint_sha256="3" * 64,
        seconds=1234.5,
        details=_grid() if trained else _path(),
        versions=_VERSIONS,
        n_test_complete=size,
    )
    return replace(run, **changes)


def write_run(
    results_dir: Path, run: RunMetrics, *, accuracy: float = 0.8, examples: int = 60, seed: int = 0
) -> Path:
    """Writes a run's folder, with predictions that are right as often as told."""
    steps = run.hyperparameters.get("steps", 0)
    settings = {"steps": steps, "per_class": run.per_class, "subset": run.subset, "seed": run.seed}
    folder = RunFolder(results_dir, run.setting, run.dataset, run.model, settings)
    folder.create()
    # Not with the folder's own methods, which wait for the disk.
    (folder.path / "flags.txt").write_text(f"--model={run.model}\n--dataset={run.dataset}\n")
    predictions(run.metric, accuracy, examples, seed).write(folder.path / "predictions.parquet")
    (folder.path / "metrics.json").write_text(run.to_json())
    if steps:
        rows = (f"{step},{3 * 0.7 ** (step / 1000)}" for step in range(1, steps + 1, 200))
        (folder.path / "history.csv").write_text("step,loss\n" + "\n".join(rows) + "\n")
    return folder.path


def predictions(metric: str, accuracy: float, examples: int, seed: int = 0) -> Predictions:
    """Returns predictions on examples of six classes, or of six labels."""
    random = np.random.default_rng(seed)
    ids = np.array([f"class_{i % 6}/image_{i:05}" for i in range(examples)])
    right = random.random(examples) < accuracy
    if metric == "map11":
        labels = np.where(np.arange(examples)[:, None] % 6 == np.arange(6), 1, -1)
        scores = labels * np.where(right, 1.0, -1.0)[:, None] * random.random((examples, 6))
        return Predictions(ids, labels, scores.astype(np.float32))
    labels = np.arange(examples) % 6
    answers = np.where(right, labels, (labels + 1 + random.integers(0, 2, examples)) % 6)
    scores = np.eye(6, dtype=np.float32)[answers] + random.random((examples, 6)) / 10
    return Predictions(ids, labels, scores.astype(np.float32))


def write_every_cell(results_dir: Path, *, spread: float = 0.8, examples: int = 60) -> None:
    """Writes 444 runs that scatter about the paper's numbers, in points."""
    random = np.random.default_rng(0)
    write_runs(
        results_dir,
        (
            metrics(cell, float(np.clip(percent + random.normal(0, spread), 0.1, 99.9)))
            for cell, percent in every_cell()
        ),
        examples,
    )


def write_runs(results_dir: Path, runs: Iterable[RunMetrics], examples: int = 60) -> None:
    """Writes a folder for each run, right as often as its result says."""
    for seed, run in enumerate(runs):
        write_run(results_dir, run, accuracy=run.value / 100, examples=examples, seed=seed)


def damage(folder: Path) -> None:
    """Cuts a run's metrics.json in half."""
    path = folder / "metrics.json"
    path.write_text(path.read_text()[: len(path.read_text()) // 2])


def without(folder: Path, name: str) -> None:
    """Takes a field out of a run's metrics.json."""
    path = folder / "metrics.json"
    fields = json.loads(path.read_text())
    del fields[name]
    path.write_text(json.dumps(fields))


def _training() -> dict[str, object]:
    return {
        "learning_rate": 0.01,
        "weight_decay_ratio": 1e-4,
        "weight_decay_rule": "divide",
        "steps": 19531,
        "batch_size": 256,
        "momentum": 0.9,
        "clip_norm": None,
        "l2": 0.01,
    }


def _grid() -> dict[str, object]:
    return {
        "grid": [
            {"point": {"learning_rate": rate, "weight_decay_ratio": ratio}, "percent": percent}
            for rate, row in ((0.001, (70.0, 71.5)), (0.01, (None, 80.25)))
            for ratio, percent in zip((0.0, 1e-4), row, strict=True)
        ]
    }


def _path() -> dict[str, object]:
    values = [10.0**power for power in range(-6, 6)]
    return {"l2_values": values, "validation": [80 - (power - 5) ** 2 / 4 for power in range(12)]}


def studies() -> list[RunMetrics]:
    """Returns runs of the studies of convergence and of the data set's size."""
    cells = [("inception_v4", "cars", setting) for setting in ("finetune", "random_init")]
    runs = [
        metrics(cell, 90 * (1 - 0.5**power), study="convergence", hyperparameters=hyperparameters)
        for cell in cells
        for power in range(1, 4)
        for hyperparameters in [_training() | {"steps": 100 * 2**power}]
    ]
    return runs + [
        metrics(cell, 20.0 + size + subset, study="dataset_size", per_class=size, subset=subset)
        for cell in cells
        for size in (1, 4, 16)
        for subset in range(3)
    ]
