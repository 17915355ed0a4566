"""Which network is best on each data set, ours and the paper's of the same networks."""

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from repro.checking.matched_cells import MatchedCells


@dataclass(frozen=True)
class BestNetwork:
    """The best of the networks that are run on a data set.

    Attributes:
      dataset: the data set.
      setting: the setting.
      ours: the network, or those that tie.
      paper: the paper's of the same networks, or those whose printed numbers tie.
      percent: ours.
      paper_percent: the paper's.
      num_networks: that are run.
    """

    dataset: str
    setting: str
    ours: tuple[str, ...]
    paper: tuple[str, ...]
    percent: float
    paper_percent: float
    num_networks: int

    @property
    def agrees(self) -> bool:
        """Whether a network is best in both."""
        return not set(self.ours).isdisjoint(self.paper)


def best_networks(cells: MatchedCells) -> list[BestNetwork]:
    """Returns the best of each data set on which two networks are run, in Table 5's order."""
    bests = []
    for dataset in cells.datasets:
        ours, paper = cells.ours[dataset].dropna(), cells.paper[dataset].dropna()
        if len(ours) >= 2:
            bests.append(
                BestNetwork(
                    dataset,
                    cells.setting,
                    _largest(ours),
                    _largest(paper),
                    float(ours.max()),
                    float(paper.max()),
                    len(ours),
                )
            )
    return bests


def times_best(percent: pd.DataFrame, group: Collection[str]) -> tuple[int, int]:
    """Returns on how many data sets a network of a group is best, and on how many it could be.

    Args:
      percent: networks by data sets; a data set counts where a network of the group and another
        have a value.
      group: names of networks. A tie with another counts.
    """
    inside = percent.loc[percent.index.isin(group)].max()
    outside = percent.loc[~percent.index.isin(group)].max()
    return int((inside >= outside).sum()), int((inside + outside).notna().sum())


def _largest(percent: pd.Series) -> tuple[str, ...]:
    return tuple(percent.index[percent == percent.max()])
