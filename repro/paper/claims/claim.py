"""What a claim is, what recomputing it gives, and when the two agree."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from repro.paper import tables

_FLOAT_ERROR = 1e-9  # of 0.245 - 0.24 <= 0.005


@dataclass(frozen=True, eq=False)
class Tables:
    """What claims are recomputed from; rows and columns have our names.

    Attributes:
      datasets: `tables.table1`.
      best: `tables.table2`.
      networks: `tables.table4`.
      accuracies: {setting: `tables.table5_accuracies`}.
      half_units: {setting: `tables.table5_half_units`}.
      duplicates: `tables.table6`.
    """

    datasets: pd.DataFrame
    best: pd.DataFrame
    networks: pd.DataFrame
    accuracies: Mapping[str, pd.DataFrame]
    half_units: Mapping[str, pd.DataFrame]
    duplicates: pd.DataFrame

    @classmethod
    def printed(cls) -> "Tables":
        """Returns the paper's own."""
        return cls(
            datasets=tables.table1(),
            best=tables.table2(),
            networks=tables.table4(),
            accuracies={name: tables.table5_accuracies(name) for name in tables.SETTINGS},
            half_units={name: tables.table5_half_units(name) for name in tables.SETTINGS},
            duplicates=tables.table6(),
        )

    def imagenet_fractions(self, setting: str) -> np.ndarray:
        """Returns the ImageNet accuracies [M] of the networks that have a setting, in its order."""
        return self.networks.loc[self.accuracies[setting].index, "imagenet_top1"].to_numpy() / 100

    def fractions(self, setting: str) -> np.ndarray:
        """Returns a setting's accuracies as fractions [M, D]."""
        return self.accuracies[setting].to_numpy() / 100

    def pair(self, setting: str, other: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Returns two settings in percent, of the networks that have both."""
        common = self.accuracies[setting].index.intersection(self.accuracies[other].index)
        return self.accuracies[setting].loc[common], self.accuracies[other].loc[common]


@dataclass(frozen=True)
class Recomputed:
    """What the tables give for a claim.

    Attributes:
      value: from the numbers as they are printed.
      remark: what a reader should know besides; may be empty.
      low: the smallest value that the numbers before rounding allow, where that matters.
      high: the largest.
    """

    value: float
    remark: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Claim:
    """A number in the paper's text, a caption or a table that follows from its tables.

    Attributes:
      name: unique among the claims.
      section: where it stands; several places where it is repeated.
      text: what is said of it, in our words.
      printed: the number as printed.
      paper_value: that as a number.
      recompute: from the tables.
      tolerance: how far the recomputed value, or the range that rounding allows, may lie away.
      why: this tolerance.
      relation: of the recomputed value to the paper's: "=", "<" or ">=" (then without tolerance).
    """

    name: str
    section: str
    text: str
    printed: str
    paper_value: float
    recompute: Callable[[Tables], Recomputed]
    tolerance: float
    why: str
    relation: Literal["=", "<", ">="] = "="

    def agrees(self, recomputed: Recomputed) -> bool:
        """Returns whether what the tables give is what the paper prints."""
        if self.relation == "<":
            return bool(recomputed.value < self.paper_value)
        if self.relation == ">=":
            return bool(recomputed.value >= self.paper_value)
        low = recomputed.value if recomputed.low is None else recomputed.low
        high = recomputed.value if recomputed.high is None else recomputed.high
        slack = self.tolerance + _FLOAT_ERROR
        return bool(low - slack <= self.paper_value <= high + slack)


@dataclass(frozen=True)
class Verdict:
    """A claim beside what the tables give.

    Attributes:
      claim: what the paper says.
      recomputed: the value from the printed tables.
      agrees: whether they do, within the claim's tolerance and the tables' rounding.
      remark: what a reader should know besides; may be empty.
    """

    claim: Claim
    recomputed: float
    agrees: bool
    remark: str

    @property
    def shown(self) -> str:
        """The recomputed value; where the paper's was rounded, to one digit more than that."""
        if self.claim.relation != "=":
            return f"{self.recomputed:.3g}"
        return f"{self.recomputed:,.{_decimals(self.claim.printed) + (self.claim.tolerance > 0)}f}"


def rounded(
    name: str,
    section: str,
    text: str,
    printed: str,
    recompute: Callable[[Tables], Recomputed],
    why: str = "half a unit of the last printed digit",
) -> Claim:
    """Returns a claim whose number was rounded to its printed digits."""
    tolerance = 0.5 * 10.0 ** -_decimals(printed)
    return Claim(name, section, text, printed, _number(printed), recompute, tolerance, why)


def exact(
    name: str,
    section: str,
    text: str,
    printed: str,
    recompute: Callable[[Tables], Recomputed],
    why: str = "a table prints the same number",
) -> Claim:
    """Returns a claim whose number must be met to the digit."""
    return Claim(name, section, text, printed, _number(printed), recompute, 0.0, why)


def counted(
    name: str,
    section: str,
    text: str,
    printed: str,
    recompute: Callable[[Tables], Recomputed],
    why: str = "a count",
) -> Claim:
    """Returns a claim that counts something; `printed` may go on, as in "143 of 156"."""
    return exact(name, section, text, printed, recompute, why)


def significant(
    name: str,
    section: str,
    text: str,
    relation: Literal["<", ">="],
    recompute: Callable[[Tables], Recomputed],
) -> Claim:
    """Returns a claim that a p-value is below 0.05, or is not."""
    why = "an inequality"
    return Claim(name, section, text, "0.05", 0.05, recompute, 0.0, why, relation)


def names(items: Iterable[str]) -> str:
    """Returns names for a remark, in their order."""
    return ", ".join(items)


def all_but(items: Iterable[str]) -> str:
    """Returns the remark on what was not counted; empty where everything was."""
    listed = names(items)
    return f"all but {listed}" if listed else ""


def _number(printed: str) -> float:
    return float(printed.split()[0].replace(",", "").rstrip("%"))


def _decimals(printed: str) -> int:
    return len(printed.split()[0].rstrip("%").partition(".")[2])
