"""Reads TF-Slim checkpoints, both formats; what is read has passed its checksum, or is an error.

TensorFlow compares the CRC32C of each V1 block and of each V2 tensor that it reads, but reports a
damaged V1 block as variables that are "not found". Where a block of a V2 index is damaged it stops
there, and silently knows fewer variables: a moving average would be passed over for the raw value.
So an index is verified here first. Tests flip bits to keep all of this true.
"""

import os
import re
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import tensorflow as tf

from repro import UserError
from repro.checkpoints import files, table


class CheckpointReader:
    """An open checkpoint.

    Attributes:
      path: of the V1 file, or the prefix of the V2 files.
      format: "V1" or "V2".
      shapes: name of each variable -> its shape, sorted by name.
      dtypes: name of each variable -> its `tf.DType`.
    """

    def __init__(self, path: str | os.PathLike[str]):
        """Opens a checkpoint; reads names and shapes, no values.

        Args:
          path: as in `files.find`.

        Raises:
          UserError: as `files.find`, and where the table of names is damaged.
        """
        found = files.find(path)
        self.path: Path = found.path
        self.format: str = found.format
        if found.format == "Keras":
            raise UserError(f"{found.path} is no TF-Slim checkpoint but a Keras file.")
        index = found.files[-1]
        try:
            if found.format == "V2":
                table.verify(index)
            self._reader = tf.train.load_checkpoint(self._openable(found))
            shapes = self._reader.get_variable_to_shape_map()
            dtypes = self._reader.get_variable_to_dtype_map()
        except MemoryError:
            raise
        except Exception as error:  # TensorFlow raises OpError, IndexError, ValueError, ... here
            raise files.damaged(index) from error
        names = sorted(shapes)
        self.shapes: Mapping[str, tuple[int, ...]] = MappingProxyType(
            {name: tuple(shapes[name]) for name in names}
        )
        self.dtypes: Mapping[str, tf.DType] = MappingProxyType(
            {name: dtypes[name] for name in names}
        )

    def read(self, name: str) -> np.ndarray:
        """Returns one variable's value, of its shape and dtype in the file.

        Args:
          name: a key of `shapes`.

        Raises:
          KeyError: the checkpoint has no variable of that name.
          UserError: the part of the file that holds it is damaged or cut short.
        """
        if name not in self.shapes:
            raise KeyError(name)
        try:
            return np.asarray(self._reader.get_tensor(name))
        except MemoryError:
            raise
        except tf.errors.UnimplementedError as error:
            raise UserError(
                f"{self.path} holds {name} as {self.dtypes[name].name} or in several slices, which "
                "TensorFlow cannot read from this format. Save it again in the V2 format."
            ) from error
        except Exception as error:  # as above
            raise files.damaged(self.path, f" where {name} is stored") from error

    def _openable(self, found: files.CheckpointFiles) -> str:
        r"""Returns a path that TensorFlow, which expands * ? [ ] and \\, takes for itself."""
        if not re.search(r"[*?\[\]\\]", str(found.path)):
            return str(found.path)
        folder = Path(tempfile.mkdtemp(prefix="checkpoint-"))
        # The links live as long as the reader: V2 data files are opened when first read.
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        for file in found.files:
            ending = file.name.removeprefix(found.path.name)
            (folder / f"model.ckpt{ending}").symlink_to(file.resolve())
        return str(folder / "model.ckpt")
