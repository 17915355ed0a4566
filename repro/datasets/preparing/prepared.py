"""Opens the builder of a declared data set, and tells whether its data are prepared."""

from pathlib import Path

import tensorflow_datasets as tfds
from google.protobuf.json_format import ParseError

from repro import UserError
from repro.datasets.declaration import DatasetSpec
from repro.datasets.preparing.building import Verify


def open_builder(
    spec: DatasetSpec, data_dir: Path, verify: Verify | None = None
) -> tfds.core.DatasetBuilder:
    """Returns the builder of a declared data set; `verify` refuses what it is about to write.

    Raises:
      UserError: what is prepared has a damaged description.
    """
    try:
        return spec.builder(data_dir=data_dir, verify=verify)
    except ParseError as error:
        raise UserError(
            f"--data_dir={data_dir} holds a damaged dataset_info.json of {spec.name}. Remove that "
            "data set's folder and prepare it again."
        ) from error


def is_prepared(builder: tfds.core.DatasetBuilder) -> bool:
    """Whether the data are there, whole."""
    # TFDS's own is_prepared() logs a warning about every data set that is not there yet.
    return (builder.data_path / "dataset_info.json").exists()
