"""Data that no file of this room declares, once they are opened."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from repro import UserError
from repro.datasets.declaration import DatasetSpec
from repro.datasets.records import Stored

METRICS = ("top1", "mean_per_class")  # of data with one label an image; the first is the default


@dataclass(frozen=True, eq=False)
class OwnData:
    """A data set that was found, checked and can be read.

    Attributes:
      spec: its declaration, made from what was found.
      class_names: the name of label i is class_names[i].
      splits: official split -> what reads it.
      contents: tells data apart that have the same ids.
    """

    spec: DatasetSpec
    class_names: tuple[str, ...]
    splits: Mapping[str, Callable[[], Stored]]
    contents: str


def metric_of(name: str, metric: str | None) -> str:
    """Returns the metric of data of one's own, top-1 accuracy by default.

    Raises:
      UserError: there is no such metric for data with one label an image.
    """
    if metric is None:
        return METRICS[0]
    if metric not in METRICS:
        raise UserError(f"--metric={metric} is not for {name}; allowed: {', '.join(METRICS)}.")
    return metric
