"""The data sets: those of the paper's Table 1 in its order, then the built-in ones."""

from repro import unknown_name
from repro.datasets import (
    aircraft,
    caltech101,
    cifar,
    digits,
    dtd,
    flowers,
    food101,
    pets,
    rendered,
    voc2007,
)
from repro.datasets.declaration import DatasetSpec

DATASETS: dict[str, DatasetSpec] = {
    declared.name: declared
    for declared in (
        food101.SPEC,
        cifar.CIFAR10,
        cifar.CIFAR100,
        aircraft.SPEC,
        voc2007.SPEC,
        dtd.SPEC,
        pets.SPEC,
        caltech101.SPEC,
        flowers.SPEC,
        digits.SPEC,
        rendered.SPEC,
    )
}


def spec(name: str) -> DatasetSpec:
    """Returns the declaration of a data set.

    Args:
      name: a key of `DATASETS`.

    Raises:
      UserError: there is no such data set; names the nearest ones.
    """
    if name not in DATASETS:
        raise unknown_name("--dataset", name, DATASETS)
    return DATASETS[name]
