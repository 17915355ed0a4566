"""ResNet v1 (He et al., 2016), as in TF-Slim's nets/resnet_v1.py and nets/resnet_utils.py."""

from functools import partial

from keras import ops

from repro.networks.builder import (
    BatchNormSettings,
    Builder,
    Graph,
    Tensor,
    global_pool,
    max_pool,
    squeeze,
)
from repro.networks.initializers import VarianceScaling

STEM_CHANNELS = 64
UNITS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}  # by depth, in each block
BLOCKS = (  # channels inside a unit, channels out of it, stride of the block's LAST unit
    (64, 256, 2),
    (128, 512, 2),
    (256, 1024, 2),
    (512, 2048, 1),
)
BATCH_NORM = BatchNormSettings(momentum=0.997, epsilon=1e-5, scale=True)


def resnet_v1(
    images: Tensor,
    num_classes: int,
    *,
    depth: int,
    batch_norm_momentum: float | None = None,
) -> Graph:
    """Builds the network on RGB images in 0..255 less the training set's mean.

    Args:
      images: `[batch, height, width, 3]`.
      num_classes: length of the logits.
      depth: 50, 101 or 152 layers with weights.
      batch_norm_momentum: None for TF-Slim's 0.997.
    """
    scope = f"resnet_v1_{depth}"
    net = Builder(
        partial(VarianceScaling, mode="fan_in"),
        BATCH_NORM.with_momentum(batch_norm_momentum),
        scope=scope,
    )
    x = _conv_same(net, images, STEM_CHANNELS, 7, 2, "conv1")
    net.end_point(f"{scope}/conv1", x)
    x = max_pool(x, 3, 2, "same")
    for i, (units, (inside, outside, last_strides)) in enumerate(
        zip(UNITS[depth], BLOCKS, strict=True), start=1
    ):
        for unit in range(1, units + 1):
            name = f"block{i}/unit_{unit}/bottleneck_v1"
            x = _bottleneck(net, x, inside, outside, last_strides if unit == units else 1, name)
        net.end_point(f"{scope}/block{i}", x)

    pooled = net.end_point("global_pool", global_pool(x))
    x = net.conv(pooled, num_classes, (1, 1), "logits", batch_norm=False, activation=False)
    net.end_point(f"{scope}/logits", x)
    logits = net.end_point(f"{scope}/spatial_squeeze", squeeze(x))
    net.end_point("predictions", ops.softmax(logits))
    return Graph(images, logits, squeeze(pooled), net.end_points)


def _bottleneck(
    net: Builder, x: Tensor, inside: int, outside: int, strides: int, name: str
) -> Tensor:
    def layer(part: str, y: Tensor) -> Tensor:
        return net.end_point(f"{net.scope}/{name}/{part}", y)

    if x.shape[-1] == outside:
        shortcut = x if strides == 1 else max_pool(x, 1, strides)  # every other pixel
    else:
        shortcut = net.conv(
            x, outside, (1, 1), f"{name}/shortcut", strides=strides, activation=False
        )
        layer("shortcut", shortcut)
    y = layer("conv1", net.conv(x, inside, (1, 1), f"{name}/conv1"))
    y = layer("conv2", _conv_same(net, y, inside, 3, strides, f"{name}/conv2"))
    y = layer("conv3", net.conv(y, outside, (1, 1), f"{name}/conv3", activation=False))
    return net.end_point(f"{net.scope}/{name}", ops.relu(shortcut + y))


def _conv_same(net: Builder, x: Tensor, filters: int, size: int, strides: int, name: str) -> Tensor:
    """A convolution padded alike for any size of map, as "same" does only at stride 1."""
    if strides == 1:
        return net.conv(x, filters, (size, size), name)
    before = (size - 1) // 2
    padding = (before, size - 1 - before)
    x = ops.pad(x, ((0, 0), padding, padding, (0, 0)))
    return net.conv(x, filters, (size, size), name, strides=strides, padding="valid")
