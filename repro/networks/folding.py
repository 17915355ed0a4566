"""Folds batch normalization into the convolutions before it, for inference.

At inference, normalization multiplies and shifts each channel by constants; the kernel can be
multiplied beforehand, and the shift be a bias. It saves a pass over every feature map.
"""

from collections import Counter
from collections.abc import Sequence

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from repro.networks.batch_norm import BatchNorm
from repro.networks.builder import Tensor
from repro.networks.layers import Conv2D, DepthwiseConv2D, SeparableConv2D, Weighted

Convolution = Conv2D | DepthwiseConv2D | SeparableConv2D


def folded(model: keras.Model) -> keras.Model:
    """Returns an inference-only copy of a network without batch normalization.

    Args:
      model: from `create` or `feature_extractor`, its weights restored; left as it is. The copy
        has weights of its own, made from those that the model has now.

    Returns:
      A model with the same inputs, and with the original's `training=False` outputs up to rounding
      (relative L2 below 1e-5 in float32). It has no end points and no TF-Slim names.

    Raises:
      ValueError: a normalization does not follow a convolution without bias that nothing else uses.
    """
    folding = _Folding()
    copy = keras.models.clone_model(model, clone_function=folding.clone, call_function=folding.call)
    folding.check()
    for original, clone in folding.clones:
        for source, target in zip(original.variables, clone.variables, strict=False):
            target.assign(source)
    for normalization, convolutions in folding.folds:
        _fold(normalization, convolutions)
    return copy


class _Folding:
    """Follows the copying of a network's graph.

    Attributes:
      clones: every layer with weights, normalization aside, beside its copy.
      folds: every normalization with the copies of the convolutions whose outputs it normalizes;
        several are concatenated.
    """

    def __init__(self):
        self.clones: list[tuple[Weighted, Weighted]] = []
        self.folds: list[tuple[BatchNorm, list[Convolution]]] = []
        self._convolutions_of: dict[int, tuple[Tensor, list[Convolution]]] = {}
        self._uses: Counter[int] = Counter()

    def clone(self, operation):
        """Copies a layer; a convolution gets the bias that folding will fill."""
        if isinstance(operation, BatchNorm) or not isinstance(operation, keras.layers.Layer):
            return operation
        if not isinstance(operation, Weighted):
            return operation.__class__.from_config(operation.get_config())
        config = operation.get_config() | {"kernel_initializer": "zeros"}
        if isinstance(operation, Convolution):
            config["use_bias"] = True
        clone = operation.__class__.from_config(config)
        self.clones.append((operation, clone))
        return clone

    def call(self, operation, *args, **kwargs):
        """Applies a copied layer or an operation; a normalization passes its input on."""
        inputs = keras.tree.flatten(args)
        if isinstance(operation, BatchNorm):
            self.folds.append((operation, self._convolutions_behind(inputs[0], operation)))
            outputs = keras.layers.Identity()(inputs[0])
        else:
            outputs = operation(*args, **kwargs)
        if isinstance(operation, Convolution):
            self._remember(outputs, [operation])
        elif operation.__class__.__name__ == "Concatenate" and all(map(self._is_unused, inputs)):
            self._remember(outputs, [c for x in inputs for c in self._convolutions_of[id(x)][1]])
        for x in inputs:
            self._uses[id(x)] += 1
        return outputs

    def check(self) -> None:
        """Raises ValueError if something uses what a convolution made before its normalization."""
        for normalization, convolutions in self.folds:
            for x, made_by in self._convolutions_of.values():
                if set(map(id, made_by)) <= set(map(id, convolutions)) and self._uses[id(x)] > 1:
                    raise ValueError(
                        f"{normalization.name} cannot be folded: another layer uses its input too."
                    )

    def _remember(self, outputs: Tensor, convolutions: list[Convolution]) -> None:
        # The tensor is kept too, so that no other one gets its id.
        self._convolutions_of[id(outputs)] = (outputs, convolutions)

    def _is_unused(self, x: Tensor) -> bool:
        return id(x) in self._convolutions_of and not self._uses[id(x)]

    def _convolutions_behind(self, x: Tensor, normalization: BatchNorm) -> list[Convolution]:
        if id(x) not in self._convolutions_of:
            raise ValueError(f"{normalization.name} cannot be folded: its input is no convolution.")
        return self._convolutions_of[id(x)][1]


def _fold(normalization: BatchNorm, convolutions: Sequence[Convolution]) -> None:
    """Scales the convolutions' kernels and sets their biases."""
    factor, shift = _factor_and_shift(normalization)
    first = 0
    for convolution in convolutions:
        channels = slice(first, first + convolution.bias.shape[0])
        if np.any(ops.convert_to_numpy(convolution.bias)):
            raise ValueError(f"{convolution.name} has a bias before {normalization.name}.")
        _scale_outputs(convolution, factor[channels])
        convolution.bias.assign(shift[channels])
        first = channels.stop


def _factor_and_shift(normalization: BatchNorm) -> tuple[NDArray, NDArray]:
    """Returns what each channel is multiplied by, and what is then added; float64."""

    def values(variable: keras.Variable) -> NDArray:
        return ops.convert_to_numpy(variable).astype(np.float64)

    factor = 1 / np.sqrt(values(normalization.moving_variance) + normalization.epsilon)
    if normalization.gamma is not None:
        factor *= values(normalization.gamma)
    return factor, values(normalization.beta) - values(normalization.moving_mean) * factor


def _scale_outputs(convolution: Convolution, factor: NDArray) -> None:
    if isinstance(convolution, SeparableConv2D):
        kernel = convolution.pointwise_kernel
    else:
        kernel = convolution.kernel
    if isinstance(convolution, DepthwiseConv2D):
        factor = factor[:, np.newaxis]  # its kernel is [height, width, channels, 1]
    kernel.assign(ops.convert_to_numpy(kernel).astype(np.float64) * factor)
