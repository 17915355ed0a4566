"""Restores a network from a checkpoint: all of its variables, or an error and none."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import keras
import numpy as np

from repro import UserError, networks
from repro.checkpoints.opening import Reader, open_checkpoint

AVERAGE = "/ExponentialMovingAverage"
_MOST_LISTED = 10


@dataclass(frozen=True)
class RestoreReport:
    """What a restoration did.

    Attributes:
      path: of the V1 or Keras file, or the prefix of the V2 files.
      restored: the network's variables that now hold the file's values, by their TF-Slim names, in
        the network's order.
      averaged: those of `restored` that hold the file's moving average.
      fresh: the network's variables that were left as they were: logits, of another class count or
        on request.
      ignored: names of the file that were not used, sorted: global_step, optimizer slots, a raw
        variable whose average was used, an auxiliary head that the network was built without.
    """

    path: Path
    restored: tuple[str, ...]
    averaged: tuple[str, ...]
    fresh: tuple[str, ...]
    ignored: tuple[str, ...]

    def __str__(self) -> str:
        return self.summary()

    def summary(self, most_listed: int = 3) -> str:
        """Returns a few lines to read, with at most `most_listed` names in each list."""
        lines = [f"Restored {len(self.restored)} variables from {self.path}."]
        for names, what in (
            (self.averaged, "taken from moving averages"),
            (self.fresh, "left as they were"),
            (self.ignored, "of the file not used"),
        ):
            if names:
                lines.append(f"  {len(names)} {what}: {_listing(names, most_listed)}")
        return "\n".join(lines)


def restore(
    model: keras.Model,
    path: str | os.PathLike[str],
    *,
    prefer_moving_average: bool = True,
    restore_logits: bool | Literal["auto"] = "auto",
) -> RestoreReport:
    """Sets a network's variables, moving statistics included, to those of a checkpoint.

    Besides TF-Slim's formats it takes a Keras file or a SavedModel that this project wrote, and its
    training checkpoints (of which the momentum is not used). Nothing in a file is executed.

    Released NASNet and MobileNet checkpoints may hold `name/ExponentialMovingAverage` beside
    `name`, or alone; which of them is taken is decided for each variable. NASNet's fully connected
    layers are found under `FC` and under `fully_connected`, the name in one of its uploads.

    Floating-point values of another width are converted to the variable's: float16 and bfloat16
    exactly, float64 by rounding. Integers and strings are refused.

    Args:
      model: from `networks.create`.
      path: as in `files.find`: a V1 file, a V2 prefix or any file of it, a .keras or .weights.h5
        file, a SavedModel, a run folder, or a folder that holds one of these.
      prefer_moving_average: whether a moving average goes before the raw variable. Without it the
        average is taken only where the file has no raw variable.
      restore_logits: of the logits and the auxiliary logits. "auto" restores those with as many
        classes as the file's and leaves others as they are. It goes by shape alone: a network for
        another data set that happens to have the checkpoint's 1000 or 1001 classes starts from
        ImageNet's logits; ask for False to prevent that. True demands that they fit. False leaves
        them as they are.

    Returns:
      What was restored and what was not.

    Raises:
      UserError: the checkpoint cannot be read (see `files.find`, `open_checkpoint`), lacks
        variables of the network, or has them in another shape or kind, or with infinite or
        undefined values. All such names are told; nothing was assigned.
    """
    if restore_logits not in (True, False, "auto"):
        raise UserError(
            f"restore_logits={restore_logits!r} is unknown. Allowed: auto, True, False."
        )
    return restore_from(
        model,
        open_checkpoint(path),
        prefer_moving_average=prefer_moving_average,
        restore_logits=restore_logits,
    )


def restore_from(
    model: keras.Model,
    reader: Reader,
    *,
    prefer_moving_average: bool = True,
    restore_logits: bool | Literal["auto"] = "auto",
) -> RestoreReport:
    """Does what `restore` does, from a checkpoint that is open already."""
    variables = networks.variables(model)
    sources = {name: source_of(name, reader.shapes, prefer_moving_average) for name in variables}
    fresh = _fresh(model, variables, sources, reader.shapes, restore_logits)
    wanted = {name: source for name, source in sources.items() if name not in fresh}
    _check_fit(model, variables, wanted, reader)
    values = {name: _read(reader, source, variables[name].dtype) for name, source in wanted.items()}
    _check_finite(values, reader)
    for name, value in values.items():
        variables[name].assign(value)
    used = set(wanted.values())
    return RestoreReport(
        path=reader.path,
        restored=tuple(wanted),
        averaged=tuple(name for name, source in wanted.items() if source.endswith(AVERAGE)),
        fresh=tuple(name for name in variables if name in fresh),
        ignored=tuple(name for name in reader.shapes if name not in used),
    )


def source_of(
    name: str, available: Iterable[str], prefer_moving_average: bool = True
) -> str | None:
    """Returns the file's name of a variable, None where it has none; see `restore`."""
    raw = (name, name.replace("/FC/", "/fully_connected/"))
    averages = tuple(candidate + AVERAGE for candidate in raw)
    candidates = averages + raw if prefer_moving_average else raw + averages
    return next((candidate for candidate in candidates if candidate in available), None)


