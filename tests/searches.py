"""Small searches of the finetune command on the digits, from the shell or inside the test."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
CHECKPOINT = CHECKOUT / "checkpoints" / "quickstart" / "mobilenet_v1_0.25.ckpt"
DIGITS = ("--model=mobilenet_v1_0.25", "--dataset=digits", "--image_size=32")
FINETUNED = (*DIGITS, f"--checkpoint_path={CHECKPOINT}", "--notensorboard")


def grid_of(rates: str, ratios: str) -> tuple[str, ...]:
    """Returns the flags of a search."""
    return "--grid", f"--grid_learning_rates={rates}", f"--grid_weight_decay_ratios={ratios}"


def shell(*arguments: str) -> list[str]:
    """Returns the words that start the command in a process of its own."""
    return [sys.executable, "-m", "repro.finetune", "--noprogress", *arguments]


def runs_in(results: Path, pattern: str = "*") -> Iterator[tuple[Path, dict]]:
    """Yields the folders of complete runs whose names are like a pattern, and their results."""
    for path in sorted(results.glob(f"*/*/*/{pattern}/metrics.json")):
        yield path.parent, json.loads(path.read_text())


def only_run(results: Path, pattern: str) -> tuple[Path, dict]:
    """Returns the one complete run whose name is like a pattern."""
    [found] = runs_in(results, pattern)
    return found


def files_in(folder: Path) -> dict[str, int]:
    """Returns when each file was written, but for the database's own."""
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("grids.db")
    }
