"""Prepares data sets through the builders that come with TFDS.

The prepared data lie under TFDS's own names, so that data which a person has prepared with plain
TFDS are read as they are. Everything is made in a folder `incomplete.NAME.*` beside them, verified
there, and moved to its place in one step.
"""

import io
import os
import shutil
import sys
import tempfile
import types
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import tensorflow_datasets as tfds
from tqdm import tqdm

from repro import UserError
from repro.datasets.declaration import DatasetSpec
from repro.datasets.decoding import bad_images_error, find_undecodable
from repro.datasets.preparing import attempts, fetching
from repro.datasets.preparing.building import Plan, Verify
from repro.datasets.preparing.fetching import SourceFile
from repro.datasets.preparing.tfds_errors import naming_cause
from repro.datasets.records import Stored, read_split


@dataclass(frozen=True)
class TfdsBuilder:
    """Stands in a declaration for a builder of TFDS's own.

    Attributes:
      name: as TFDS writes it, with configuration and version: "voc/2007:5.0.0".
    """

    name: str

    def __call__(
        self, *, data_dir: str | os.PathLike, verify: Verify | None = None
    ) -> tfds.core.DatasetBuilder:
        """Returns the builder; `verify` is of no use to it, `prepare` calls it."""
        del verify
        return tfds.builder(self.name, data_dir=os.fspath(data_dir))


def prepare(
    spec: DatasetSpec,
    data_dir: Path,
    manual_dir: Path | None,
    allow_partial: bool,
    verify: Verify,
) -> None:
    """Prepares a data set whose builder is a `TfdsBuilder`; waits if another process is at it.

    Args:
      spec: the declaration. Its parts, each of one archive, are all files that TFDS's builder
        asks for, which would try for minutes to download any other.
      data_dir: local folder of the prepared data sets.
      manual_dir: folder of files that a person fetched.
      allow_partial: use files of another size or digest than the published ones.
      verify: refuses what was prepared by raising.

    Raises:
      UserError: a file is missing, or damaged, or refused; or an image cannot be decoded.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    name = spec.builder(data_dir=data_dir).name
    with attempts.alone(data_dir / f".{name}.lock") as alone:
        if spec.builder(data_dir=data_dir).data_path.exists():
            return  # another process has prepared it while this one waited
        if alone:
            for leftover in data_dir.glob(f"incomplete.{name}.*"):
                shutil.rmtree(leftover)
        downloads = data_dir / "downloads" / name
        files = fetching.gather(spec, data_dir, manual_dir, downloads, allow_partial)
        origin = ", ".join(str(file.path) for file in files)
        staging = Path(tempfile.mkdtemp(prefix=f"incomplete.{name}.", dir=data_dir))
        try:
            with naming_cause(origin, staging):
                builder = _build(spec.builder, files, staging)
            _verify(spec, builder, origin, verify)
            final = data_dir / Path(builder.data_dir).relative_to(staging)
            final.parent.mkdir(parents=True, exist_ok=True)
            Path(builder.data_dir).replace(final)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def quietly() -> Iterator[None]:
    """Keeps TFDS from writing to standard output, and its bars from a log."""
    if not sys.stderr.isatty():
        tfds.disable_progress_bar()
    with redirect_stdout(io.StringIO()):
        yield


def _build(
    source: TfdsBuilder, files: Sequence[SourceFile], staging: Path
) -> tfds.core.DatasetBuilder:
    """Runs TFDS's builder; all that it writes, extracted archives included, is in `staging`."""
    folder = staging / "files"
    folder.mkdir()
    for file in files:
        # The name by which TFDS looks for it.
        (folder / file.archive.name).symlink_to(file.path.resolve())
    builder = _expecting(source(data_dir=staging), files)
    config = tfds.download.DownloadConfig(
        manual_dir=folder,
        extract_dir=staging / "extracted",
        compute_stats=tfds.download.ComputeStatsMode.SKIP,
        try_download_gcs=False,
    )
    with quietly():
        builder.download_and_prepare(download_dir=staging / "downloads", download_config=config)
    return builder


def _expecting(
    builder: tfds.core.DatasetBuilder, files: Sequence[SourceFile]
) -> tfds.core.DatasetBuilder:
    """Returns the like of a builder that takes the files at hand for the published ones.

    Whether they are has been checked before, and a person may have allowed that they are not.
    """
    official = type(builder)
    by_name = {file.archive.name: file for file in files}
    attributes = {
        "__module__": __name__,
        "name": builder.name,
        "url_infos": {
            url: tfds.download.checksums.UrlInfo(
                by_name[known.filename].size, by_name[known.filename].sha256, known.filename
            )
            for url, known in builder.url_infos.items()
            if known.filename in by_name
        },
    }
    like = types.new_class(
        official.__name__,
        (official,),
        {"skip_registration": True},
        lambda namespace: namespace.update(attributes),
    )
    like.__module__ = official.__module__  # is written into the prepared data
    return like(
        data_dir=builder.data_dir_root, config=builder.builder_config, version=builder.version
    )


def _verify(
    spec: DatasetSpec, builder: tfds.core.DatasetBuilder, origin: str, verify: Verify
) -> None:
    """Reads what was prepared; refuses it as `verify` does, and images that do not decode."""
    stored: dict[str, Stored] = {}
    for split in spec.official_splits:
        files = builder.info.splits[spec.tfds_splits.get(split, split)].filepaths
        stored[split] = read_split(files, spec.records)
    times = Counter(name for part in stored.values() for name in part.ids)
    repeated = [name for name, count in times.items() if count > 1]
    if repeated:
        raise UserError(f"{origin} lists {repeated[0]} more than once.")
    class_names = builder.info.features[spec.records.label_feature].names
    splits = {
        split: dict(zip(part.ids, part.labels, strict=True)) for split, part in stored.items()
    }
    verify(Plan(class_names, splits), origin)
    images = (
        image for part in stored.values() for image in zip(part.ids, part.images, strict=True)
    )
    bar = tqdm(images, "Checking", total=len(times), unit=" images", disable=None)
    if bad := find_undecodable(bar, spec.crop_bottom):
        raise bad_images_error(bad, len(times), origin)
