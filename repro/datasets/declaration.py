"""What a data set declares about itself; one file of this room holds one declaration."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

SPLITS = ("train", "validation", "train+validation", "test")


@dataclass(frozen=True)
class ArchiveFile:
    """A published file.

    Attributes:
      name: the file's name, as published.
      url: where it can be had; None if no address is known to work.
      size: bytes; None if not known.
      sha256: hex digest; None if not known.
      note: what else is known, for a person.
    """

    name: str
    url: str | None = None
    size: int | None = None
    sha256: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Part:
    """One thing that must lie in the manual folder, in any one of several forms.

    Attributes:
      archives: the files that hold it, the best known first: tar or zip, or a zip of a tar.
      folder: the folder of the whole inside the archives; accepted extracted as well. None if
        what is wanted are single files, in an archive, a folder or the manual folder itself, found
        by the last part of their names.
      keep_folder: names start with `folder`, where two parts have the same names below theirs.
    """

    archives: tuple[ArchiveFile, ...]
    folder: str | None
    keep_folder: bool = False


def file_part(name: str, url: str, size: int, sha256: str) -> Part:
    """Returns the part that is one published file: what a builder of TFDS's own asks for."""
    return Part(archives=(ArchiveFile(name, url, size, sha256),), folder=None)


@dataclass(frozen=True)
class ExpectedSplit:
    """What a complete split must be.

    Attributes:
      count: number of examples.
      sha256: digest of the sorted ids (`splits.digest`); None where the official list of ids has
        not been seen yet.
    """

    count: int
    sha256: str | None = None


@dataclass(frozen=True, eq=False)
class RecordFormat:
    """How ids and labels are stored in the prepared records.

    Attributes:
      features: the record's fields besides `image`, as `tf.io.parse_example` takes them.
      ids_and_labels: a batch of those fields -> (ids: str [b], labels: int64 [b] or [b, classes]).
      label_feature: the field whose TFDS feature knows the class names.
      image_feature: the field of the encoded image.
    """

    features: Mapping[str, Any]
    ids_and_labels: Callable[[Mapping[str, tf.Tensor]], tuple[NDArray, NDArray]]
    label_feature: str = "label"
    image_feature: str = "image"


def ids_from(names: tf.Tensor, write: Callable[[str], str] = str) -> NDArray[np.str_]:
    """Returns the ids, str [b], that `write` makes of the names in records, string [b]."""
    return np.array([write(name.decode()) for name in names.numpy()], np.str_)


def labelled_records(name_feature: str, id_of: Callable[[str], str] = str) -> RecordFormat:
    """Returns the format of records that hold one `label`, and a name of which the id is made."""

    def ids_and_labels(batch: Mapping[str, tf.Tensor]) -> tuple[NDArray, NDArray]:
        return ids_from(batch[name_feature], id_of), batch["label"].numpy()

    features = {
        name_feature: tf.io.FixedLenFeature([], tf.string),
        "label": tf.io.FixedLenFeature([], tf.int64),
    }
    return RecordFormat(features, ids_and_labels)


PLAIN_RECORDS = labelled_records("id")


@dataclass(frozen=True, eq=False)
class DatasetSpec:
    """One row of the paper's Table 1 (or a built-in data set), and how to get at its images.

    Attributes:
      name: the value of `--dataset`.
      paper_name: as Table 1 prints it; None for a data set that the paper does not use.
      num_classes: Table 1.
      metric: "top1", "mean_per_class" or "map11" (Table 1, "Accuracy measure").
      expected: train, validation and test of the complete data set.
      own_validation: the data set comes with a validation split; otherwise a fifth of its
        training set is held out (`splits.hold_out`).
      builder: makes the TFDS builder; called with data_dir and verify (see `building`). For a
        builder that comes with TFDS it is a `tfds_builders.TfdsBuilder`.
      parts: what must lie in the manual folder, or for a `TfdsBuilder` is downloaded if it does
        not lie there; empty if nothing must.
      homepage: where a person reads about the data set.
      multi_label: labels are [classes] of 1, 0 (not to be counted) and -1 an image.
      crop_bottom: rows of pixels cut off at the bottom of every image when it is decoded.
      tfds_splits: our official splits (train, validation if own, test) -> TFDS's names for them.
      records: how ids and labels are stored.
      opened: for data of a person's own (`folders`, `any_tfds`), which no file of this room
        declares: called with data_dir and manual_dir it returns their `own.data.OwnData`.
      notes: what a person should know about how such data were taken.
    """

    name: str
    paper_name: str | None
    num_classes: int
    metric: str
    expected: Mapping[str, ExpectedSplit]
    own_validation: bool
    builder: Callable[..., Any] | None
    parts: tuple[Part, ...] = ()
    homepage: str | None = None
    multi_label: bool = False
    crop_bottom: int = 0
    tfds_splits: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    records: RecordFormat = PLAIN_RECORDS
    opened: Callable[..., Any] | None = None
    notes: tuple[str, ...] = ()

    def size(self, split: str) -> int:
        """Returns how many examples a split has when it is complete; "train+validation" is one."""
        return sum(self.expected[part].count for part in split.split("+"))

    @property
    def train_size(self) -> int:
        """Table 1's training size, which is train + validation."""
        return self.size("train+validation")

    @property
    def test_size(self) -> int:
        """Table 1's test size."""
        return self.expected["test"].count

    @property
    def official_splits(self) -> tuple[str, ...]:
        """The splits that the archive itself has."""
        return ("train", "validation", "test") if self.own_validation else ("train", "test")

    def official_size(self, split: str) -> int:
        """Number of examples of an official split; train includes what is held out of it."""
        if split == "train" and not self.own_validation:
            return self.train_size
        return self.expected[split].count
