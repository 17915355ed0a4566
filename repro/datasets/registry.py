"""The data sets: those of the paper's Table 1 in its order, the built-in ones, and any other."""

from repro import UserError, unknown_name
from repro.datasets import (
    aircraft,
    birdsnap,
    caltech101,
    cars,
    cifar,
    digits,
    dtd,
    flowers,
    food101,
    pets,
    rendered,
    sun397,
    voc2007,
)
from repro.datasets.declaration import DatasetSpec
from repro.datasets.own import any_tfds, folders

DATASETS: dict[str, DatasetSpec] = {
    declared.name: declared
    for declared in (
        food101.SPEC,
        cifar.CIFAR10,
        cifar.CIFAR100,
        birdsnap.SPEC,
        sun397.SPEC,
        cars.SPEC,
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


# Data of a person's own: what the name begins with -> what declares them.
OWN = {module.PREFIX: module.spec for module in (folders, any_tfds)}


def spec(name: str | DatasetSpec, *, seed: int = 0, metric: str | None = None) -> DatasetSpec:
    """Returns the declaration of a data set.

    Args:
      name: a key of `DATASETS`, "folder:PATH" or "tfds:NAME". A declaration is returned as it is.
      seed: of the split, for data of a person's own that have none.
      metric: for data of a person's own, "top1" (default) or "mean_per_class".

    Raises:
      UserError: there is no such data set, naming the nearest ones; or another metric than the
        declared one is asked for.
    """
    if isinstance(name, DatasetSpec):
        return name
    for prefix, declare in OWN.items():
        if name.startswith(prefix):
            return declare(name, seed=seed, metric=metric)
    if name not in DATASETS:
        raise unknown_name("--dataset", name, [*DATASETS, "folder:PATH", "tfds:NAME"])
    declared = DATASETS[name]
    if metric not in (None, declared.metric):
        raise UserError(
            f"--metric={metric} is for --dataset=folder:PATH and tfds:NAME only; {name} is "
            f"measured by {declared.metric}."
        )
    return declared
