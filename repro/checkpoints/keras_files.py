"""Reads the weights of a Keras file, and nothing else of it.

A `.keras` file is a zip archive of config.json, which can name code to run, and model.weights.h5; a
`.weights.h5` file is the latter alone. Only the numbers are read here, by h5py: no configuration is
deserialized, so a Lambda layer, a pickle or a custom object in it stays a string of bytes. HDF5 has
means of its own to reach into other files (external and soft links, external and virtual storage);
they are refused.

The networks' layers keep their variables under TF-Slim's names (`networks.layers.StoredByName`).
Other layers' variables have only their number in the layer; they are called by their place.
"""

import os
import shutil
import tempfile
import weakref
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import h5py
import numpy as np
import tensorflow as tf

from repro import UserError
from repro.checkpoints import files

_VARIABLES = "/vars/"


class KerasReader:
    """An open Keras file, with the attributes of `CheckpointReader`.

    Attributes:
      path: of the file.
      format: "Keras".
      shapes: name of each variable -> its shape, sorted by name.
      dtypes: name of each variable -> its `tf.DType`; tf.variant for what is no number.
    """

    def __init__(self, path: str | os.PathLike[str]):
        """Opens a file; reads names and shapes, no values.

        Args:
          path: of a .keras or .weights.h5 file.

        Raises:
          UserError: it is another file, damaged, or refers to other files.
        """
        found = files.find(path)
        self.path: Path = found.path
        self.format: str = found.format
        try:
            self._file = h5py.File(self._weights_file(), "r")
            self._datasets = dict(sorted(self._named_datasets()))
        except (UserError, MemoryError):
            raise
        except Exception as error:  # zipfile and HDF5 raise of every kind on damaged files
            raise files.damaged(self.path) from error
        self.shapes: Mapping[str, tuple[int, ...]] = MappingProxyType(
            {name: tuple(dataset.shape) for name, dataset in self._datasets.items()}
        )
        self.dtypes: Mapping[str, tf.DType] = MappingProxyType(
            {name: _dtype(dataset) for name, dataset in self._datasets.items()}
        )

    def read(self, name: str) -> np.ndarray:
        """Returns one variable's value, of its shape and dtype in the file.

        Args:
          name: a key of `shapes`.

        Raises:
          KeyError: the file has no variable of that name.
          UserError: the part of the file that holds it is damaged.
        """
        dataset = self._datasets[name]
        # The size is only a claim until as many bytes are there.
        if dataset.id.get_storage_size() < dataset.nbytes:
            raise UserError(
                f"{self.path} holds {name} compressed or not in full, as Keras never writes it. "
                "Copy or convert the file again."
            )
        try:
            return np.asarray(dataset[()])
        except (OSError, RuntimeError, ValueError) as error:
            raise files.damaged(self.path, f" where {name} is stored") from error

    def _weights_file(self) -> Path:
        """Returns the HDF5 file; that of a .keras file is unpacked, which compares its checksum."""
        if not zipfile.is_zipfile(self.path):
            return self.path
        with zipfile.ZipFile(self.path) as archive:
            member = archive.getinfo(files.KERAS_WEIGHTS)
            # Weights do not compress: a small archive that claims a huge member is made to harm.
            if member.file_size > 20 * self.path.stat().st_size:
                raise zipfile.BadZipFile
            folder = Path(tempfile.mkdtemp(prefix="checkpoint-"))
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            with archive.open(member) as packed, (folder / "weights.h5").open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked, 1 << 20)
        return folder / "weights.h5"

    def _named_datasets(self) -> Iterator[tuple[str, h5py.Dataset]]:
        names = set()
        for place, dataset in self._all_datasets(self._file, "", set()):
            name = _variable_name(place)
            if name in names:
                raise UserError(f"{self.path} holds {name} twice. Give another file.")
            names.add(name)
            yield name, dataset

    def _all_datasets(
        self, group: h5py.Group, place: str, seen: set[int]
    ) -> Iterator[tuple[str, h5py.Dataset]]:
        address = h5py.h5o.get_info(group.id).addr
        if address in seen:  # a group that holds itself
            return
        seen.add(address)
        for key in group:
            path = f"{place}/{key}"
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                raise self._refers_elsewhere(path)
            item = group[key]
            if isinstance(item, h5py.Group):
                yield from self._all_datasets(item, path, seen)
            elif isinstance(item, h5py.Dataset) and item.shape is not None:
                if item.external or item.is_virtual:
                    raise self._refers_elsewhere(path)
                yield path, item

    def _refers_elsewhere(self, place: str) -> UserError:
        return UserError(
            f"{self.path} refers to another place or file at {place.lstrip('/')}, as Keras never "
            "does; nothing of it was read. Give a file from a source that you trust."
        )


def _variable_name(place: str) -> str:
    """Returns TF-Slim's name of `/layers/conv2d/vars/MobilenetV1.Conv2d_0.weights`."""
    key = place.rpartition(_VARIABLES)[2]
    return place.lstrip("/") if "/" in key or key.isdigit() else key.replace(".", "/")


def _dtype(dataset: h5py.Dataset) -> tf.DType:
    try:
        return tf.as_dtype(dataset.dtype)
    except TypeError:
        return tf.variant
