"""Whether a file can be relied on: an archive by its digest, a checkpoint by what is in it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from repro import UserError
from repro.checkpoints import files, manifest
from repro.checkpoints.identification import (
    has_auxiliary_head,
    network_named,
    num_classes,
    shapes_of,
)
from repro.checkpoints.opening import Reader, open_checkpoint
from repro.checkpoints.restore import AVERAGE, source_of
from repro.downloading import Fingerprint, fingerprint

_ARCHIVES = (".tgz", ".tar.gz", ".tar")


@dataclass(frozen=True)
class Verdict:
    """What came of a verification.

    Attributes:
      is_good: whether the file can be relied on.
      text: one line that says so.
      problems: a sentence each.
    """

    is_good: bool
    text: str
    problems: tuple[str, ...] = ()


def verify(path: str | os.PathLike[str], model: str | None = None) -> Verdict:
    """Verifies an archive of the manifest, or a checkpoint of any kind.

    An archive must have the digest that the manifest has. Of a checkpoint, whose digest nobody
    published, every byte is read and its checksums compared (an .h5 file has none), and every
    variable of the network must be there in its shape, finite, and every variance positive. A
    variance of exactly zero is no problem: that is where the moving average of a channel that died
    in training ends up.

    Args:
      path: of an archive, or as in `files.find`.
      model: the network; None to tell it by the variables, or by the archive's name.

    Raises:
      UserError: there is no such file, or it is not known which network it is of.
    """
    path = Path(path).expanduser()
    if path.is_file() and path.name.endswith(_ARCHIVES):
        return _verify_archive(path, model)
    reader = open_checkpoint(path)
    spec = network_named(reader, model)
    classes = num_classes(reader, spec)
    shapes = shapes_of(spec, classes, auxiliary_head=has_auxiliary_head(reader, spec))
    problems = tuple(_problems(reader, shapes))
    if problems:
        return Verdict(False, f"{reader.path} is NOT a good checkpoint of {spec.name}.", problems)
    return Verdict(
        True,
        f"{reader.path} is a good checkpoint of {spec.name}: {len(shapes)} variables, all finite, "
        f"{classes:,} classes, sha256 {files.sha256_of(path)}.",
    )


def _problems(reader: Reader, shapes: dict[str, tuple[int, ...]]) -> Iterator[str]:
    for name, shape in shapes.items():
        found = dict.fromkeys(source_of(name, reader.shapes, average) for average in (True, False))
        for source in found:
            if source is None:
                yield f"{name} is missing."
            elif reader.shapes[source] != shape:
                yield f"{source} is {list(reader.shapes[source])} and should be {list(shape)}."
            elif not reader.dtypes[source].is_floating:
                yield f"{source} is {reader.dtypes[source].name} and should be float32."
            else:
                yield from _bad_values(reader, source)


def _bad_values(reader: Reader, source: str) -> Iterator[str]:
    try:
        values = reader.read(source)
    except UserError as error:
        yield str(error)
        return
    if count := int(np.sum(~np.isfinite(values))):
        yield f"{source} has {count:,} infinite or undefined (NaN) values."
    is_variance = source.removesuffix(AVERAGE).endswith("/moving_variance")
    if is_variance and (count := int(np.sum(values <= 0))):
        yield f"{source} has {count:,} variances that are not positive."


def _verify_archive(path: Path, model: str | None) -> Verdict:
    found = fingerprint(path)
    known = [
        entry
        for entry in manifest.entries()
        if model in (None, entry.model) and (entry.sha256 or entry.sha384)
    ]
    for entry in known:
        if found.difference(Fingerprint(sha256=entry.sha256, sha384=entry.sha384)) is None:
            return Verdict(True, f"{path} is {entry.file} of {entry.model} as released.")
    namesakes = [entry for entry in known if entry.file == path.name]
    if namesakes:
        expected = " or ".join(str(entry.sha256 or entry.sha384) for entry in namesakes)
        digest = found.sha256 if namesakes[0].sha256 else found.sha384
        problem = f"Its digest is {digest}, the manifest's {expected}. Download it again."
        return Verdict(False, f"{path} is NOT {path.name} as released.", (problem,))
    problem = (
        f"The manifest has no digest of {path.name}{f' for {model}' if model else ''}. Unpack it, "
        "and verify the checkpoint inside."
    )
    return Verdict(False, f"{path} is NOT known.", (problem,))
