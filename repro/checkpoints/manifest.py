"""The released checkpoints: what checkpoints/manifest.csv knows of each archive.

An empty cell says that nobody here knows, never that there is none. The CSV's `note` tells where a
number comes from.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from repro import UserError, unknown_name

MANIFEST = Path(__file__).resolve().parents[2] / "checkpoints" / "manifest.csv"


@dataclass(frozen=True)
class ManifestEntry:
    """One released archive; None stands for what is unknown.

    Attributes:
      model: the network, a value of `--model`.
      file: name of the archive.
      urls: where it was released, the best first.
      sha256: of the archive, 64 hexadecimal digits.
      sha384: of the archive, 96 hexadecimal digits.
      size: of the archive in bytes.
      member: the checkpoint in the archive: a V1 file or the prefix of the V2 files.
      format: "V1" or "V2".
      num_classes: length of the logits, 1000 or 1001.
      preprocessing: "inception" or "vgg".
      moving_averages: whether it holds `name/ExponentialMovingAverage`.
      imagenet_top1: percent, as the paper's Table 4 has it.
      note: sources and doubts.
    """

    model: str
    file: str
    urls: tuple[str, ...]
    sha256: str | None
    sha384: str | None
    size: int | None
    member: str | None
    format: str | None
    num_classes: int | None
    preprocessing: str | None
    moving_averages: bool | None
    imagenet_top1: float | None
    note: str

    @property
    def stem(self) -> str:
        """The archive's name without its ending: `mobilenet_v1_1.0_224`."""
        return self.file.removesuffix(".tgz").removesuffix(".tar.gz")


@cache
def entries() -> tuple[ManifestEntry, ...]:
    """Returns all archives, in the order of Table 4; of one network the recommended one first.

    Raises:
      UserError: the manifest is not where a source checkout has it.
    """
    try:
        text = MANIFEST.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UserError(f"{MANIFEST} is missing: run from a checkout of the repository.") from error
    return tuple(_entry(row) for row in csv.DictReader(text.splitlines()))


def entry(model: str) -> ManifestEntry:
    """Returns the recommended archive of a network; `UserError` where none is known."""
    for candidate in entries():
        if candidate.model == model:
            return candidate
    raise unknown_name("--model", model, {candidate.model for candidate in entries()})


def _entry(row: dict[str, str]) -> ManifestEntry:
    known = {key: value or None for key, value in row.items()}
    return ManifestEntry(
        model=row["model"],
        file=row["file"],
        urls=tuple(row["urls"].split()),
        sha256=known["sha256"],
        sha384=known["sha384"],
        size=_number(row["size"], int),
        member=known["member"],
        format=known["format"],
        num_classes=_number(row["num_classes"], int),
        preprocessing=known["preprocessing"],
        moving_averages={"yes": True, "no": False, "": None}[row["moving_averages"]],
        imagenet_top1=_number(row["imagenet_top1"], float),
        note=row["note"],
    )


def _number(cell: str, kind: type):
    return kind(cell) if cell else None
