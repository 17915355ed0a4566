"""Reads prepared records: ids and labels into memory, images from disk when they are asked for.

A data set need not fit in memory. Where an image lies in its file is found once, by reading the
whole file, and kept in an index beside the records; the index is made anew when they change.
"""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tqdm import tqdm

from repro._files import replacing
from repro.datasets.declaration import RecordFormat

# TFRecord: length (8 bytes) and its checksum (4), the record, the record's checksum (4).
_BEFORE_RECORD, _AFTER_RECORD = 12, 4
# Parsed at a time: large enough that TensorFlow's cost of a call does not matter.
_RECORDS_PER_BATCH = 256
_INDEX_VERSION = 1


class StoredImages(Sequence[bytes]):
    """Encoded images in files, read one at a time; safe to use from several threads.

    Args:
      files: paths.
      file_of: int [n], position in `files`.
      offsets: int64 [n], where an image begins in its file.
      lengths: int64 [n], bytes.
    """

    def __init__(
        self,
        files: Sequence[str],
        file_of: NDArray[np.integer],
        offsets: NDArray[np.int64],
        lengths: NDArray[np.int64],
    ):
        self._files = tuple(files)
        self._file_of = file_of
        self._offsets = offsets
        self._lengths = lengths
        self._open: dict[int, io.FileIO] = {}

    def __len__(self) -> int:
        return len(self._offsets)

    @overload
    def __getitem__(self, index: int) -> bytes: ...

    @overload
    def __getitem__(self, index: NDArray[np.integer]) -> "StoredImages": ...

    def __getitem__(self, index):
        """Returns the image at a position, or the images at an array of positions, unread."""
        if isinstance(index, np.ndarray):
            return StoredImages(
                self._files, self._file_of[index], self._offsets[index], self._lengths[index]
            )
        length = int(self._lengths[index])
        file = int(self._file_of[index])
        content = os.pread(self._descriptor(file), length, int(self._offsets[index]))
        if len(content) != length:
            raise OSError(f"{self._files[file]} has become shorter since it was opened")
        return content

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Bytes of each image, int64 [n], known without reading one."""
        return self._lengths

    @classmethod
    def joined(cls, parts: "Sequence[StoredImages]") -> "StoredImages":
        """Returns the images of all parts, one part after the other."""
        first_file = np.cumsum([0] + [len(part._files) for part in parts])
        file_of = [part._file_of + first for part, first in zip(parts, first_file, strict=False)]
        return cls(
            [file for part in parts for file in part._files],
            np.concatenate(file_of),
            np.concatenate([part._offsets for part in parts]),
            np.concatenate([part._lengths for part in parts]),
        )

    def _descriptor(self, file: int) -> int:
        if file not in self._open:
            # A second thread may open it too; the file that is not kept closes itself.
            self._open.setdefault(file, open(self._files[file], "rb", buffering=0))  # noqa: SIM115, PTH123
        return self._open[file].fileno()


@dataclass(frozen=True, eq=False)
class Stored:
    """The records of one split, in the order of the files.

    Attributes:
      ids: str [n].
      labels: int64 [n], or [n, classes] of 1, 0 and -1.
      images: n encoded images.
    """

    ids: NDArray[np.str_]
    labels: NDArray[np.int64]
    images: StoredImages


def read_split(files: Sequence[str | os.PathLike], records: RecordFormat) -> Stored:
    """Reads the records of a split.

    Args:
      files: local TFRecord files, in order.
      records: how ids and labels are stored in them.

    Raises:
      tf.errors.OpError: a file cannot be read, a checksum is wrong, or a record lacks a field.
    """
    paths = [os.path.abspath(os.fspath(file)) for file in files]  # noqa: PTH100
    index_file = Path(paths[0]).parent / f"repro_index_{_fingerprint(paths, records)}.npz"
    index = _load_index(index_file)
    if index is None:
        index = _make_index(paths, records)
        _save_index(index_file, index)
    images = StoredImages(paths, index["file_of"], index["offsets"], index["lengths"])
    return Stored(index["ids"], index["labels"], images)


def _fingerprint(paths: Sequence[str], records: RecordFormat) -> str:
    """Changes whenever the index has to be made anew."""
    states = [os.stat(path) for path in paths]  # noqa: PTH116
    facts = [
        _INDEX_VERSION,
        sorted(records.features),
        records.ids_and_labels.__module__,
        records.ids_and_labels.__qualname__,
        [
            (os.path.basename(path), state.st_size, state.st_mtime_ns)  # noqa: PTH119
            for path, state in zip(paths, states, strict=True)
        ],
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def _load_index(file: Path) -> dict[str, NDArray] | None:
    try:
        with np.load(file, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return None  # there is none, or it was damaged: it is made again


def _save_index(file: Path, index: dict[str, NDArray]) -> None:
    try:
        with replacing(file) as temporary, open(temporary, "wb") as stream:  # noqa: PTH123
            np.savez(stream, **index)
    except OSError:
        return  # a folder that only others may write to: the index is made in every process


def _make_index(paths: Sequence[str], records: RecordFormat) -> dict[str, NDArray]:
    features = {**records.features, records.image_feature: tf.io.FixedLenFeature([], tf.string)}
    ids, labels, file_of, offsets, lengths = [], [], [], [], []
    total = sum(Path(path).stat().st_size for path in paths)
    with tqdm(
        total=total, desc="Indexing", unit="B", unit_scale=True, disable=None, leave=False, delay=2
    ) as bar:
        for file, path in enumerate(paths):
            for starts, serialized in _batches(path):
                batch = tf.io.parse_example(serialized, features)
                batch_ids, batch_labels = records.ids_and_labels(batch)
                ids.append(batch_ids)
                labels.append(batch_labels)
                images = batch[records.image_feature].numpy()
                inside = [
                    record.find(image) for record, image in zip(serialized, images, strict=True)
                ]
                offsets.extend(np.add(starts, inside))
                lengths.extend(map(len, images))
                file_of.extend([file] * len(images))
                bar.update(sum(map(len, serialized)))
    return {
        "ids": np.concatenate(ids) if ids else np.array([], np.str_),
        "labels": np.concatenate(labels) if labels else np.array([], np.int64),
        "file_of": np.array(file_of, np.int32),
        "offsets": np.array(offsets, np.int64),
        "lengths": np.array(lengths, np.int64),
    }


def _batches(path: str) -> Iterator[tuple[NDArray[np.int64], list[bytes]]]:
    """Yields (where each record begins in the file, the records); their checksums are checked."""
    position = 0
    for batch in tf.data.TFRecordDataset(path).batch(_RECORDS_PER_BATCH):
        serialized = list(batch.numpy())
        framed = np.array(
            [len(record) + _BEFORE_RECORD + _AFTER_RECORD for record in serialized], np.int64
        )
        starts = position + np.concatenate([[0], np.cumsum(framed)[:-1]]) + _BEFORE_RECORD
        position += int(framed.sum())
        yield starts, serialized
