"""The grid of learning rates and weight decay ratios, and the choice of a point (A.5, A.6)."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from repro import UserError

# (lowest, highest) powers of ten: learning rates, then ratios.
_PAPER_RANGES = {
    "imagenet": ((-4.0, -1.0), (-5.5, -2.5)),  # A.5
    "random": ((-3.0, 0.0), (-5.0, -2.0)),  # A.6
}
_VALUES = 7  # of each, A.5; with 0 there are eight ratios
_SECONDS = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}


@dataclass(frozen=True)
class GridPoint:
    """The hyperparameters that the grid searches; see `TrainingConfig` for what they are."""

    learning_rate: float
    weight_decay_ratio: float

    def __str__(self) -> str:
        return f"learning rate {self.learning_rate:g}, ratio {self.weight_decay_ratio:g}"


@dataclass(frozen=True)
class PointResult:
    """What became of a point.

    Attributes:
      point: of the grid.
      percent: the data set's metric on validation, in [0, 100]; None if the training diverged.
      reason: why it counts as diverged; empty if it does not.
    """

    point: GridPoint
    percent: float | None
    reason: str = ""

    @property
    def diverged(self) -> bool:
        """Whether the training ended in a loss that was not finite."""
        return self.percent is None


def paper_grid(
    init: Literal["imagenet", "random"], *, learning_rate_divisor: float = 1.0
) -> tuple[GridPoint, ...]:
    """Returns the paper's 56 points: 7 learning rates, for each 7 ratios and 0.

    Args:
      init: where the weights start from; "imagenet" is A.5's grid, "random" A.6's.
      learning_rate_divisor: of the rates alone; the studies of the data set's size divide them by
        4 (A.5) and by 16 (A.6).
    """
    rates, ratios = (_logarithmically_spaced(*powers) for powers in _PAPER_RANGES[init])
    return grid([_rounded(rate / learning_rate_divisor) for rate in rates], [*ratios, 0.0])


def grid(
    learning_rates: Sequence[float], weight_decay_ratios: Sequence[float]
) -> tuple[GridPoint, ...]:
    """Returns every learning rate with every ratio, in the order given, the ratios varying faster.

    Raises:
      UserError: a value is out of its range or there twice, or there are none.
    """
    for name, values, lowest in (
        ("learning rates", learning_rates, math.ulp(0.0)),
        ("weight decay ratios", weight_decay_ratios, 0.0),
    ):
        if not values:
            raise UserError(f"The grid has no {name}: give at least one.")
        for value in values:
            if not lowest <= value < math.inf:
                allowed = "finite and 0 or above" if lowest == 0 else "finite and above 0"
                raise UserError(f"The grid's {name} must be {allowed}, not {value:g}.")
        repeated = sorted({value for value in values if list(values).count(value) > 1})
        if repeated:
            listed = ", ".join(f"{value:g}" for value in repeated)
            raise UserError(f"The grid's {name} repeat {listed}: give each once.")
    return tuple(
        GridPoint(float(rate), float(ratio))
        for rate, ratio in product(learning_rates, weight_decay_ratios)
    )


def choose(results: Iterable[PointResult]) -> PointResult:
    """Returns the result with the highest percentage on validation.

    Of equal ones it is that of the smaller learning rate, then that of the smaller ratio, which is
    the smaller L2. A diverged point is never chosen.

    Raises:
      UserError: all points diverged.
    """
    results = list(results)
    converged = [result for result in results if result.percent is not None]
    if not converged:
        raise UserError(
            f"Every one of the grid's {len(results)} points diverged: search smaller learning "
            "rates, and see whether the checkpoint is the network's."
        )
    return max(
        converged,
        key=lambda result: (
            result.percent,
            -result.point.learning_rate,
            -result.point.weight_decay_ratio,
        ),
    )


@dataclass(frozen=True)
class GridCost:
    """What a search costs, but for the validation and for the final run.

    Attributes:
      points: of the grid.
      steps: of each point's run.
      batch_size: over all replicas together.
      images_per_second: of training, if it is known.
    """

    points: int
    steps: int
    batch_size: int
    images_per_second: float | None = None

    @property
    def images(self) -> int:
        """Images that go through the network, forwards and backwards."""
        return self.points * self.steps * self.batch_size

    @property
    def seconds(self) -> float | None:
        """How long one process takes, if its speed is known."""
        return self.images / self.images_per_second if self.images_per_second else None

    def __str__(self) -> str:
        text = (
            f"{self.points:,} points x {self.steps:,} steps x {self.batch_size:,} images = "
            f"{self.images:,} images"
        )
        if self.seconds is not None:
            text += (
                f"; at {self.images_per_second:,.0f} images/s {_duration(self.seconds)} of one "
                "process"
            )
        return text


def _logarithmically_spaced(lowest: float, highest: float) -> list[float]:
    width = (highest - lowest) / (_VALUES - 1)
    return [_rounded(10.0 ** (lowest + width * index)) for index in range(_VALUES)]


def _rounded(value: float) -> float:
    """Returns 12 significant digits, so that every machine of a search has the same points."""
    return float(f"{value:.12g}")


def _duration(seconds: float) -> str:
    """Returns two units of time, such as "9 days 6 hours"; the smaller one is rounded."""
    units = list(_SECONDS.items())
    first = next((i for i, (_, unit) in enumerate(units) if seconds >= unit), len(units) - 1)
    smallest = units[min(first + 1, len(units) - 1)][1]
    left = round(seconds / smallest) * smallest
    parts = []
    for name, unit in units[: first + 2]:
        count, left = divmod(left, unit)
        if count:
            parts.append(f"{count:,} {name}{'' if count == 1 else 's'}")
    return " ".join(parts) or "0 seconds"
