"""Results from a table: a CSV of anyone's, or what `repro.check` wrote before as CSV or JSON."""

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from repro import UserError
from repro.results.cell_result import Cell, CellResult, Collection
from repro.results.collection import described, in_order, is_percent
from repro.results.metrics_json import SETTINGS

REQUIRED = ("model", "dataset", "setting", "value")
_OPTIONAL = ("imagenet_top1", "n_test", "n_test_complete")
_OTHER_NAMES = {"network": "model", "data set": "dataset", "data_set": "dataset"} | {
    "accuracy": "value"
}
_OURS = "verdict"  # a column of the tables that `repro.check` writes
_BYTE_ORDER_MARK = "\ufeff"

Rename = Callable[[str, str], str]


@dataclass(frozen=True)
class _Row:
    """A row as it stands in the file.

    Attributes:
      place: where, such as "line 7".
      fields: by column; None where the row is too short.
      surplus: fields beyond the columns.
    """

    place: str
    fields: Mapping[str, object]
    surplus: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether it is of a cell without a result."""
        return self.fields["value"] in (None, "")


def _same_name(_: str, name: str) -> str:
    return name


def read_table(path: Path, rename: Rename = _same_name) -> Collection:
    """Reads a table of results; rows that cannot be used are named and left out.

    A CSV has a header with the columns model, dataset, setting, value (percent), in any order, and
    may have imagenet_top1 (percent, of networks that the paper has not), n_test and
    n_test_complete; others are ignored, and so are lines that begin with #. A JSON file has a list
    of objects with the same names, or an object with such a list as "cells".

    Of rows that repeat a cell with the same value one counts; with different values none does.

    Args:
      path: ends in .json, or is a CSV.
      rename: (column, name in the file) -> our name; for model, dataset and setting.

    Raises:
      UserError: the file as a whole cannot be used: it is not there, is not UTF-8, lacks a column,
        or has fractions instead of percent.
    """
    path = Path(path).expanduser()
    text = _text(path)
    rows = _json_rows(path, text) if path.suffix.lower() == ".json" else _csv_rows(path, text)
    problems: list[str] = []
    empty = [row for row in rows if row.is_empty]
    filled = [row for row in rows if not row.is_empty]
    is_ours = bool(rows) and _OURS in rows[0].fields
    if empty and not is_ours:
        places = f"{empty[0].place}" + (f" and {len(empty) - 1} more" if len(empty) > 1 else "")
        problems.append(f"Left out, as they have no value: {places}.")
    if not is_ours:
        filled = list(_without_fractions(path, filled, problems))
    found: dict[Cell, list[tuple[str, CellResult]]] = defaultdict(list)
    top1: dict[str, float] = {}
    for row in filled:
        try:
            result = _result(row, rename)
        except UserError as error:
            problems.append(f"Left out: {error}")
            continue
        found[result.cell].append((row.place, result))
        _take_imagenet_top1(row, result.model, top1, problems)
    cells = [_agreed(cell, given, problems) for cell, given in found.items()]
    cells = in_order(cell for cell in cells if cell is not None)
    return Collection(path, tuple(cells), tuple(problems), imagenet_top1=top1)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").removeprefix(_BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path} is not UTF-8 (byte {error.start:,} is 0x{error.object[error.start]:02x}). "
            "Save it as CSV in UTF-8."
        ) from error
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}).") from error


def _csv_rows(path: Path, text: str) -> list[_Row]:
    # Line numbers are the file's, so that a left-out comment still counts.
    lines = ["" if line.startswith("#") else line for line in text.splitlines()]
    reader = csv.reader(lines, strict=True)
    columns: list[str] = []
    rows = []
    try:
        for fields in reader:
            if not any(map(str.strip, fields)):
                continue
            if not columns:
                columns = [_column(name) for name in fields]
                _check_columns(path, columns)
                continue
            given = dict(zip(columns, map(str.strip, fields), strict=False))
            surplus = max(0, len(fields) - len(columns))
            place = f"line {reader.line_num}"
            rows.append(_Row(place, dict.fromkeys(columns) | given, surplus))
    except csv.Error as error:
        raise UserError(f"{path}, line {reader.line_num}, is not CSV: {error}.") from error
    if not columns:
        raise UserError(f"{path} is empty. Its first line must be {','.join(REQUIRED)}.")
    return rows


def _column(name: str) -> str:
    name = name.strip().lower()
    return _OTHER_NAMES.get(name, name)


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    lacking = [name for name in REQUIRED if name not in columns]
    if lacking:
        hint = " Separate them with commas." if any(";" in name for name in columns) else ""
        raise UserError(
            f"{path} lacks the column{'s' if len(lacking) > 1 else ''} {', '.join(lacking)}; its "
            f"first line is {','.join(columns)[:200]!r}. It must name {', '.join(REQUIRED)} "
            f"(percent), and may name {', '.join(_OPTIONAL)}.{hint}"
        )
    repeated = [name for name in REQUIRED + _OPTIONAL if columns.count(name) > 1]
    if repeated:
        raise UserError(f"{path} has the column {repeated[0]} more than once.")


def _json_rows(path: Path, text: str) -> list[_Row]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise UserError(f"{path} is not JSON: {error}.") from error
    rows = document.get("cells") if isinstance(document, dict) else document
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UserError(
            f'{path} has no list of cells. It must be what --format=json wrote, or {{"cells": '
            f"[...]}} of objects with {', '.join(REQUIRED)}."
        )
    for number, row in enumerate(rows, start=1):
        lacking = [name for name in REQUIRED if name not in row]
        if lacking:
            raise UserError(f"{path}: cell {number} lacks {', '.join(lacking)}.")
    return [_Row(f"cell {number}", row) for number, row in enumerate(rows, start=1)]


def _without_fractions(path: Path, rows: Sequence[_Row], problems: list[str]) -> Iterator[_Row]:
    """Yields the rows whose value is not likely a fraction; `UserError` if all are."""
    values = [_number(row.fields["value"]) for row in rows]
    numbers = [value for value in values if value is not None and value >= 0]
    if numbers and 0 < max(numbers) <= 1:
        raise UserError(
            f"{path} has values from {min(numbers):g} to {max(numbers):g}, which look like "
            "fractions. Give percent: 88.5, not 0.885."
        )
    for row, value in zip(rows, values, strict=True):
        if value is not None and 0 < value <= 1:
            problems.append(
                f"Left out: {row.place}: value {row.fields['value']} looks like a fraction among "
                "percent."
            )
        else:
            yield row


def _result(row: _Row, rename: Rename) -> CellResult:
    if row.surplus:
        raise UserError(
            f"{row.place} has {row.surplus} more fields than the first line; a decimal comma?"
        )
    names = {}
    for column in ("model", "dataset", "setting"):
        name = row.fields[column]
        if not isinstance(name, str) or not name.strip():
            raise UserError(f"{row.place}: {column} is missing.")
        names[column] = rename(column, name.strip())
    if names["setting"] not in SETTINGS:
        raise UserError(
            f"{row.place}: setting {names['setting']!r} is unknown. Settings: "
            f"{', '.join(SETTINGS)}."
        )
    value = _number(row.fields["value"])
    if value is None or not is_percent(value):
        raise UserError(f"{row.place}: value {row.fields['value']!r} is not percent, 0 to 100.")
    return CellResult(
        **names,
        value=value,
        n_test=_count(row, "n_test"),
        n_test_complete=_count(row, "n_test_complete"),
    )


def _number(given: object) -> float | None:
    """Returns a number, also one written with a percent sign; None for anything else."""
    if isinstance(given, bool):
        return None
    try:
        return float(given.removesuffix("%") if isinstance(given, str) else given)
    except (TypeError, ValueError):
        return None


def _count(row: _Row, column: str) -> int | None:
    given = row.fields.get(column)
    if given in (None, ""):
        return None
    number = _number(given)
    if number is None or number < 1 or number % 1:
        raise UserError(f"{row.place}: {column} {given!r} is not a number of images.")
    return int(number)


def _take_imagenet_top1(row: _Row, model: str, top1: dict[str, float], problems: list[str]) -> None:
    given = row.fields.get("imagenet_top1")
    if given in (None, ""):
        return
    number = _number(given)
    if number is None or not 1 < number < 100:
        problems.append(f"{row.place}: imagenet_top1 {given!r} is not percent, and is not used.")
    elif top1.setdefault(model, number) != number:
        problems.append(
            f"{row.place}: imagenet_top1 of {model} is {number:g}, and was {top1[model]:g} before, "
            "which counts."
        )


def _agreed(
    cell: Cell, given: Sequence[tuple[str, CellResult]], problems: list[str]
) -> CellResult | None:
    """Returns the one result of a cell; None if there are different ones."""
    (place, first), *others = given
    if not others:
        return first
    places = ", ".join([place, *(other for other, _ in others)])
    if all(result.value == first.value for _, result in others):
        problems.append(f"{described(cell)} is repeated with the same value in {places}.")
        return first
    values = ", ".join(f"{result.value:g}" for _, result in given)
    problems.append(f"Left out: {described(cell)} has different values in {places}: {values}.")
    return None
