"""What the logits of an ImageNet checkpoint stand for.

Class i of the 1000 is the i-th leaf of `ilsvrc2012_wordnet.tsv` in the order of the WordNet ids, as
in TF-Slim's datasets/imagenet.py. The table is from WordNet 3.0; `WORDNET_LICENSE` is its notice.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from repro import UserError

TABLE = Path(__file__).with_name("ilsvrc2012_wordnet.tsv")


@dataclass(frozen=True)
class ImageNetClass:
    """One class.

    Attributes:
      index: 0 to 999; None for the background.
      wnid: WordNet's id, such as n01440764; empty for the background.
      name: WordNet's words for it, such as "tench, Tinca tinca". Two classes are called "crane".
    """

    index: int | None
    wnid: str
    name: str


BACKGROUND = ImageNetClass(None, "", "background")


@cache
def classes() -> tuple[ImageNetClass, ...]:
    """Returns the 1000 classes in their order."""
    with TABLE.open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        leaves = sorted((wnid, name) for wnid, is_leaf, _, name in rows if is_leaf == "1")
    return tuple(ImageNetClass(index, wnid, name) for index, (wnid, name) in enumerate(leaves))


def class_of_logit(num_logits: int) -> tuple[ImageNetClass, ...]:
    """Returns the class of every logit.

    Args:
      num_logits: 1000, or 1001 with the background at 0, as the Inception, MobileNet and NASNet
        checkpoints have it.

    Raises:
      UserError: another number, of a network that tells other classes apart.
    """
    known = classes()
    if num_logits == len(known):
        return known
    if num_logits == len(known) + 1:
        return (BACKGROUND, *known)
    raise UserError(
        f"The checkpoint has {num_logits:,} classes; ImageNet's names are for 1000, or 1001 with "
        "the background. Give a checkpoint that was trained on ImageNet."
    )
