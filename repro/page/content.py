"""All that the page shows of one's own results, computed once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from repro.checking.comparison import CellVerdict, compare
from repro.checking.conclusion import Conclusion
from repro.checking.conclusions import conclude
from repro.figures.imagenet_correlation import BEST_COLUMN
from repro.page.examination import Examined, examine
from repro.paper import tables
from repro.results.cell_result import Cell, Collection


@dataclass(frozen=True, eq=False)
class Report:
    """A results folder beside the paper.

    Attributes:
      collection: of the folder; without any cell the page shows the paper's own numbers.
      verdicts: of each cell of Table 5 and of every other result.
      conclusions: the paper's, from our results.
      examined: what the runs' predictions tell.
    """

    collection: Collection
    verdicts: tuple[CellVerdict, ...]
    conclusions: tuple[Conclusion, ...]
    examined: Mapping[Cell, Examined]

    @classmethod
    def of(cls, collection: Collection) -> "Report":
        """Reads the predictions of all runs and computes everything."""
        return cls(
            collection,
            tuple(compare(collection.cells)),
            tuple(conclude(collection.cells)),
            examine(collection.cells),
        )

    @property
    def results_dir(self) -> Path:
        """The folder of the runs."""
        return self.collection.source

    @property
    def has_results(self) -> bool:
        """Whether any cell is run, of the paper's or another."""
        return bool(self.collection.cells)

    def results(self) -> pd.DataFrame:
        """Returns a row a cell, with a column that says whether its network is at the best.

        Results on data sets that the paper does not have are left out, unless there are no others:
        the figures are of means over data sets.
        """
        frame = self.collection.to_frame()[["model", "dataset", "setting", "value"]]
        best = [self.is_at_the_best(result.cell) for result in self.collection.cells]
        frame = frame.assign(**{BEST_COLUMN: pd.Series(best, dtype=bool)})
        papers = frame["dataset"].isin(tables.DATASET_COLUMNS)
        return frame[papers] if papers.any() else frame

    def is_at_the_best(self, cell: Cell) -> bool:
        """Whether a network is known not to differ significantly from the best on the data set."""
        examined = self.examined.get(cell)
        return examined is not None and bool(examined.not_different_from_best)

    def details_id(self, cell: Cell) -> str | None:
        """Returns the name of the element that holds a cell's details; None if it has none."""
        return self._details_ids.get(cell)

    @cached_property
    def _details_ids(self) -> dict[Cell, str]:
        runs = (result.cell for result in self.collection.cells if result.metrics is not None)
        return {cell: f"cell-{place}" for place, cell in enumerate(runs)}
