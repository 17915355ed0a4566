"""Results against Table 5, cell by cell.

The tolerance is how far two independent runs of the paper's accuracy p may lie apart on the same n
test images in 95% of cases (`statistics.binomial_tolerance`), and never less than half a point:

    max(0.5, 100 * 1.96 * sqrt(2 p (1 - p) / n))     percentage points

It depends on the paper's number and not on ours, so that it stands before anything is run. n is the
number of test images; also for mean per-class accuracy and for VOC2007's mean average precision
(n = 4,952 images, p = mAP / 100), of which the binomial is an approximation: neither is a share of
images, and where classes are of unequal size the mean over them scatters more than this says.

Only results on the test set count; one on validation is never compared.
"""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from repro import statistics
from repro.paper import tables
from repro.results.cell_result import PAPER_BUDGET, Cell, CellResult

Judgement = Literal["reproduced", "higher", "lower", "partial data", "not run", "not in Table 5"]
JUDGEMENTS: tuple[Judgement, ...] = get_args(Judgement)
OUT_OF_TOLERANCE = ("higher", "lower")
LEAST_TOLERANCE = 0.5  # percentage points
_FLOAT_ERROR = 1e-9  # of 88.8 - 89.3 <= 0.5


@dataclass(frozen=True)
class CellVerdict:
    """A cell's result beside the paper's number.

    Attributes:
      model: the network.
      dataset: the data set.
      setting: the setting.
      result: ours; None where the cell is not run.
      paper: Table 5's number, percent; None where it has no such cell.
      tolerance: percentage points; None where there is nothing to compare with.
      verdict: reproduced, higher or lower than the tolerance allows; partial data where images of
        the test set were missing, which is not judged; not run; not in Table 5.
      remark: what a reader should know besides; may be empty.
    """

    model: str
    dataset: str
    setting: str
    result: CellResult | None
    paper: float | None
    tolerance: float | None
    verdict: Judgement
    remark: str = ""

    @property
    def cell(self) -> Cell:
        """(model, dataset, setting)."""
        return self.model, self.dataset, self.setting

    @property
    def ours(self) -> float | None:
        """Percent; None where the cell is not run."""
        return None if self.result is None else self.result.value

    @property
    def difference(self) -> float | None:
        """Ours minus the paper's, in points."""
        return None if None in (self.ours, self.paper) else self.ours - self.paper

    @property
    def is_out_of_tolerance(self) -> bool:
        """Whether the result is not the paper's."""
        return self.verdict in OUT_OF_TOLERANCE


def compare(results: Iterable[CellResult]) -> list[CellVerdict]:
    """Returns a verdict for each of Table 5's 444 cells, then for every result that is in none.

    Args:
      results: no two of one cell, such as `Collection.cells`; by our names.
    """
    ours = {result.cell: result for result in results}
    verdicts = [_verdict(cell, paper, ours.pop(cell, None)) for cell, paper in _cells().items()]
    others = [
        CellVerdict(*cell, result, None, None, "not in Table 5", _partial(result))
        for cell, result in ours.items()
    ]
    return verdicts + others


@functools.cache
def tolerance(percent: float, n: int | None) -> float:
    """Returns by how many points two runs may differ.

    Args:
      percent: the accuracy in question, in [0, 100].
      n: test images; None where that is not known, which leaves the least tolerance.
    """
    if n is None:
        return LEAST_TOLERANCE
    return max(LEAST_TOLERANCE, float(statistics.binomial_tolerance(percent / 100, n)))


def exceeds(difference: float, allowed: float) -> Literal["higher", "lower"] | None:
    """Returns on which side a difference in points exceeds what is allowed; None if it does not."""
    if abs(difference) <= allowed + _FLOAT_ERROR:
        return None
    return "higher" if difference > 0 else "lower"


def test_size(dataset: str) -> int | None:
    """Returns the images of a complete test set, by Table 6; None of a data set it does not have.

    Table 1 has the same sizes but for a misprint in Pets.
    """
    sizes: Mapping[str, int] = tables.table6()["test_size"]
    return int(sizes[dataset]) if dataset in sizes else None


@functools.cache
def _cells() -> dict[Cell, float]:
    """Returns Table 5: {cell: percent}, by setting, network and data set."""
    return {
        (model, dataset, setting): float(percent)
        for setting in tables.SETTINGS
        for model, row in tables.table5_accuracies(setting).iterrows()
        for dataset, percent in row.items()
    }


def _verdict(cell: Cell, paper: float, result: CellResult | None) -> CellVerdict:
    complete = test_size(cell[1])
    if result is None:
        return CellVerdict(*cell, None, paper, tolerance(paper, complete), "not run")
    allowed = tolerance(paper, result.n_test or complete)
    verdict = exceeds(result.value - paper, allowed) or "reproduced"
    if result.is_partial or (result.n_test or complete) < complete:
        verdict = "partial data"
    return CellVerdict(*cell, result, paper, allowed, verdict, _remark(result, complete))


def _remark(result: CellResult, complete: int) -> str:
    remarks = [_partial(result, complete)]
    if result.n_test is not None and result.n_test > complete:
        remarks.append(f"on {result.n_test:,} images, but the test set has {complete:,}")
    if result.budget not in (None, PAPER_BUDGET):
        steps, batch_size = result.budget
        papers, paper_batch_size = PAPER_BUDGET
        remarks.append(
            f"{steps:,} steps of {batch_size:,} images instead of {papers:,} of {paper_batch_size}"
        )
    return "; ".join(filter(None, remarks))


def _partial(result: CellResult, complete: int | None = None) -> str:
    complete = result.n_test_complete or complete
    if None in (result.n_test, complete) or result.n_test >= complete:
        return ""
    return f"{result.n_test:,} of {complete:,} images"
