"""The examples of one split, ordered by id: ids and labels in memory, encoded images on disk."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from repro import UserError, unknown_name
from repro.datasets.checks import check_splits, shortages, warn_partial, with_validation
from repro.datasets.declaration import SPLITS, DatasetSpec
from repro.datasets.decoding import decode_small
from repro.datasets.prepare import prepare
from repro.datasets.records import Stored, read_split
from repro.datasets.registry import spec as find_spec
from repro.datasets.splits import digest


@dataclass(frozen=True, eq=False)
class Examples:
    """One split of a data set, ordered by id.

    Attributes:
      spec: the data set.
      split: "train", "validation", "train+validation" or "test".
      ids: str [n], sorted.
      labels: int64 [n]; for a multi-label data set [n, classes] of 1, 0 and -1.
      images: n encoded images (JPEG, PNG or GIF), as they are in the archive; each access may read
        a file.
      class_names: the name of label i is class_names[i].
      contents: for data of a person's own, tells those apart that have the same ids.
    """

    spec: DatasetSpec
    split: str
    ids: NDArray[np.str_]
    labels: NDArray[np.int64]
    images: Sequence[bytes]
    class_names: tuple[str, ...]
    contents: str | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def sha256(self) -> str:
        """Digest of the ids: the same digest is the same split."""
        return digest(self.ids)

    @property
    def data_sha256(self) -> str:
        """Tells data apart that have the same ids, without reading an image.

        Besides ids and `contents` it holds the sizes of the stored images, which change where they
        are encoded anew, as when Birdsnap's addresses are visited again.
        """
        sizes = getattr(self.images, "lengths", ())
        return digest([self.sha256, self.contents or "", " ".join(map(str, sizes))])

    @cached_property
    def small_pictures(self) -> NDArray[np.uint8] | None:
        """All images decoded, [n, height, width, 3], if they are small and of one size."""
        return decode_small(self.images, self.spec.crop_bottom)


def load(
    name: str | DatasetSpec,
    split: str,
    data_dir: str | os.PathLike,
    manual_dir: str | os.PathLike | None = None,
) -> Examples:
    """Reads one split, preparing the data set first if that has not been done.

    Args:
      name: of the data set, or its declaration. Of data of a person's own the declaration may hold
        less than that of the examples.
      split: "train", "validation", "train+validation" or "test".
      data_dir: folder of the prepared data sets.
      manual_dir: folder of the original archives; needed only if the data set is not prepared.

    Raises:
      UserError: an unknown name or split, data that cannot be prepared, prepared data that are
        damaged or are not the declared splits. Partial data (see `prepare`) only warn.
    """
    spec = find_spec(name)
    if split not in SPLITS:
        raise unknown_name("split", split, SPLITS)
    if spec.opened is not None:
        own = spec.opened(Path(data_dir).expanduser(), manual_dir)
        spec = replace(own.spec, opened=spec.opened)
        read = {source: own.splits[source]() for source in _sources(spec, split)}
        splits = _with_validation(spec, read)
        return _examples(spec, split, read, splits, own.class_names, own.contents)
    builder = prepare(name, data_dir, manual_dir)
    origin = os.fspath(builder.data_dir)
    try:
        stored = {key: spec.tfds_splits.get(key, key) for key in spec.official_splits}
        counts = {key: builder.info.splits[there].num_examples for key, there in stored.items()}
        sources = [key for key in spec.official_splits if key in _sources(spec, split)]
        read = {
            source: read_split(builder.info.splits[stored[source]].filepaths, spec.records)
            for source in sources
        }
    except (KeyError, OSError, tf.errors.OpError) as error:
        raise _damaged(origin, getattr(error, "message", str(error))) from error
    label_feature = builder.info.features[spec.records.label_feature]
    if not label_feature.num_classes:
        raise _damaged(origin, "the names of the classes are missing")

    missing = shortages(spec, counts)
    splits = _with_validation(spec, read)
    if missing:
        warn_partial(spec, missing, origin)
    else:
        check_splits(spec, splits, origin)
    return _examples(spec, split, read, splits, tuple(label_feature.names))


def _with_validation(spec: DatasetSpec, read: Mapping[str, Stored]) -> dict[str, list[str]]:
    return with_validation(spec, {key: (part.ids, part.labels) for key, part in read.items()})


def _examples(
    spec: DatasetSpec,
    split: str,
    read: Mapping[str, Stored],
    splits: Mapping[str, Sequence[str]],
    class_names: tuple[str, ...],
    contents: str | None = None,
) -> Examples:
    """Returns the examples of a split, of which `splits` has the ids, by id."""
    chosen = {identifier for part in split.split("+") for identifier in splits[part]}
    ids = np.concatenate([part.ids for part in read.values()])
    order = np.array([index for index in np.argsort(ids) if ids[index] in chosen], np.int64)
    images = type(next(iter(read.values())).images)
    return Examples(
        spec=spec,
        split=split,
        ids=ids[order],
        labels=np.concatenate([part.labels for part in read.values()])[order],
        images=images.joined([part.images for part in read.values()])[order],
        class_names=class_names,
        contents=contents,
    )


def _damaged(origin: str, reason: str) -> UserError:
    return UserError(
        f"{origin} is damaged: {reason}. Remove that folder and prepare the data set again."
    )


def _sources(spec: DatasetSpec, split: str) -> list[str]:
    """Returns the official splits that have to be read."""
    if spec.own_validation:
        return split.split("+")
    return ["test"] if split == "test" else ["train"]
