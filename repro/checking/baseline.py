"""Results against earlier ones of our own: has the software moved a cell beyond its noise?

The noise is that of `comparison.tolerance`, at the earlier value and the number of test images. A
run with the same seed moves far less than that, and the two runs' predictions tell more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from repro.checking import comparison
from repro.results.cell_result import Cell, CellResult
from repro.results.collection import in_order

Judgement = Literal["unchanged", "higher", "lower", "other test set", "not run", "new"]
JUDGEMENTS: tuple[Judgement, ...] = get_args(Judgement)


@dataclass(frozen=True)
class Move:
    """A cell now and before.

    Attributes:
      now: today's result; None where the cell is not run.
      before: the baseline's; None where it has none.
      tolerance: percentage points; None where there is nothing to compare.
      verdict: unchanged within the tolerance, or higher or lower; other test set, where the numbers
        of images differ; not run, of a cell that the baseline has; new, of one that it lacks.
    """

    now: CellResult | None
    before: CellResult | None
    tolerance: float | None
    verdict: Judgement

    @property
    def cell(self) -> Cell:
        """(model, dataset, setting)."""
        return (self.now or self.before).cell

    @property
    def difference(self) -> float | None:
        """Now minus before, in points."""
        return None if None in (self.now, self.before) else self.now.value - self.before.value

    @property
    def is_out_of_tolerance(self) -> bool:
        """Whether the cell moved."""
        return self.verdict in comparison.OUT_OF_TOLERANCE


def compare(results: Iterable[CellResult], baseline: Iterable[CellResult]) -> list[Move]:
    """Returns a `Move` for each cell that either has, in their order.

    Args:
      results: of today, no two of one cell.
      baseline: the earlier ones, likewise.
    """
    now, before = ({result.cell: result for result in each} for each in (results, baseline))
    cells = in_order((now | before).values())
    return [_move(now.get(each.cell), before.get(each.cell)) for each in cells]


def _move(now: CellResult | None, before: CellResult | None) -> Move:
    if now is None:
        return Move(None, before, None, "not run")
    if before is None:
        return Move(now, None, None, "new")
    if None not in (now.n_test, before.n_test) and now.n_test != before.n_test:
        return Move(now, before, None, "other test set")
    n = now.n_test or before.n_test or comparison.test_size(now.dataset)
    allowed = comparison.tolerance(before.value, n)
    verdict = comparison.exceeds(now.value - before.value, allowed) or "unchanged"
    return Move(now, before, allowed, verdict)
