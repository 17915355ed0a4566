"""NASNet-A Mobile and Large (Zoph et al., 2018), as in TF-Slim's nets/nasnet/nasnet.py."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from keras import ops

from repro.networks.builder import (
    BatchNormSettings,
    Builder,
    Graph,
    Tensor,
    avg_pool,
    dropout,
    global_pool,
    squeeze,
)
from repro.networks.drop_path import DropPath, DropPathDraw
from repro.networks.initializers import VarianceScaling
from repro.networks.nasnet_cells import NORMAL, REDUCTION, Cell, Map, conv

BATCH_NORM = BatchNormSettings(momentum=0.9997, epsilon=0.001, scale=True)
DROPOUT_KEEP = 0.5
SMALLEST_WIDTH = 19  # pixels; below, a map of width 1 comes before the last reduction


@dataclass(frozen=True)
class Size:
    """What the two networks differ in.

    Attributes:
      normal_cells: in three groups, with a reduction before the second and third.
      filters: of the first group, half of the second's, a quarter of the third's.
      stem_filters: of the first convolution.
      drop_path_keep: probability of keeping a path of the last cell late in training.
      skips_reduction_input: whether the cell after a reduction passes over the reduction's input to
        the one before it.
    """

    normal_cells: int
    filters: int
    stem_filters: int
    drop_path_keep: float
    skips_reduction_input: bool

    @property
    def auxiliary_cell(self) -> int:
        """Number of the normal cell under the auxiliary head, the last of the second group."""
        return self.normal_cells // 3 * 2 - 1

    def cells(self) -> Iterator[tuple[str, Cell, int]]:
        """Yields each cell's TF-Slim scope, kind and filters."""
        yield "cell_stem_0", REDUCTION, self.filters // 4
        yield "cell_stem_1", REDUCTION, self.filters // 2
        for i in range(self.normal_cells):
            group, position = divmod(i, self.normal_cells // 3)
            if group > 0 and position == 0:
                yield f"reduction_cell_{group - 1}", REDUCTION, self.filters * 2**group
            yield f"cell_{i}", NORMAL, self.filters * 2**group


MOBILE = Size(12, 44, 32, drop_path_keep=1.0, skips_reduction_input=False)
LARGE = Size(18, 168, 96, drop_path_keep=0.7, skips_reduction_input=True)


def nasnet(
    images: Tensor,
    num_classes: int,
    *,
    size: Size,
    batch_norm_momentum: float | None = None,
    auxiliary_head: bool = False,
) -> Graph:
    """Builds the network on images in [-1, 1].

    Args:
      images: `[batch, height, width, 3]`, at least 19 pixels wide.
      num_classes: length of the logits.
      size: MOBILE or LARGE.
      batch_norm_momentum: None for TF-Slim's 0.9997.
      auxiliary_head: whether to add the classifier on Cell_7 (MOBILE) or Cell_11 (LARGE) that the
        original trained with.
    """
    if images.shape[2] is not None and images.shape[2] < SMALLEST_WIDTH:
        raise ValueError(f"NASNet needs images at least {SMALLEST_WIDTH} pixels wide.")
    net = Builder(
        partial(VarianceScaling, mode="fan_out"), BATCH_NORM.with_momentum(batch_norm_momentum)
    )
    x = conv(
        net, images, size.stem_filters, (3, 3), "conv0", "conv0_bn", strides=2, padding="valid"
    )
    rows = list(size.cells())
    factors = None
    if size.drop_path_keep < 1:
        paths = 2 * len(NORMAL.sums)
        factors = DropPathDraw(len(rows), paths, size.drop_path_keep, name="drop_path_draw")(images)

    def drop_path(y: Tensor, path: int, cell: int) -> Tensor:
        return y if factors is None else DropPath(cell, path)(y, factors)

    auxiliary_logits = None
    previous, current = None, Map(x, halvings=1)
    for i, (scope, cell, filters) in enumerate(rows):
        output = cell.apply(net, previous, current, filters, scope, partial(drop_path, cell=i))
        if scope != "cell_stem_0":
            net.end_point("Stem" if scope == "cell_stem_1" else scope.title(), output.x)
        if auxiliary_head and scope == f"cell_{size.auxiliary_cell}":
            auxiliary_logits = _auxiliary_head(
                net, output.x, num_classes, f"aux_{size.auxiliary_cell}/aux_logits"
            )
            net.end_point("AuxLogits", auxiliary_logits)
        if not (size.skips_reduction_input and scope.startswith("reduction_cell")):
            previous = current
        current = output

    features = net.end_point("global_pool", squeeze(global_pool(ops.relu(current.x))))
    logits = net.fully_connected(dropout(features, DROPOUT_KEEP), num_classes, "final_layer/FC")
    return net.classified(images, logits, features, auxiliary_logits)


def _auxiliary_head(net: Builder, x: Tensor, num_classes: int, scope: str) -> Tensor:
    x = avg_pool(ops.relu(x), 5, 3, "valid")
    x = ops.relu(conv(net, x, 128, (1, 1), f"{scope}/proj", f"{scope}/aux_bn0"))
    # The kernel is as large as the map: 4x4 for MOBILE at 224 pixels, 6x6 for LARGE at 331.
    x = conv(net, x, 768, x.shape[1:3], f"{scope}/Conv", f"{scope}/aux_bn1", padding="valid")
    return net.fully_connected(squeeze(ops.relu(x)), num_classes, f"{scope}/FC")
