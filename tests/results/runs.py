"""Run folders that no one has run, for tests of what reads them."""

from pathlib import Path

from repro._files import file_name
from repro.results import RunMetrics

CELL = ("inception_v4", "aircraft", "finetune")


def write_run(results_dir: Path, name: str = "run", **changes) -> Path:
    """Writes metrics.json of a complete run where a real one would be, and returns its folder.

    Args:
      results_dir: of all runs.
      name: of the run's folder.
      **changes: fields of `RunMetrics` that differ from those of a fine-tuned Inception v4 on
        Aircraft.
    """
    model, dataset, setting = CELL
    fields = {
        "model": model,
        "dataset": dataset,
        "setting": setting,
        "metric": "mean_per_class",
        "value": 88.8,
        "eval_split": "test",
        "n_test": 3333,
        "n_train": 6667,
        "paper_value": None,
        "hyperparameters": {},
        "seed": 0,
        "split_sha256": {},
        "checkpoint_sha256": None,
        "seconds": 1.5,
        "versions": {},
    }
    run = RunMetrics(**fields | {"details": {"run": name}} | changes)
    folder = Path(results_dir, run.setting, file_name(run.dataset), run.model, name)
    folder.mkdir(parents=True)
    (folder / "metrics.json").write_text(run.to_json())
    return folder
