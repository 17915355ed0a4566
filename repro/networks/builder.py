"""Turns the rows of an architecture's table into layers: what TF-Slim calls an arg scope."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import keras
from keras import ops

from repro.networks import layers
from repro.networks.batch_norm import BatchNorm
from repro.networks.draws import Dropout

Tensor = Any  # a symbolic KerasTensor, [batch, height, width, channels] unless said otherwise
Initializer = Callable[[], keras.initializers.Initializer]


@dataclass(frozen=True)
class BatchNormSettings:
    """A network's batch normalization; see `batch_norm.BatchNorm`."""

    momentum: float
    epsilon: float
    scale: bool

    def with_momentum(self, momentum: float | None) -> "BatchNormSettings":
        """Returns the settings with another momentum, unless it is None."""
        return self if momentum is None else replace(self, momentum=momentum)


@dataclass(frozen=True)
class Graph:
    """A network as symbolic tensors.

    Attributes:
      images: `[batch, height, width, 3]`, preprocessed as the network wants it.
      logits: `[batch, classes]`.
      features: `[batch, d]`, the penultimate layer, before the last dropout.
      end_points: TF-Slim's end points by name.
      auxiliary_logits: `[batch, classes]`, or None without the auxiliary head.
    """

    images: Tensor
    logits: Tensor
    features: Tensor
    end_points: dict[str, Tensor]
    auxiliary_logits: Tensor | None = None


@dataclass
class Builder:
    """Adds layers with one network's initializer, batch normalization and activation.

    Attributes:
      kernel_initializer: makes an initializer for each layer anew (one object repeats its draw).
      batch_norm_settings: of the convolutions; None for a network without, whose convolutions then
        have biases.
      activation: after each convolution, a function of a tensor.
      scope: the TF-Slim scope in front of every name, such as `InceptionV4`; may be empty.
      end_points: what `end_point` was called with so far.
    """

    kernel_initializer: Initializer
    batch_norm_settings: BatchNormSettings | None
    activation: Callable[[Tensor], Tensor] = ops.relu
    scope: str = ""
    end_points: dict[str, Tensor] = field(default_factory=dict)

    def end_point(self, name: str, x: Tensor) -> Tensor:
        """Files a tensor under TF-Slim's name for it, and returns it."""
        self.end_points[name] = x
        return x

    def conv(
        self,
        x: Tensor,
        filters: int,
        kernel_size: Sequence[int],
        name: str,
        *,
        strides: int = 1,
        padding: str = "same",
        batch_norm: bool = True,
        use_bias: bool | None = None,
        activation: bool = True,
        kernel_initializer: Initializer | None = None,
        regularized: Sequence[str] = ("weights",),
    ) -> Tensor:
        """Convolution, then batch normalization (by default a bias without it), the activation."""
        normalized = batch_norm and self.batch_norm_settings is not None
        x = layers.Conv2D(
            filters,
            kernel_size,
            (kernel_initializer or self.kernel_initializer)(),
            strides,
            padding,
            use_bias=not normalized if use_bias is None else use_bias,
            regularized=regularized,
            name=self._layer_name(name),
        )(x)
        if normalized:
            x = self.batch_norm(x, f"{name}/BatchNorm")
        return self.activation(x) if activation else x

    def depthwise(
        self, x: Tensor, kernel_size: Sequence[int], name: str, *, strides: int = 1
    ) -> Tensor:
        """Depthwise convolution, batch normalization, activation; the kernel is not regularized."""
        x = layers.DepthwiseConv2D(
            kernel_size,
            self.kernel_initializer(),
            strides,
            use_bias=False,
            name=self._layer_name(name),
        )(x)
        return self.activation(self.batch_norm(x, f"{name}/BatchNorm"))

    def separable(
        self,
        x: Tensor,
        filters: int,
        kernel_size: Sequence[int],
        name: str,
        *,
        strides: int = 1,
        depth_multiplier: int = 1,
        use_bias: bool = False,
        kernel_initializer: Initializer | None = None,
        regularized: Sequence[str] = (),
    ) -> Tensor:
        """Separable convolution alone: no batch normalization, no activation."""
        return layers.SeparableConv2D(
            filters,
            kernel_size,
            (kernel_initializer or self.kernel_initializer)(),
            strides,
            depth_multiplier,
            use_bias=use_bias,
            regularized=regularized,
            name=self._layer_name(name),
        )(x)

    def fully_connected(
        self,
        x: Tensor,
        units: int,
        name: str,
        *,
        kernel_initializer: Initializer | None = None,
        regularized: Sequence[str] = ("weights",),
    ) -> Tensor:
        """`[batch, d]` to `[batch, units]`, with a bias and no activation."""
        initializer = (kernel_initializer or self.kernel_initializer)()
        return layers.FullyConnected(
            units, initializer, regularized=regularized, name=self._layer_name(name)
        )(x)

    def batch_norm(self, x: Tensor, name: str) -> Tensor:
        """Batch normalization under a scope of its own."""
        settings = self.batch_norm_settings
        return BatchNorm(
            settings.momentum, settings.epsilon, scale=settings.scale, name=self._layer_name(name)
        )(x)

    def classified(
        self,
        images: Tensor,
        logits: Tensor,
        features: Tensor,
        auxiliary_logits: Tensor | None = None,
    ) -> Graph:
        """Files the last end points, Logits and Predictions, and returns the finished network."""
        self.end_point("Logits", logits)
        self.end_point("Predictions", ops.softmax(logits))
        return Graph(images, logits, features, self.end_points, auxiliary_logits)

    def _layer_name(self, name: str) -> str:
        return "/".join(filter(None, (self.scope, name))).replace("/", ".")


def max_pool(x: Tensor, size: int = 3, strides: int = 2, padding: str = "valid") -> Tensor:
    """slim.max_pool2d with its defaults: stride 2, VALID."""
    return ops.max_pool(x, size, strides, padding, data_format="channels_last")


def avg_pool(x: Tensor, size: int = 3, strides: int = 1, padding: str = "same") -> Tensor:
    """Average pooling; under "same" the padding is not counted, as in TensorFlow."""
    return ops.average_pool(x, size, strides, padding, data_format="channels_last")


def global_pool(x: Tensor) -> Tensor:
    """The mean over the map, `[batch, 1, 1, channels]`, for any size of image."""
    return ops.mean(x, axis=(1, 2), keepdims=True)


def squeeze(x: Tensor) -> Tensor:
    """`[batch, 1, 1, channels]` to `[batch, channels]`."""
    return ops.squeeze(x, axis=(1, 2))


def dropout(x: Tensor, keep: float) -> Tensor:
    """Dropout by TF-Slim's `dropout_keep_prob`."""
    return Dropout(keep)(x)
