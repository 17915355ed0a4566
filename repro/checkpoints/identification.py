"""Tells which network a checkpoint is of, by the names and shapes of its variables."""

from collections.abc import Mapping

from repro import UserError, networks
from repro.checkpoints.opening import Reader
from repro.checkpoints.restore import source_of
from repro.networks import NetworkSpec


def network_of(reader: Reader) -> NetworkSpec | None:
    """Returns the network of which every variable is there, in its shape; None if there is none.

    The logits' depth tells networks apart that share names, such as MobileNets of several widths.
    """
    for spec in networks.NETWORKS.values():
        shape = _logits_shape(reader, spec)
        if shape is not None and shape[-2] == spec.num_features and _fits(reader, spec):
            return spec
    return None


def network_named(reader: Reader, name: str | None) -> NetworkSpec:
    """Returns the network of that name, or that of the checkpoint if there is no name.

    Raises:
      UserError: the name is unknown, or without one, the checkpoint's network is.
    """
    if name is not None:
        return networks.spec(name)
    spec = network_of(reader)
    if spec is None:
        raise UserError(
            f"{reader.path} has the variables of no network in full. Say with --model which it is "
            "of, to be told what is missing."
        )
    return spec


def num_classes(reader: Reader, spec: NetworkSpec) -> int:
    """Returns the number of classes that a checkpoint's logits have.

    Raises:
      UserError: it has no logits of that network.
    """
    shape = _logits_shape(reader, spec)
    if shape is None:
        raise UserError(
            f"{reader.path} lacks {spec.logits_scope}/weights, the logits of {spec.name}. Give a "
            f"checkpoint of {spec.name}."
        )
    return shape[-1]


def has_auxiliary_head(reader: Reader, spec: NetworkSpec) -> bool:
    """Returns whether a checkpoint holds anything of the network's auxiliary head."""
    scope = spec.auxiliary_scope
    return scope is not None and any(name.startswith(f"{scope}/") for name in reader.shapes)


def shapes_of(
    spec: NetworkSpec, classes: int, *, auxiliary_head: bool = False
) -> Mapping[str, tuple[int, ...]]:
    """Returns the shapes of a network's variables by their TF-Slim names.

    Args:
      spec: of the network, which is built for a moment.
      classes: of its logits.
      auxiliary_head: whether that is among them.
    """
    model = networks.create(spec.name, classes, auxiliary_head=auxiliary_head)
    return {name: tuple(variable.shape) for name, variable in networks.variables(model).items()}


def _logits_shape(reader: Reader, spec: NetworkSpec) -> tuple[int, ...] | None:
    source = source_of(f"{spec.logits_scope}/weights", reader.shapes)
    if source is None or len(reader.shapes[source]) < 2:
        return None
    return reader.shapes[source]


def _fits(reader: Reader, spec: NetworkSpec) -> bool:
    sources = {
        name: (source_of(name, reader.shapes), shape)
        for name, shape in shapes_of(spec, num_classes(reader, spec)).items()
    }
    return all(
        source is not None and reader.shapes[source] == shape for source, shape in sources.values()
    )
