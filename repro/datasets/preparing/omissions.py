"""The record of the images that a prepared data set lacks, kept beside its data.

Birdsnap is published as a list of addresses, many of which are dead today; a file of SUN397 does
not decode. Such images are left out, and here is written which and why.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from repro._files import replacing

FILE_NAME = "left_out.json"
_NAMED_AT_MOST = 10


@dataclass(frozen=True)
class Omissions:
    """What was left out of a data set when it was prepared.

    Attributes:
      listed: official split -> number of images that the published lists name.
      left_out: official split -> {id: why, as in "ID is missing"}.
      empty_classes: official split -> names of the classes of which every image was left out.
    """

    listed: Mapping[str, int]
    left_out: Mapping[str, Mapping[str, str]]
    empty_classes: Mapping[str, Sequence[str]]

    @classmethod
    def of(
        cls,
        class_names: Sequence[str],
        splits: Mapping[str, Mapping[str, int]],
        left_out: Mapping[str, str],
    ) -> "Omissions":
        """Returns the record for splits, {id: label} each, of which `left_out` has {id: why}."""
        empty_classes = {}
        for split, labels in splits.items():
            present = {label for key, label in labels.items() if key not in left_out}
            empty = sorted(set(labels.values()) - present)
            empty_classes[split] = [class_names[label] for label in empty]
        return cls(
            listed={split: len(labels) for split, labels in splits.items()},
            left_out={
                split: {key: left_out[key] for key in labels if key in left_out}
                for split, labels in splits.items()
            },
            empty_classes=empty_classes,
        )

    def counts(self, split: str) -> dict[str, int]:
        """Returns {why: number of images} of a split, the largest first."""
        # "cannot be decoded (1,234 bytes)" differs from one image to the next.
        reasons = (reason.partition(" (")[0] for reason in self.left_out[split].values())
        return dict(Counter(reasons).most_common())

    def summary(self) -> str:
        """Returns a line for each split, and one for its empty classes."""
        lines = []
        for split, listed in self.listed.items():
            present = listed - len(self.left_out[split])
            why = ", ".join(f"{number:,} {what}" for what, number in self.counts(split).items())
            remark = f" (left out: {why})" if why else ""
            lines.append(f"{split} has {present:,} of {listed:,} images{remark}")
            if empty := self.empty_classes[split]:
                more = ", ..." if len(empty) > _NAMED_AT_MOST else ""
                named = ", ".join(empty[:_NAMED_AT_MOST])
                lines.append(f"{split} has no image of {len(empty):,} classes: {named}{more}")
        return "\n".join(lines)

    def write(self, folder: Path) -> None:
        """Writes the record into the folder of a prepared data set."""
        with replacing(folder / FILE_NAME) as temporary:
            temporary.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def read(cls, folder: Path) -> "Omissions | None":
        """Returns the record of a prepared data set; None if nothing was left out."""
        path = folder / FILE_NAME
        return cls(**json.loads(path.read_text())) if path.exists() else None
