"""What the predictions of all runs tell: frequent mistakes, and which networks are at the best.

Runs are taken a data set and setting at a time, so that the predictions of few are in memory.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from repro.page.answers import Answers, Mistake, mistakes, read
from repro.results.cell_result import Cell, CellResult
from repro.statistics import not_different_from_best, paired_p_value


@dataclass(frozen=True)
class Examined:
    """What a run's predictions tell.

    Attributes:
      mistakes: the most frequent ones.
      not_different_from_best: whether the network is the best on the data set in this setting, or
        not significantly different from it (p > 0.05, as in Table 5's bold numbers); None where it
        could not be compared.
      problem: why the predictions were not read; "" if they were.
    """

    mistakes: tuple[Mistake, ...] = ()
    not_different_from_best: bool | None = None
    problem: str = ""


def examine(results: Iterable[CellResult]) -> dict[Cell, Examined]:
    """Returns what the predictions of each result's run tell; a result without a run is left out.

    Args:
      results: no two of one cell.
    """
    groups: dict[tuple[str, str], list[CellResult]] = defaultdict(list)
    for result in results:
        if result.folder is not None:
            groups[result.dataset, result.setting].append(result)
    found: dict[Cell, Examined] = {}
    for members in groups.values():
        found |= _examine_group(members)
    return found


def _examine_group(members: list[CellResult]) -> dict[Cell, Examined]:
    answers: dict[Cell, Answers] = {}
    problems: dict[Cell, str] = {}
    for member in members:
        try:
            answers[member.cell] = read(member.folder)
        except ValueError as error:
            problems[member.cell] = str(error)
    best = _at_the_best(members, answers)
    return {
        member.cell: Examined(
            tuple(mistakes(answers[member.cell])) if member.cell in answers else (),
            best.get(member.cell),
            problems.get(member.cell, ""),
        )
        for member in members
    }


def _at_the_best(
    members: list[CellResult], answers: Mapping[Cell, Answers]
) -> dict[Cell, bool | None]:
    values = [member.value for member in members]
    best = answers.get(members[int(np.argmax(values))].cell)
    if best is None or len(members) < 2:
        return {}
    comparable = [_comparable(best, answers.get(member.cell)) for member in members]

    def p_value(_: int, place: int) -> float:
        if not comparable[place]:
            return float("nan")
        metric, other = members[place].metrics.metric, answers[members[place].cell]
        return paired_p_value(metric, best.labels, best.predictions, other.predictions)

    flags = not_different_from_best(values, p_value)
    return {
        member.cell: bool(flag) if known else None
        for member, flag, known in zip(members, flags, comparable, strict=True)
    }


def _comparable(best: Answers, other: Answers | None) -> bool:
    """Whether two runs answered for the same examples."""
    return (
        other is not None
        and np.array_equal(best.ids, other.ids)
        and np.array_equal(best.labels, other.labels)
    )
