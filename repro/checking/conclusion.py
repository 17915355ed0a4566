"""What a conclusion is: a number from our results, beside the paper's."""

from dataclasses import dataclass

TOPICS = {
    "correlation": "ImageNet accuracy and mean transfer accuracy of the networks, as logits",
    "ranking": "Order of the networks by mean logit: Spearman's rho of ours and the paper's",
    "best network": "Data sets on which the best network is",
    "fine-tuning": "Fine-tuning",
}


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
      topic: a key of `TOPICS`.
      name: unique among the conclusions.
      setting: one of `SETTINGS`; of two settings the one that is compared with fine-tuning.
      text: what is counted or measured, as it goes on from its topic.
      ours: from our results; None if they are too few.
      paper_same_cells: from Table 5's numbers for the same cells; None where ours is, or if the
        comparison is itself with the paper.
      paper: from all of Table 5; None if the comparison is itself with the paper.
      basis: the cells that ours is from, or what is lacking.
      details: sentences that name networks or data sets; may be empty.
    """

    topic: str
    name: str
    setting: str
    text: str
    ours: Quantity | None
    paper_same_cells: Quantity | None
    paper: Quantity | None
    basis: str
    details: tuple[str, ...] = ()
