"""Compares the splits of the data at hand with what the declaration expects."""

import warnings
from collections.abc import Mapping, Sequence

import numpy as np

from repro import UserError
from repro.datasets.declaration import DatasetSpec, ExpectedSplit
from repro.datasets.splits import digest, hold_out

# Ids and labels of one official split.
IdsAndLabels = tuple[Sequence[str], Sequence[int]]


def with_validation(
    spec: DatasetSpec, official: Mapping[str, IdsAndLabels]
) -> dict[str, list[str]]:
    """Returns the ids of each split, validation held out of train where the archive has none."""
    splits = {name: [str(identifier) for identifier in ids] for name, (ids, _) in official.items()}
    if "train" in official and not spec.own_validation:
        held_out = hold_out(*official["train"])
        ids = np.asarray(splits["train"], dtype=object)
        splits["train"] = list(ids[~held_out])
        splits["validation"] = list(ids[held_out])
    return splits


def check_splits(spec: DatasetSpec, splits: Mapping[str, Sequence[str]], origin: str) -> None:
    """Refuses splits that are not the declared ones.

    How many examples are held out of train for validation follows from the sizes of the classes;
    without a declared digest only the sum of the two is compared, for that is what is published.

    Args:
      spec: the declaration.
      splits: ids of each split; splits that are not given are not checked.
      origin: what the ids were read from, for the message.

    Raises:
      UserError: naming each differing split, with both counts and both digests.
    """
    splits, declared = dict(splits), dict(spec.expected)
    held_out = {"train", "validation"} <= splits.keys() and not spec.own_validation
    if held_out and declared["validation"].sha256 is None:
        splits["train+validation"] = [*splits.pop("train"), *splits.pop("validation")]
        declared["train+validation"] = ExpectedSplit(spec.train_size)
    differences = []
    for name, ids in splits.items():
        expected = declared[name]
        found = digest(ids)
        if len(ids) == expected.count and expected.sha256 in (None, found):
            continue
        difference = f"{name} has {len(ids):,} examples (sha256 {found})"
        if expected.sha256 is None:
            differences.append(f"{difference} instead of {expected.count:,}")
        else:
            differences.append(
                f"{difference} instead of {expected.count:,} (sha256 {expected.sha256})"
            )
    if differences:
        raise UserError(f"{origin} is not the complete {spec.name}: {'; '.join(differences)}.")


def shortages(spec: DatasetSpec, counts: Mapping[str, int]) -> list[str]:
    """Returns "train has 7 of 3,060" for each official split that is short.

    Args:
      spec: the declaration.
      counts: official split -> number of examples at hand.
    """
    return [
        f"{name} has {counts.get(name, 0):,} of {spec.official_size(name):,}"
        for name in spec.official_splits
        if counts.get(name, 0) < spec.official_size(name)
    ]


def warn_partial(spec: DatasetSpec, missing: Sequence[str], origin: str) -> None:
    """Warns that results on these data stand for themselves."""
    warnings.warn(
        f"{spec.name} in {origin} is partial: {', '.join(missing)} examples. Results on it cannot "
        "be compared with those on the whole.",
        stacklevel=3,
    )
