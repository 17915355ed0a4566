"""What is in a checkpoint: names, shapes and moments, one variable in memory at a time."""

import csv
import io
import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, astuple, dataclass, fields

import numpy as np

from repro.checkpoints.identification import network_of, num_classes
from repro.checkpoints.opening import Reader
from repro.checkpoints.restore import AVERAGE

_AT_A_TIME = 1 << 20  # numbers


@dataclass(frozen=True)
class VariableSummary:
    """One variable of a file.

    Attributes:
      name: in the file.
      shape: as "3x3x3x8"; empty for a single number.
      dtype: TensorFlow's name of it.
      mean: of the finite values, as are the next three; None where there are none.
      std: the population's.
      min: the least.
      max: the greatest.
      non_finite: how many values are infinite or undefined.
    """

    name: str
    shape: str
    dtype: str
    mean: float | None
    std: float | None
    min: float | None
    max: float | None
    non_finite: int


@dataclass(frozen=True)
class Totals:
    """How much a file holds.

    Attributes:
      variables: how many there are.
      values: numbers in them.
      parameters: numbers of the network itself, moving statistics included.
      averages: numbers in moving averages of variables.
      slots: numbers that the optimizer keeps beside variables.
      non_finite: how many numbers are infinite or undefined.
    """

    variables: int
    values: int
    parameters: int
    averages: int
    slots: int
    non_finite: int


COLUMNS = tuple(field.name for field in fields(VariableSummary))


def summaries(reader: Reader) -> Iterator[VariableSummary]:
    """Reads one variable after the other, and yields what is to be said of each."""
    for name, shape in reader.shapes.items():
        dtype = reader.dtypes[name]
        moments: tuple[float | None, ...] = (None,) * 4
        non_finite = 0
        if dtype.is_floating or dtype.is_integer or dtype.is_bool:
            moments, non_finite = _moments(reader.read(name))
        yield VariableSummary(name, "x".join(map(str, shape)), dtype.name, *moments, non_finite)


def totals(reader: Reader, rows: Iterable[VariableSummary]) -> Totals:
    """Counts what a file holds.

    Args:
      reader: of the file.
      rows: its `summaries`.
    """
    counts = {"parameters": 0, "averages": 0, "slots": 0, "others": 0}
    variables = non_finite = 0
    for row in rows:
        counts[_kind(row.name, reader)] += int(np.prod(reader.shapes[row.name], dtype=np.int64))
        variables += 1
        non_finite += row.non_finite
    values = sum(counts.values())
    del counts["others"]
    return Totals(variables=variables, values=values, non_finite=non_finite, **counts)


def lines(reader: Reader, form: str) -> Iterator[str]:
    """Yields what is in a checkpoint as lines to print; text and CSV as soon as each is known.

    Args:
      reader: of the checkpoint.
      form: "text", "csv" or "json" (one object, in one line).
    """
    yield from {"text": _text, "csv": _csv, "json": _json}[form](reader)


def _text(reader: Reader) -> Iterator[str]:
    width = max(map(len, reader.shapes), default=0)
    numbers = "".join(f" {column:>10}" for column in COLUMNS[3:7])
    yield f"{'name':<{width}} {'shape':>15} {'dtype':<8}{numbers} {'non-finite':>10}"
    rows = []
    for row in summaries(reader):
        rows.append(row)
        cells = "".join(
            f" {'-' if value is None else f'{value:.4g}':>10}"
            for value in (row.mean, row.std, row.min, row.max)
        )
        shape = row.shape or "scalar"
        yield f"{row.name:<{width}} {shape:>15} {row.dtype:<8}{cells} {row.non_finite:>10,}"
    sums = totals(reader, rows)
    yield ""
    yield (
        f"{sums.variables:,} variables, {sums.values:,} numbers: {sums.parameters:,} of the network"
        f" (with moving statistics), {sums.averages:,} in moving averages, {sums.slots:,} in "
        f"optimizer slots. {sums.non_finite:,} are infinite or undefined."
    )
    spec = network_of(reader)
    yield (
        "Its variables are those of no network of this project in full."
        if spec is None
        else f"Every variable of {spec.name} is there, with {num_classes(reader, spec):,} classes."
    )


def _csv(reader: Reader) -> Iterator[str]:
    line = io.StringIO()
    table = csv.writer(line, lineterminator="")
    for row in itertools.chain([COLUMNS], map(astuple, summaries(reader))):
        table.writerow(row)
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def _json(reader: Reader) -> Iterator[str]:
    rows = list(summaries(reader))
    spec = network_of(reader)
    yield json.dumps(
        {
            "path": str(reader.path),
            "format": reader.format,
            "network": None if spec is None else spec.name,
            "num_classes": None if spec is None else num_classes(reader, spec),
            "variables": [asdict(row) for row in rows],
            "totals": asdict(totals(reader, rows)),
        }
    )


def _kind(name: str, reader: Reader) -> str:
    if name.endswith(AVERAGE):
        return "averages"
    if name.rpartition("/")[0] in reader.shapes:
        return "slots"
    # global_step, random states: no part of what a network computes.
    return "parameters" if reader.dtypes[name].is_floating else "others"


def _moments(values: np.ndarray) -> tuple[tuple[float | None, ...], int]:
    """Returns mean, deviation, least, greatest of the finite values, and the count of others.

    In pieces, for in double precision the largest of variables would take gigabytes.
    """
    flat = values.reshape(-1)
    pieces = [slice(first, first + _AT_A_TIME) for first in range(0, flat.size, _AT_A_TIME)]

    def finite(piece: slice) -> np.ndarray:
        numbers = flat[piece].astype(np.float64)
        return numbers[np.isfinite(numbers)]

    count, total, least, greatest = 0, 0.0, np.inf, -np.inf
    for piece in pieces:
        numbers = finite(piece)
        if numbers.size:
            count += numbers.size
            total += numbers.sum()
            least, greatest = min(least, numbers.min()), max(greatest, numbers.max())
    if not count:
        return (None,) * 4, flat.size
    mean = total / count
    with np.errstate(over="ignore"):
        squares = sum(float(np.square(finite(piece) - mean).sum()) for piece in pieces)
    moments = (float(mean), float(np.sqrt(squares / count)), float(least), float(greatest))
    return moments, flat.size - count
