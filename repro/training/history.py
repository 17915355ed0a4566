"""What a training run logs, row by row, and the CSV that it survives an interruption in."""

import csv
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from repro._files import replacing


@dataclass(frozen=True)
class HistoryRow:
    """One line of history.csv.

    Attributes:
      step: steps done so far.
      loss: mean over the steps since the last row, without the L2 penalty.
      learning_rate: of the row's last step.
      images_per_second: since the last row.
      seconds: of training so far, over all sittings.
    """

    step: int
    loss: float
    learning_rate: float
    images_per_second: float
    seconds: float


def write(path: Path, rows: list[HistoryRow]) -> None:
    """Writes all rows, so that a crash leaves either the old file or the new one."""
    with replacing(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(HistoryRow)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def read(path: Path, last_step: int) -> list[HistoryRow]:
    """Returns the rows up to a step; none if there is no file."""
    if not path.exists():
        return []
    types = {field.name: field.type for field in fields(HistoryRow)}
    with path.open(newline="") as file:
        rows = [
            HistoryRow(**{name: types[name](value) for name, value in row.items()})
            for row in csv.DictReader(file)
        ]
    return [row for row in rows if row.step <= last_step]
