"""Converts a checkpoint to TF-Slim's format, a Keras file or a SavedModel, to the bit."""

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import keras

from repro import UserError, networks
from repro._files import replacing
from repro.checkpoints import saved_model
from repro.checkpoints.identification import has_auxiliary_head, network_named, num_classes
from repro.checkpoints.opening import open_checkpoint
from repro.checkpoints.restore import RestoreReport, restore_from
from repro.checkpoints.writer import write_network

_TF_SLIM, _KERAS, _KERAS_WEIGHTS = ".ckpt", ".keras", ".weights.h5"
KINDS = (
    f"*{_KERAS}, *{_KERAS_WEIGHTS}, *{_TF_SLIM} (TF-Slim), or a name without ending (a SavedModel)"
)


@dataclass(frozen=True)
class Conversion:
    """What was converted.

    Attributes:
      network: its name.
      classes: of its logits.
      output: the file, the folder of a SavedModel, or the prefix of a TF-Slim checkpoint.
      report: of the restoration.
    """

    network: str
    classes: int
    output: Path
    report: RestoreReport


def convert(
    path: str | os.PathLike[str],
    output: str | os.PathLike[str],
    model: str | None = None,
    *,
    prefer_moving_average: bool = True,
    auxiliary_head: bool = True,
    image_size: int | None = None,
) -> Conversion:
    """Reads a checkpoint of any kind and writes it as another.

    A `.keras` file is loaded by `keras.saving.load_model` where `repro.networks` is imported, which
    registers the layers; a SavedModel by TensorFlow alone.

    Values are copied to the bit. Optimizer slots and the step are left behind, and so is the raw
    value of a variable whose moving average is taken.

    Args:
      path: as in `files.find`.
      output: what to write; its ending says what: see `KINDS`. A file is replaced, a SavedModel's
        folder must not be there.
      model: the network; None to tell it by the variables.
      prefer_moving_average: as in `restore`.
      auxiliary_head: whether to keep an auxiliary head that the checkpoint has.
      image_size: height and width of a Keras model's or a SavedModel's images; None for the
        network's own.

    Raises:
      UserError: the checkpoint cannot be read or is not whole, or the output cannot be written.
    """
    output = Path(output).expanduser()
    write = _writer(output)
    reader = open_checkpoint(path)
    spec = network_named(reader, model)
    classes = num_classes(reader, spec)
    network = networks.create(
        spec.name,
        classes,
        None if image_size is None else (image_size, image_size, 3),
        auxiliary_head=auxiliary_head and has_auxiliary_head(reader, spec),
    )
    report = restore_from(
        network, reader, prefer_moving_average=prefer_moving_average, restore_logits=True
    )
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        write(output, network)
    except OSError as error:
        raise UserError(
            f"--output={output} cannot be written: {error.strerror or error}."
        ) from error
    return Conversion(spec.name, classes, output, report)


def _writer(output: Path):
    """Returns the function (output, network) that writes what the output's ending says."""
    if output.name.endswith((_KERAS, _KERAS_WEIGHTS)):
        if output.is_dir():
            raise UserError(f"--output={output} is a folder; give the name of a file.")
        return _write_keras
    if output.name.endswith(_TF_SLIM):
        return write_network
    if re.search(r"\.[A-Za-z]\w*$", output.name):  # 0.25 at the end of a name is no ending
        raise UserError(f"--output={output} has an ending that says no format; allowed: {KINDS}.")
    if output.exists():
        raise UserError(f"--output={output} exists already. Remove it, or give another name.")
    return _write_saved_model


def _write_keras(output: Path, network: keras.Model) -> None:
    folder = Path(tempfile.mkdtemp(prefix=f".{output.name}.", dir=output.parent))
    try:
        written = folder / output.name  # Keras goes by the ending
        if output.name.endswith(_KERAS):
            network.save(written)
        else:
            network.save_weights(written)
        with replacing(output) as temporary:
            written.replace(temporary)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write_saved_model(output: Path, network: keras.Model) -> None:
    folder = Path(tempfile.mkdtemp(prefix=f".{output.name}.", dir=output.parent))
    try:
        saved_model.save(folder / "new", network)
        (folder / "new").rename(output)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
