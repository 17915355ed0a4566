"""What a conclusion is: a number from our results, beside the paper's."""

from dataclasses import dataclass
from typing import Literal

Topic = Literal["correlation", "ranking", "best network", "fine-tuning"]


@dataclass(frozen=True)
class Quantity:
    """A number of a conclusion.

    Attributes:
      value: the number.
      of: what a count is out of; None if it is not a count.
    """

    value: float
    of: int | None = None

    def __str__(self) -> str:
        return f"{self.value:.3f}" if self.of is None else f"{self.value:.0f} of {self.of}"


@dataclass(frozen=True)
class Conclusion:
    """One conclusion.

    Attributes:
      topic: that it belongs to.
      name: unique among the conclusions.
      setting: one of `SETTINGS`; of two settings the one that is compared with fine-tuning.
      text: what is counted or measured, in words.
      ours: from our results; None if they are too few.
      paper_same_cells: from Table 5's numbers for the same cells; None where ours is, or if the
        comparison is itself with the paper.
      paper: from all of Table 5; None if the comparison is itself with the paper.
      basis: the cells that ours is from, or what is lacking.
      details: names of networks or data sets; may be empty.
    """

    topic: Topic
    name: str
    setting: str
    text: str
    ours: Quantity | None
    paper_same_cells: Quantity | None
    paper: Quantity | None
    basis: str
    details: str = ""
