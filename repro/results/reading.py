"""Reading many runs, and the table that a command ends with."""

from pathlib import Path

from repro import UserError
from repro._files import file_name
from repro.results.metrics_json import METRIC_NAMES, SETTING_NAMES, SETTINGS, RunMetrics
from repro.results.text_table import text_table


def read_runs(results_dir: Path, dataset: str, model: str) -> list[tuple[Path, RunMetrics]]:
    """Returns the complete runs of one network on one data set, in the settings' order."""
    folder = f"{file_name(dataset)}/{model}"
    return [
        (path.parent, RunMetrics.from_json(path.read_text()))
        for setting in SETTINGS
        for path in sorted(Path(results_dir).glob(f"{setting}/{folder}/*/metrics.json"))
    ]


def read_run(folder: Path) -> RunMetrics:
    """Returns the result of one complete run.

    Raises:
      UserError: the folder holds none.
    """
    path = Path(folder) / "metrics.json"
    try:
        return RunMetrics.from_json(path.read_text())
    except OSError as error:
        raise UserError(
            f"{folder} is not the folder of a complete run: {path.name} in it cannot be read "
            f"({error.strerror}). Give a folder such as results/finetune/aircraft/inception_v4/..."
        ) from error
    except KeyError as error:
        raise UserError(
            f"{path} is damaged: it has no {error}. Run the cell again with --rerun."
        ) from error
    except (ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{path} is damaged: {error}. Run the cell again with --rerun.") from error


def flag_of(folder: Path, name: str) -> str | None:
    """Returns the value that a run's flags.txt gives a flag; None if it does not."""
    lines = (Path(folder) / "flags.txt").read_text().splitlines()
    values = [line.removeprefix(f"--{name}=") for line in lines if line.startswith(f"--{name}=")]
    return values[-1] if values else None


def closing_table(results_dir: Path, current: Path, metrics: RunMetrics) -> str:
    """Returns a table of the complete runs of a network and data set like one, beside the paper's.

    Runs on another split, as the points of a grid are, or of another study are left out.

    Args:
      results_dir: where the runs are.
      current: folder of the run that just ended; it is marked with an arrow.
      metrics: of that run.
    """
    header = ("", "setting", "split", "images", METRIC_NAMES[metrics.metric], "paper", "run")
    rows = [header]
    for path, run in read_runs(results_dir, metrics.dataset, metrics.model):
        if (run.eval_split, run.study) != (metrics.eval_split, metrics.study):
            continue
        paper = run.paper_value if run.eval_split == "test" else None
        rows.append(
            (
                "->" if path == current else "",
                SETTING_NAMES[run.setting],
                run.eval_split,
                run.images,
                f"{run.value:.2f}%",
                "-" if paper is None else f"{paper:g}%",
                str(path.relative_to(results_dir)),
            )
        )
    title = f"{metrics.model} on {metrics.dataset}, runs in {results_dir}"
    return f"{title}\n\n{text_table(rows, right_aligned={3, 4, 5})}"
