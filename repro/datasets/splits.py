"""The held-out validation set, and the digest that tells whether two splits are the same.

The paper holds out a validation set where a data set has none (Appendix A.5) and does not say
which images. The rule here depends on the examples' ids alone: not on the order of files, not on
a random generator.
"""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

VALIDATION_FRACTION = 0.2


def hold_out(
    ids: Sequence[str],
    labels: Sequence[int],
    fraction: float = VALIDATION_FRACTION,
    *,
    key: str = "",
    at_least: int = 0,
) -> NDArray[np.bool_]:
    """Chooses the held-out examples, class by class.

    Within each class the ids are sorted by the SHA-256 of their UTF-8 bytes; the first
    round(fraction * n) of the class's n examples are held out.

    Args:
      ids: [n], all different.
      labels: [n] class of each id.
      fraction: of each class, between 0 and 1.
      key: put before each id where it is hashed; another key is another choice.
      at_least: of each class.

    Returns:
      bool [n], True for the held-out examples, in the order of `ids`.

    Raises:
      ValueError: an id occurs twice, or there are not as many labels as ids.
    """
    if len(ids) != len(labels):
        raise ValueError(f"{len(ids)} ids but {len(labels)} labels")
    if len(set(ids)) != len(ids):
        raise ValueError("an id occurs twice")
    members: dict[int, list[int]] = {}
    for index, label in enumerate(labels):
        members.setdefault(int(label), []).append(index)
    held_out = np.zeros(len(ids), dtype=bool)
    for indices in members.values():
        indices.sort(key=lambda index: _sha256(key + str(ids[index])))
        held_out[indices[: max(round(fraction * len(indices)), at_least)]] = True
    return held_out


def digest(ids: Iterable[str]) -> str:
    """Returns the SHA-256 (hex) of the sorted ids joined by newlines."""
    return _sha256("\n".join(sorted(str(identifier) for identifier in ids)))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