def _fresh(
    model: keras.Model,
    variables: Mapping[str, keras.Variable],
    sources: Mapping[str, str | None],
    shapes: Mapping[str, tuple[int, ...]],
    restore_logits: bool | Literal["auto"],
) -> set[str]:
    """Returns the names of the logits' variables that are to be left as they are."""
    if restore_logits is True:
        return set()
    fresh = set()
    for group in _logits(model, variables):
        if restore_logits is False or any(
            sources[name] is not None
            and _differs_in_classes_only(variables[name].shape, shapes[sources[name]])
            for name in group
        ):
            fresh.update(group)
    return fresh


def _logits(model: keras.Model, variables: Iterable[str]) -> list[list[str]]:
    """Returns the names of the last layer's variables and of the auxiliary head's last layer's."""
    spec = networks.spec_of(model)
    groups = [[name for name in variables if name.startswith(f"{spec.logits_scope}/")]]
    if spec.auxiliary_scope is not None:
        auxiliary = [name for name in variables if name.startswith(f"{spec.auxiliary_scope}/")]
        # Every other layer of the head has batch normalization in place of biases.
        scopes = [name.removesuffix("biases") for name in auxiliary if name.endswith("/biases")]
        groups.append([name for name in auxiliary if name.startswith(tuple(scopes))])
    return groups


def _differs_in_classes_only(ours: tuple[int, ...], theirs: tuple[int, ...]) -> bool:
    ours, theirs = tuple(ours), tuple(theirs)
    return len(ours) == len(theirs) and ours[:-1] == theirs[:-1] and ours != theirs


def _check_fit(
    model: keras.Model,
    variables: Mapping[str, keras.Variable],
    wanted: Mapping[str, str | None],
    reader: Reader,
) -> None:
    """Raises a `UserError` that tells all variables which the file lacks or has differently."""
    network = networks.spec_of(model).name
    missing = [name for name, source in wanted.items() if source is None]
    if len(missing) == len(wanted):
        if reader.format == "Keras" and not any(map(variables.__contains__, reader.shapes)):
            raise UserError(
                f"{reader.path} is no Keras file of this project's {network}: its variables have "
                f"other names than TF-Slim's, such as {_listing(reader.shapes, 3)}. Give a file "
                "that `python -m repro.checkpoint convert` or a network of repro.networks wrote."
            )
        raise UserError(
            f"{reader.path} is no checkpoint of {network}: it has none of its {len(wanted)} "
            f"variables, but {_listing(reader.shapes, 3)}. Give a checkpoint of {network}."
        )
    different = {}
    for name, source in wanted.items():
        if source is None:
            continue
        ours, theirs = tuple(variables[name].shape), reader.shapes[source]
        if ours != theirs:
            different[name] = f"{source} is {list(theirs)} and should be {list(ours)}"
        elif not reader.dtypes[source].is_floating:
            kind = reader.dtypes[source].name
            different[name] = f"{source} is {kind} and should be {variables[name].dtype}"
    problems = []
    if missing:
        problems.append(f"lacks {len(missing)} of {len(variables)} variables ({_listing(missing)})")
    if different:
        listing = _listing(different.values(), separator="; ")
        problems.append(
            f"has {len(different)} of {len(variables)} variables differently ({listing})"
        )
    if problems:
        advice = _advice(model, variables, {*missing, *different})
        raise UserError(
            f"{reader.path} does not fit {network}: it {' and '.join(problems)}. {advice}"
        )


def _advice(model: keras.Model, variables: Iterable[str], failed: set[str]) -> str:
    spec = networks.spec_of(model)
    if failed.issubset(name for group in _logits(model, variables) for name in group):
        return "To leave the logits as they are, use restore_logits=False."
    if all(name.startswith(f"{spec.auxiliary_scope}/") for name in failed):
        return "Build the network without its auxiliary head, or give a checkpoint that has one."
    return f"Give a checkpoint of {spec.name}."


def _read(reader: Reader, source: str, dtype: str) -> np.ndarray:
    value = reader.read(source)
    with np.errstate(over="ignore"):  # a value too large becomes infinite and is told
        return value.astype(dtype, copy=False)


def _check_finite(values: Mapping[str, np.ndarray], reader: Reader) -> None:
    broken = [name for name, value in values.items() if not np.isfinite(value).all()]
    if broken:
        raise UserError(
            f"{reader.path} has infinite or undefined (NaN) values in {_listing(broken)}: its "
            "training diverged, or the file is damaged. Give another checkpoint."
        )


def _listing(names: Iterable[str], most: int = _MOST_LISTED, separator: str = ", ") -> str:
    names = list(names)
    more = f"{separator}and {len(names) - most} more" if len(names) > most else ""
    return separator.join(names[:most]) + more
