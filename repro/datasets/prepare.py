"""Turns an original archive into a prepared TFDS data set, once."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import tensorflow_datasets as tfds

from repro import UserError
from repro.datasets.checks import check_splits, shortages, warn_partial, with_validation
from repro.datasets.declaration import DatasetSpec
from repro.datasets.preparing import archives, tfds_builders
from repro.datasets.preparing.building import Plan
from repro.datasets.preparing.fetching import missing_error
from repro.datasets.preparing.prepared import is_prepared, open_builder
from repro.datasets.preparing.tfds_builders import TfdsBuilder, quietly
from repro.datasets.registry import spec as find_spec

_NAMED_AT_MOST = 10


def prepare(
    name: str | DatasetSpec,
    data_dir: str | os.PathLike,
    manual_dir: str | os.PathLike | None = None,
    allow_partial: bool = False,
) -> tfds.core.DatasetBuilder | None:
    """Builds the TFDS data set if it is not there; what is there is left as it is.

    Nothing is kept of an attempt that fails or is interrupted, but the files that it downloaded:
    the data are written to a folder of another name, which is renamed at the end.

    Args:
      name: of the data set, or its declaration.
      data_dir: folder of the prepared data sets.
      manual_dir: folder of the original archives or of the folders extracted from them; needed
        only for data sets that declare `parts`, and only if there is something to do. What the
        builders that come with TFDS do not find there is downloaded to data_dir/downloads.
      allow_partial: accept an archive with fewer images than the official one; loading it warns.
        Also accept a file of another size or digest than the published one.

    Returns:
      The builder, from which TFDS can read the data. None for data of a person's own, which are
      checked where they lie or prepared as TFDS does it.

    Raises:
      UserError: an unknown name, a missing or damaged archive, images that cannot be decoded,
        splits that are not the declared ones, or a `data_dir` that cannot be written.
    """
    spec = find_spec(name)
    if "://" in os.fspath(data_dir):
        raise UserError(f"--data_dir={data_dir} must be a folder of this machine.")
    data_dir = Path(data_dir).expanduser()
    if spec.opened is not None:
        spec.opened(data_dir, manual_dir)
        return None

    def make_builder() -> tfds.core.DatasetBuilder:
        return open_builder(spec, data_dir, partial(_verify, spec, allow_partial))

    with _naming_data_dir(data_dir):
        builder = make_builder()
        if is_prepared(builder):
            return builder
        if builder.data_path.exists():
            raise UserError(
                f"{builder.data_path} is there but holds no complete data set (dataset_info.json "
                "is missing). Remove that folder and prepare again."
            )
    manual_dir = None if manual_dir is None else Path(manual_dir).expanduser()
    if isinstance(spec.builder, TfdsBuilder):
        with _naming_data_dir(data_dir):
            verify = partial(_verify, spec, allow_partial)
            tfds_builders.prepare(spec, data_dir, manual_dir, allow_partial, verify)
            return make_builder()
    if spec.parts:
        manual_dir = _manual_dir(spec, manual_dir, data_dir)
    config = tfds.download.DownloadConfig(
        manual_dir=manual_dir, compute_stats=tfds.download.ComputeStatsMode.SKIP
    )
    with _naming_data_dir(data_dir):
        try:
            with quietly():
                builder.download_and_prepare(download_config=config)
        except OSError:
            # Another process may have finished the same data set a moment earlier.
            builder = make_builder()
            if not is_prepared(builder):
                raise
    return builder


def _verify(spec: DatasetSpec, allow_partial: bool, plan: Plan, origin: str) -> None:
    """Refuses a plan that is not the declared data set."""
    if len(plan.class_names) > spec.num_classes:  # no label may lie outside the network's logits
        raise UserError(
            f"{origin} has {len(plan.class_names)} classes, but {spec.name} has "
            f"{spec.num_classes}. It is another data set, or another edition of it."
        )
    missing = shortages(spec, {split: len(labels) for split, labels in plan.splits.items()})
    if allow_partial and missing:
        warn_partial(spec, missing, origin)
        return
    remark = "".join(
        archives.size_remark(Path(path), part) for part in spec.parts for path in origin.split(", ")
    )
    advice = f"{remark}Fetch it again, or prepare it as it is with --allow_partial."
    if plan.absent:
        named = ", ".join(plan.absent[:_NAMED_AT_MOST])
        more = ", ..." if len(plan.absent) > _NAMED_AT_MOST else ""
        raise UserError(
            f"{origin} lists {len(plan.absent):,} images that it does not hold: {named}{more}. "
            f"{advice}"
        )
    official = {
        split: (list(labels), list(labels.values())) for split, labels in plan.splits.items()
    }
    try:
        check_splits(spec, with_validation(spec, official), origin)
    except UserError as error:
        raise UserError(f"{error} {advice}") from None
    if len(plan.class_names) != spec.num_classes:
        raise UserError(
            f"{origin} has {len(plan.class_names)} classes instead of {spec.num_classes}. {advice}"
        )


def _manual_dir(spec: DatasetSpec, manual_dir: Path | None, data_dir: str) -> Path:
    """Returns the manual folder if it holds every part, else says what to fetch."""
    lacking = list(spec.parts)
    if manual_dir is not None and manual_dir.is_dir():
        lacking = [part for part in spec.parts if archives.find(part, manual_dir) is None]
    if lacking:
        reason = "its archive must be fetched by hand"
        raise missing_error(spec, lacking, data_dir, manual_dir, reason)
    return manual_dir


@contextmanager
def _naming_data_dir(data_dir: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(
            f"--data_dir={data_dir} cannot be used: {error.strerror or error}"
            f"{f' ({error.filename})' if error.filename else ''}."
        ) from error
