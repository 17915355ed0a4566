"""What is prepared, what is missing, and whether what is prepared is complete."""

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from repro.datasets.declaration import DatasetSpec, Part
from repro.datasets.decoding import find_undecodable
from repro.datasets.examples import Examples, load
from repro.datasets.preparing import archives
from repro.datasets.preparing.prepared import is_prepared, open_builder


def prepared_in(spec: DatasetSpec, data_dir: str | os.PathLike) -> Path | None:
    """Returns the folder of a prepared data set; None if it is not prepared.

    Args:
      spec: a declared data set; data of a person's own are in no such folder.
      data_dir: folder of the prepared data sets.
    """
    builder = open_builder(spec, Path(data_dir).expanduser())
    return Path(builder.data_path) if is_prepared(builder) else None


def missing_parts(spec: DatasetSpec, manual_dir: str | os.PathLike | None) -> list[Part]:
    """Returns the parts of a data set that do not lie in the manual folder."""
    if manual_dir is None or not Path(manual_dir).expanduser().is_dir():
        return list(spec.parts)
    return [part for part in spec.parts if not archives.find(part, Path(manual_dir).expanduser())]


@dataclass(frozen=True, eq=False)
class Inspection:
    """What a split holds.

    Attributes:
      examples: the split.
      per_class: int64 [classes], images of each class; for a multi-label data set its positives.
      bad: (id, what is wrong with it) of each image that cannot be decoded.
    """

    examples: Examples
    per_class: NDArray[np.int64]
    bad: Sequence[tuple[str, str]]

    @property
    def problems(self) -> list[str]:
        """Returns what keeps the split from being complete."""
        split, expected = self.examples.split, self.examples.spec.expected[self.examples.split]
        problems = []
        if len(self.examples) < expected.count:
            problems.append(f"{split} has {len(self.examples):,} of {expected.count:,} images")
        problems += [f"{split}: {name} {what}" for name, what in self.bad]
        return problems


def inspect(
    spec: DatasetSpec, split: str, data_dir: str | os.PathLike, *, show_progress: bool = True
) -> Inspection:
    """Loads a split and decodes every image.

    Args:
      spec: a data set that is prepared, or of a person's own.
      split: "train", "validation" or "test".
      data_dir: folder of the prepared data sets.
      show_progress: with a bar.

    Raises:
      UserError: the data are damaged, or are not the declared ones. Of partial data the inspection
        tells.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        examples = load(spec, split, data_dir)
    images = zip(map(str, examples.ids), examples.images, strict=True)
    bar = tqdm(
        images,
        f"Decoding {split}",
        total=len(examples),
        unit=" images",
        disable=None if show_progress else True,
        leave=False,
    )
    bad = find_undecodable(bar, spec.crop_bottom)
    return Inspection(examples, images_per_class(examples), bad)


def images_per_class(examples: Examples) -> NDArray[np.int64]:
    """Returns int64 [classes], how many examples have each label."""
    if examples.spec.multi_label:
        return (examples.labels == 1).sum(axis=0)
    return np.bincount(examples.labels, minlength=examples.spec.num_classes)
