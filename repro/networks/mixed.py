"""The vocabulary in which the Inception networks write their mixed blocks.

A block is a tuple of branches, a branch a tuple of rows, applied one after the other; the branches'
outputs are concatenated. TF-Slim names a convolution after its kernel (`Conv2d_0b_1x7`), so a row
says its kernel only where the name does not fit.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from keras import ops

from repro.networks.builder import Builder, Initializer, Tensor, avg_pool, max_pool


@dataclass(frozen=True)
class Conv:
    """A convolution with batch normalization and ReLU.

    Attributes:
      name: TF-Slim's, without the branch: `Conv2d_0a_1x1`.
      filters: output channels.
      strides: of both axes.
      padding: "same" or "valid".
      kernel_size: None to read it off the end of the name.
      initializer: of the kernel; None for the network's own.
    """

    name: str
    filters: int
    strides: int = 1
    padding: str = "same"
    kernel_size: tuple[int, int] | None = None
    initializer: Initializer | None = None

    def apply(self, net: Builder, x: Tensor, scope: str = "") -> Tensor:
        """Adds the layer."""
        kernel_size = self.kernel_size or _kernel_size_in(self.name)
        return net.conv(
            x,
            self.filters,
            kernel_size,
            f"{scope}/{self.name}" if scope else self.name,
            strides=self.strides,
            padding=self.padding,
            kernel_initializer=self.initializer,
        )


@dataclass(frozen=True)
class MaxPool:
    """Max-pooling; it has a name only where it is an end point."""

    size: int = 3
    strides: int = 1
    padding: str = "same"
    name: str = ""

    def apply(self, net: Builder, x: Tensor, scope: str = "") -> Tensor:  # noqa: ARG002
        """Pools."""
        return max_pool(x, self.size, self.strides, self.padding)


@dataclass(frozen=True)
class AvgPool:
    """Average pooling."""

    size: int = 3
    strides: int = 1
    padding: str = "same"

    def apply(self, net: Builder, x: Tensor, scope: str) -> Tensor:  # noqa: ARG002
        """Pools."""
        return avg_pool(x, self.size, self.strides, self.padding)


class Fork:
    """Several convolutions of the same input, concatenated: the end of an expanded branch."""

    def __init__(self, *ways: Conv):
        self.ways = ways

    def apply(self, net: Builder, x: Tensor, scope: str) -> Tensor:
        """Adds the layers."""
        return ops.concatenate([way.apply(net, x, scope) for way in self.ways], axis=-1)


Row = Conv | MaxPool | AvgPool | Fork
Branch = Sequence[Row]


def mixed(net: Builder, x: Tensor, scope: str, branches: Sequence[Branch]) -> Tensor:
    """Adds a mixed block: all branches on `x`, concatenated along the channels.

    Args:
      net: the network's builder.
      x: `[batch, height, width, channels]`.
      scope: the block's TF-Slim scope, such as `Mixed_5b`.
      branches: branch i gets the scope `Branch_i`.
    """
    outputs = []
    for i, rows in enumerate(branches):
        y = x
        for row in rows:
            y = row.apply(net, y, f"{scope}/Branch_{i}")
        outputs.append(y)
    return ops.concatenate(outputs, axis=-1)


@dataclass(frozen=True)
class Mixed:
    """A mixed block as a row itself, for a network that is one table from images to features."""

    name: str
    branches: Sequence[Branch]

    def apply(self, net: Builder, x: Tensor) -> Tensor:
        """Adds the layers."""
        return mixed(net, x, self.name, self.branches)


def _kernel_size_in(name: str) -> tuple[int, int]:
    height, width = re.search(r"_(\d+)x(\d+)$", name).groups()
    return int(height), int(width)
