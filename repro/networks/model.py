"""From a network's name to a Keras model, and from the model to its parts by TF-Slim's names."""

import inspect
import math
from collections.abc import Mapping

import keras
import numpy as np

from repro import UserError
from repro.networks import layers
from repro.networks.batch_norm import BatchNorm
from repro.networks.builder import Graph, Tensor
from repro.networks.registry import NetworkSpec, spec


def create(
    name: str,
    num_classes: int,
    input_shape: tuple[int | None, int | None, int] | None = None,
    *,
    batch_norm_momentum: float | None = None,
    auxiliary_head: bool = False,
) -> keras.Model:
    """Builds a network with freshly initialized weights (TF-Slim's initializers).

    Args:
      name: a key of `NETWORKS`.
      num_classes: length of the logits, at least 1.
      input_shape: (height, width, 3); None for Table 4's size, None inside for any size.
      batch_norm_momentum: decay of the moving averages; None for the network's ImageNet value.
      auxiliary_head: whether to add the auxiliary classifier; needs a fixed height and width.

    Returns:
      A model from float32 images `[batch, height, width, 3]`, preprocessed as `spec.preprocessing`
      says, to logits `[batch, num_classes]`; with `auxiliary_head`, to [logits, auxiliary logits].

    Raises:
      UserError: for an unknown name, fewer than one class, images too small or not RGB, or an
        auxiliary head that the network does not have.
    """
    entry = spec(name)
    if num_classes < 1:
        raise UserError(f"{name} was asked for {num_classes} classes; it needs at least 1.")
    shape = (entry.image_size, entry.image_size, 3) if input_shape is None else tuple(input_shape)
    if len(shape) != 3 or shape[2] != 3:
        raise UserError(f"input_shape={shape} is not (height, width, 3).")
    options = {"batch_norm_momentum": batch_norm_momentum}
    if auxiliary_head:
        if entry.auxiliary_scope is None:
            raise UserError(f"{name} has no auxiliary head.")
        if None in shape:
            raise UserError(f"The auxiliary head of {name} needs a fixed input_shape, not {shape}.")
        options["auxiliary_head"] = True
    if "batch_norm_momentum" not in inspect.signature(entry.build).parameters:
        del options["batch_norm_momentum"]  # VGG has no batch normalization
    images = keras.Input(shape, name="images")
    try:
        graph = entry.build(images, num_classes, **options)
    except ValueError as error:
        if None not in shape and min(shape[:2]) < entry.image_size:
            raise UserError(
                f"Images of {shape[0]}x{shape[1]} pixels are too small for {name}, which was made "
                f"for {entry.image_size}x{entry.image_size}."
            ) from error
        raise
    outputs = [graph.logits, graph.auxiliary_logits] if auxiliary_head else graph.logits
    model = keras.Model(images, outputs, name=name.replace(".", "_"))
    model.graph = graph
    model.spec = entry
    return model


def spec_of(model: keras.Model) -> NetworkSpec:
    """Returns the registry entry that a model was created from."""
    return model.spec


def feature_extractor(model: keras.Model) -> keras.Model:
    """Returns a model from images to penultimate features `[batch, d]`, sharing the weights."""
    graph: Graph = model.graph
    return keras.Model(graph.images, graph.features, name=f"{model.name}_features")


def end_points(model: keras.Model) -> dict[str, Tensor]:
    """Returns the symbolic tensors by TF-Slim's end point names, in the order they were made."""
    return dict(model.graph.end_points)


def variables(model: keras.Model) -> dict[str, keras.Variable]:
    """Returns every variable, moving statistics included, by its name in a TF-Slim checkpoint."""
    return {
        layers.slim_name(layer, variable): variable
        for layer in _weighted_layers(model)
        for variable in layer.variables
    }


def weight_decay_variables(model: keras.Model) -> dict[str, keras.Variable]:
    """Returns the variables that TF-Slim puts an L2 penalty on, by their TF-Slim names."""
    return {
        name: variable
        for layer in _weighted_layers(model)
        for variable in layer.variables
        if variable.name in getattr(layer, "regularized", ())
        for name in [layers.slim_name(layer, variable)]
    }


def num_parameters(model: keras.Model) -> int:
    """Returns the number of parameters by the rule behind the paper's Table 4.

    They are the trainable variables without the logits layer and without the auxiliary head; moving
    statistics do not count. 12 of Table 4's 13 numbers follow, and BN-Inception but for a rounding:
    10,153,336 is printed as 10.1 million.
    """
    entry = spec_of(model)
    left_out = tuple(
        f"{scope}/" for scope in (entry.logits_scope, entry.auxiliary_scope) if scope is not None
    )
    return sum(
        math.prod(variable.shape)
        for name, variable in variables(model).items()
        if variable.trainable and not name.startswith(left_out)
    )


def assign(model: keras.Model, values: Mapping[str, np.ndarray]) -> None:
    """Sets variables by their TF-Slim names; those not named keep their values.

    Args:
      model: from `create`.
      values: arrays of the variables' shapes.

    Raises:
      ValueError: listing names the network does not have and shapes that do not fit; then nothing
        was assigned.
    """
    by_name = variables(model)
    problems = [f"{name} is not in {model.name}" for name in values if name not in by_name]
    problems += [
        f"{name} is {tuple(np.shape(value))} and should be {tuple(by_name[name].shape)}"
        for name, value in values.items()
        if name in by_name and tuple(np.shape(value)) != tuple(by_name[name].shape)
    ]
    if problems:
        raise ValueError(f"Nothing was assigned to {model.name}: {'; '.join(problems)}.")
    for name, value in values.items():
        by_name[name].assign(value)


def _weighted_layers(model: keras.Model) -> list[keras.layers.Layer]:
    return [layer for layer in model.layers if isinstance(layer, layers.Weighted | BatchNorm)]
