"""The two cells of NASNet-A (Zoph et al., 2018, Figure 4), as in nets/nasnet/nasnet_utils.py.

A cell starts from two states, the output of the cell before it and an earlier one, and adds five,
each the sum of two paths. ReLUs come before the convolutions; a cell's output has none. TF-Slim
projects a pooled state whose channels are not the cell's: in NASNet-A all of them are.
"""

from collections.abc import Callable
from dataclasses import dataclass

from keras import ops

from repro.networks.builder import Builder, Tensor, avg_pool, max_pool

CURRENT, PREVIOUS = 0, 1  # the states a cell starts from; its sums are 2 to 6
DropPathOf = Callable[[Tensor, int], Tensor]  # drops the path of that number


@dataclass(frozen=True)
class Map:
    """The output of a cell, and how often the size has been halved on the way to it.

    TF-Slim compares two maps' widths. A halving takes a width w to ceil(w / 2), another width
    unless w is 1, so that comparing the halvings answers the same for images of any size above
    `nasnet.SMALLEST_WIDTH`, also where the size is not known beforehand.
    """

    x: Tensor
    halvings: int


@dataclass(frozen=True)
class Separable:
    """Twice ReLU, separable convolution, batch normalization; the first has the stride."""

    size: int
    state: int

    def apply(self, net: Builder, x: Tensor, filters: int, strides: int, scope: str) -> Tensor:
        """Adds the layers."""
        for i in (1, 2):
            name = f"{self.size}x{self.size}_{i}"
            x = net.separable(
                ops.relu(x),
                filters,
                (self.size, self.size),
                f"{scope}/separable_{name}",
                strides=strides if i == 1 else 1,
                regularized=("depthwise_weights", "pointwise_weights"),
            )
            x = net.batch_norm(x, f"{scope}/bn_sep_{name}")
        return x


@dataclass(frozen=True)
class Pool:
    """3x3 pooling: `max_pool` or `avg_pool`."""

    function: Callable[..., Tensor]
    state: int

    def apply(self, net: Builder, x: Tensor, filters: int, strides: int, scope: str) -> Tensor:  # noqa: ARG002
        """Pools."""
        return self.function(x, 3, strides, "same")


@dataclass(frozen=True)
class Identity:
    """The state itself."""

    state: int


Path = Separable | Pool | Identity


@dataclass(frozen=True)
class Cell:
    """A kind of cell.

    Attributes:
      sums: the left and the right path of each.
      outputs: the states to concatenate, those that no path starts from.
      strides: of the paths from the two states that the cell starts from.
    """

    sums: tuple[tuple[Path, Path], ...]
    outputs: tuple[int, ...]
    strides: int

    def apply(
        self,
        net: Builder,
        previous: Map | None,
        current: Map,
        filters: int,
        scope: str,
        drop_path: DropPathOf,
    ) -> Map:
        """Adds a cell.

        Args:
          net: the network's builder.
          previous: the output of an earlier cell; None for the first cell, which uses `current` as
            it is in its place.
          current: the output of the cell before.
          filters: channels of every state.
          scope: TF-Slim's name of the cell.
          drop_path: applied to every path but an identity, numbered from 0, two for each sum.
        """
        fitted = current.x if previous is None else _fit(net, previous, current, filters, scope)
        x = conv(net, ops.relu(current.x), filters, (1, 1), f"{scope}/1x1", f"{scope}/beginning_bn")
        states = [x, fitted]
        for i, paths in enumerate(self.sums):
            ends = []
            for side, path in enumerate(paths):
                x = states[path.state]
                if not isinstance(path, Identity):
                    strides = self.strides if path.state in (CURRENT, PREVIOUS) else 1
                    side_scope = f"{scope}/comb_iter_{i}/{('left', 'right')[side]}"
                    x = drop_path(path.apply(net, x, filters, strides, side_scope), 2 * i + side)
                ends.append(x)
            states.append(ends[0] + ends[1])
        outputs = ops.concatenate([states[i] for i in self.outputs], axis=-1)
        return Map(outputs, current.halvings + int(self.strides == 2))


NORMAL = Cell(
    sums=(
        (Separable(5, CURRENT), Separable(3, PREVIOUS)),
        (Separable(5, PREVIOUS), Separable(3, PREVIOUS)),
        (Pool(avg_pool, CURRENT), Identity(PREVIOUS)),
        (Pool(avg_pool, PREVIOUS), Pool(avg_pool, PREVIOUS)),
        (Separable(3, CURRENT), Identity(CURRENT)),
    ),
    outputs=(PREVIOUS, 2, 3, 4, 5, 6),
    strides=1,
)
REDUCTION = Cell(
    sums=(
        (Separable(5, CURRENT), Separable(7, PREVIOUS)),
        (Pool(max_pool, CURRENT), Separable(7, PREVIOUS)),
        (Pool(avg_pool, CURRENT), Separable(5, PREVIOUS)),
        (Identity(3), Pool(avg_pool, 2)),
        (Separable(3, 2), Pool(max_pool, CURRENT)),
    ),
    outputs=(3, 4, 5, 6),
    strides=2,
)


def conv(
    net: Builder,
    x: Tensor,
    filters: int,
    kernel_size: tuple[int, int],
    name: str,
    batch_norm: str | None,
    *,
    strides: int = 1,
    padding: str = "same",
) -> Tensor:
    """Convolution without bias and activation, then batch normalization under a scope of its own.

    Args:
      net: the network's builder.
      x: `[batch, height, width, channels]`.
      filters: channels out.
      kernel_size: (height, width).
      name: the scope of the convolution.
      batch_norm: the scope of the batch normalization; None for none.
      strides: of both axes.
      padding: "same" or "valid".
    """
    x = net.conv(
        x,
        filters,
        kernel_size,
        name,
        strides=strides,
        padding=padding,
        batch_norm=False,
        use_bias=False,
        activation=False,
    )
    return x if batch_norm is None else net.batch_norm(x, batch_norm)


def _fit(net: Builder, previous: Map, current: Map, filters: int, scope: str) -> Tensor:
    """Gives an earlier output the size of the current one, and the cell's channels."""
    x = ops.relu(previous.x)
    if previous.halvings == current.halvings:
        return conv(net, x, filters, (1, 1), f"{scope}/prev_1x1", f"{scope}/prev_bn")
    # Half of the channels from the even pixels, half from the odd ones; the last of these are the
    # padding's where the size is odd.
    odd = ops.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)))[:, 1:, 1:]
    halves = [
        conv(net, max_pool(pixels, 1, 2), filters // 2, (1, 1), f"{scope}/{name}", None)
        for name, pixels in (("path1_conv", x), ("path2_conv", odd))
    ]
    return net.batch_norm(ops.concatenate(halves, axis=-1), f"{scope}/final_path_bn")
