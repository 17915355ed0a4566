"""`--dataset=tfds:NAME[/CONFIG][:VERSION]`: any classification set of tensorflow-datasets.

It needs an image and one ClassLabel, called `image` and `label` or named by its supervised_keys.
Its splits are train, validation if it has one, and test; without test, validation is the test set;
without both, a fifth of each class of train is, chosen as in `folders`. An id is the record's `id`
or file name, else `train/00000`, ..., by the order of the records.
"""

import difflib
import functools
import logging
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from repro import UserError
from repro.datasets.declaration import DatasetSpec, ExpectedSplit, RecordFormat
from repro.datasets.own.data import OwnData, metric_of
from repro.datasets.own.folders import TEST_FRACTION
from repro.datasets.own.tfds_fields import Fields, choose_fields
from repro.datasets.preparing.prepared import is_prepared
from repro.datasets.preparing.tfds_builders import quietly
from repro.datasets.records import Stored, read_split
from repro.datasets.splits import hold_out

PREFIX = "tfds:"
_SPLIT_NAMES = {
    "train": ("train",),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test",),
}
_TIMEOUT = 30  # seconds that a server may be silent


def spec(name: str, *, seed: int = 0, metric: str | None = None) -> DatasetSpec:
    """Declares a data set of TFDS; what it holds is known once it is opened.

    Args:
      name: "tfds:NAME", maybe with TFDS's configuration and version.
      seed: of the split, where the data set has no test set.
      metric: "top1" (default) or "mean_per_class".
    """
    declared = DatasetSpec(
        name=name,
        paper_name=None,
        num_classes=0,
        metric=metric_of(name, metric),
        expected={},
        own_validation=False,
        builder=None,
        notes=("what it holds is known once it is prepared",),
    )
    opened = functools.cache(functools.partial(_open, declared, seed))
    return replace(declared, opened=opened)


def _open(
    declared: DatasetSpec,
    seed: int,
    data_dir: str | os.PathLike,
    manual_dir: str | os.PathLike | None = None,
) -> OwnData:
    data_dir = Path(data_dir).expanduser()
    builder = _builder(declared.name, data_dir)
    fields = choose_fields(declared.name, builder.info)
    if not is_prepared(builder):
        _prepare(declared.name, builder, manual_dir)
    files = _files(declared.name, builder)
    read = functools.cache(lambda split: _read(declared.name, builder, files[split], split, fields))
    splits, notes = _splits({split: functools.partial(read, split) for split in files}, seed)
    train = splits["train"]()
    if (train.labels < 0).any():
        raise UserError(f"--dataset={declared.name}: images of train have no label.")
    class_names = tuple(builder.info.features[fields.label].names or ())
    num_classes = builder.info.features[fields.label].num_classes or 0
    if num_classes < 2:
        raise UserError(f"--dataset={declared.name} has {num_classes} classes; two are needed.")
    counts = {split: len(load().ids) for split, load in splits.items()}
    if "validation" not in splits:
        notes.append("validation is a fifth of train")
        counts["validation"] = int(hold_out(train.ids, train.labels).sum())
        counts["train"] -= counts["validation"]
    found = replace(
        declared,
        num_classes=num_classes,
        expected={split: ExpectedSplit(count) for split, count in counts.items()},
        own_validation="validation" in splits,
        homepage=builder.info.homepage or None,
        notes=tuple(notes),
    )
    names = class_names or tuple(map(str, range(num_classes)))
    return OwnData(found, names, splits, contents=builder.info.full_name)


def _builder(name: str, data_dir: Path) -> tfds.core.DatasetBuilder:
    given = name.removeprefix(PREFIX)
    try:
        return tfds.builder(given, data_dir=os.fspath(data_dir))
    except tfds.core.DatasetNotFoundError:
        known = tfds.list_builders(with_community_datasets=False)
        base = given.partition(":")[0].partition("/")[0]
        nearest = difflib.get_close_matches(base, known, n=3, cutoff=0.5)
        hint = f" Did you mean {' or '.join(nearest)}?" if nearest else ""
        raise UserError(
            f"--dataset={name} is unknown to TFDS {tfds.__version__}, and --data_dir={data_dir} "
            f"holds no prepared {base}.{hint} Its data sets: www.tensorflow.org/datasets/catalog."
        ) from None
    except Exception as error:  # TFDS raises of every kind, AssertionError for a version
        reason = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"--dataset={name} cannot be had from TFDS: {reason}") from error


def _prepare(
    name: str, builder: tfds.core.DatasetBuilder, manual_dir: str | os.PathLike | None
) -> None:
    if manual_dir is not None:
        manual_dir = Path(manual_dir).expanduser()
    config = tfds.download.DownloadConfig(
        manual_dir=manual_dir,
        compute_stats=tfds.download.ComputeStatsMode.SKIP,
        try_download_gcs=False,
    )
    with _naming_cause(name, builder, manual_dir):
        _check_connection(builder)
        with quietly():
            builder.download_and_prepare(download_config=config, file_format="tfrecord")


