"""Our results and the paper's numbers for the very same cells, as networks by data sets."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csgraph

from repro.paper import tables
from repro.results.cell_result import CellResult


@dataclass(frozen=True, eq=False)
class MatchedCells:
    """One setting.

    Attributes:
      setting: its name.
      ours: percent, rows and columns of `tables.table5_accuracies`; NaN where a cell is not run.
      paper: Table 5 where ours has a value, NaN elsewhere.
      complete: Table 5.
    """

    setting: str
    ours: pd.DataFrame
    paper: pd.DataFrame
    complete: pd.DataFrame

    @classmethod
    def of(cls, setting: str, results: Iterable[CellResult]) -> "MatchedCells":
        """Returns the cells of a setting; results that Table 5 does not have are left out."""
        complete = tables.table5_accuracies(setting)
        ours = pd.DataFrame(np.nan, complete.index, complete.columns)
        for result in results:
            known = result.model in ours.index and result.dataset in ours.columns
            if known and result.setting == setting:
                ours.loc[result.model, result.dataset] = result.value
        return cls(setting, ours, complete.where(ours.notna()), complete)

    def with_logit(self) -> "MatchedCells":
        """Returns the cells without those of 0% and 100%, which have no finite logit."""
        return self._only(self.ours.where((self.ours > 0) & (self.ours < 100)))

    def comparable(self) -> "MatchedCells":
        """Returns the largest group of networks that are linked by data sets they share.

        Networks on different data sets cannot be compared. Of groups of equal size the one with
        more cells counts, then the first.
        """
        is_run = self.ours.notna().to_numpy()
        num_groups, group = csgraph.connected_components(is_run.astype(int) @ is_run.T.astype(int))
        num_cells, is_there = is_run.sum(axis=1), is_run.any(axis=1)
        sizes = [
            (is_there[group == g].sum(), num_cells[group == g].sum()) for g in range(num_groups)
        ]
        is_largest = group == sizes.index(max(sizes))
        return self._only(self.ours.mul(np.where(is_largest, 1.0, np.nan), axis=0))

    def _only(self, ours: pd.DataFrame) -> "MatchedCells":
        return MatchedCells(self.setting, ours, self.complete.where(ours.notna()), self.complete)

    @property
    def networks(self) -> list[str]:
        """Those with any cell."""
        return list(self.ours.index[self.ours.notna().any(axis=1)])

    @property
    def datasets(self) -> list[str]:
        """Those with any cell."""
        return list(self.ours.columns[self.ours.notna().any(axis=0)])


def imagenet_fractions(networks: Iterable[str]) -> np.ndarray:
    """Returns Table 4's ImageNet accuracies as fractions, [M]."""
    return tables.table4().loc[list(networks), "imagenet_top1"].to_numpy() / 100


def counted(number: int, noun: str) -> str:
    """Returns "1 network", "2 networks"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