def _check_connection(builder: tfds.core.DatasetBuilder) -> None:
    """Fails at once without a network, where TFDS would try for minutes."""
    there_already = Path(builder.data_dir_root, "downloads")
    if builder.MANUAL_DOWNLOAD_INSTRUCTIONS or there_already.exists():
        return  # perhaps there is nothing to download
    for url in list(builder.url_infos or {})[:1]:
        try:
            urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=_TIMEOUT)
        except urllib.error.HTTPError:
            pass  # a server that answers; TFDS asks it in its own way
        except urllib.error.URLError as error:
            host = urllib.request.Request(url).host
            raise ConnectionError(f"{host} does not answer ({error.reason})") from error


@contextmanager
def _naming_cause(
    name: str, builder: tfds.core.DatasetBuilder, manual_dir: Path | None
) -> Iterator[None]:
    """Turns what TFDS raises into one sentence."""
    retries = logging.getLogger("urllib3.connectionpool")
    level = retries.level
    retries.setLevel(logging.ERROR)
    try:
        yield
    except Exception as error:
        reason = str(error).strip() or type(error).__name__
        advice = (
            f"Its folder {builder.info.full_name}, prepared elsewhere with TFDS, can be put into "
            f"--data_dir={builder.data_dir_root}."
        )
        if builder.MANUAL_DOWNLOAD_INSTRUCTIONS:
            given = "was not given" if manual_dir is None else f"is {manual_dir}"
            advice = (
                "Files that must be fetched by hand, into a folder to give as --manual_dir (it "
                f"{given}): {' '.join(builder.MANUAL_DOWNLOAD_INSTRUCTIONS.split())} {advice}"
            )
        raise UserError(
            f"--dataset={name} could not be prepared: {reason.splitlines()[0]}. {advice}"
        ) from error
    finally:
        retries.setLevel(level)


def _files(name: str, builder: tfds.core.DatasetBuilder) -> dict[str, list[str]]:
    """Returns the record files of each split that is of use."""
    infos = builder.info.splits
    files = {}
    for split, names in _SPLIT_NAMES.items():
        found = next((infos[key] for key in names if key in infos), None)
        if found is not None and found.num_examples:
            files[split] = [os.fspath(path) for path in found.filepaths]
    if "train" not in files:
        raise UserError(f"--dataset={name} has no split train; it has {', '.join(infos)}.")
    file_format = builder.info.file_format
    if file_format != tfds.core.FileFormat.TFRECORD:
        raise UserError(
            f"{builder.data_path} is in the format {file_format.value}; only tfrecord can be read. "
            "Remove that folder, or give another --data_dir, to prepare it again."
        )
    return files


def _read(
    name: str, builder: tfds.core.DatasetBuilder, files: list[str], split: str, fields: Fields
) -> Stored:
    """Reads a split; ids are unique in the data set."""
    read = {fields.label: tf.io.FixedLenFeature([], tf.int64)}
    if fields.identifier is not None:
        is_number = builder.info.features[fields.identifier].np_dtype == np.int64
        dtype = tf.int64 if is_number else tf.string
        read[fields.identifier] = tf.io.FixedLenFeature([], dtype)

    def ids_and_labels(batch: Mapping[str, tf.Tensor]) -> tuple[np.ndarray, np.ndarray]:
        labels = batch[fields.label].numpy()
        if fields.identifier is None:
            return np.full(len(labels), "", np.str_), labels
        found = batch[fields.identifier].numpy()
        return np.array([tf.compat.as_str_any(item) for item in found], np.str_), labels

    records = RecordFormat(read, ids_and_labels, fields.label, image_feature=fields.image)
    try:
        stored = read_split(files, records)
    except (OSError, tf.errors.OpError) as error:
        reason = getattr(error, "message", str(error)).splitlines()[0]
        raise UserError(
            f"{builder.data_path} is damaged: {reason}. Remove that folder and prepare --dataset="
            f"{name} again."
        ) from error
    if len(set(stored.ids)) == len(stored.ids):
        ids = [f"{split}/{identifier}" for identifier in stored.ids]
    else:
        ids = [f"{split}/{index:05d}" for index in range(len(stored.ids))]
    return replace(stored, ids=np.array(ids, np.str_))


def _splits(
    found: Mapping[str, Callable[[], Stored]], seed: int
) -> tuple[dict[str, Callable[[], Stored]], list[str]]:
    """Returns train, test and maybe validation, and what there is to say about them."""
    splits = dict(found)
    notes = []
    for split in ("validation", "test"):
        if split in splits and (splits[split]().labels < 0).any():
            del splits[split]
            notes.append(f"{split} has images without a label and is left out")
    if "test" in splits:
        return splits, notes
    if "validation" in splits:
        splits["test"] = splits.pop("validation")
        notes.append("validation is the test set, for there is no other")
        return splits, notes
    whole = splits["train"]()
    is_test = hold_out(whole.ids, whole.labels, TEST_FRACTION, key=f"{seed}:", at_least=1)
    notes.append(f"split by --split_seed={seed}: a fifth of each class of train is the test set")
    return {
        "train": lambda: _part(whole, ~is_test),
        "test": lambda: _part(whole, is_test),
    }, notes


def _part(stored: Stored, chosen: np.ndarray) -> Stored:
    positions = np.flatnonzero(chosen)
    return Stored(stored.ids[positions], stored.labels[positions], stored.images[positions])
