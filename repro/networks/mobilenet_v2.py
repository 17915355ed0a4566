"""MobileNet v2 (Sandler et al., 2018), as in TF-Slim's nets/mobilenet/mobilenet_v2.py."""

from functools import partial

from keras import ops

from repro.networks.builder import (
    BatchNormSettings,
    Builder,
    Graph,
    Tensor,
    dropout,
    global_pool,
    squeeze,
)
from repro.networks.initializers import TruncatedNormal

STEM_CHANNELS = 32
BLOCKS = (  # expansion of the channels inside, channels out, repetitions, stride of the first
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
LAST_CHANNELS = 1280
BATCH_NORM = BatchNormSettings(momentum=0.997, epsilon=0.001, scale=True)
DROPOUT_KEEP = 0.8


def mobilenet_v2(
    images: Tensor,
    num_classes: int,
    *,
    width: float = 1.0,
    batch_norm_momentum: float | None = None,
) -> Graph:
    """Builds the network on images in [-1, 1].

    Args:
      images: `[batch, height, width, 3]`.
      num_classes: length of the logits.
      width: multiplies the channels of every layer, 1 or more (below 1 the original keeps the last
        layer's).
      batch_norm_momentum: None for TF-Slim's 0.997.
    """
    net = Builder(
        partial(TruncatedNormal, stddev=0.09),
        BATCH_NORM.with_momentum(batch_norm_momentum),
        ops.relu6,
        scope="MobilenetV2",
    )
    x = net.conv(images, _channels(STEM_CHANNELS, width), (3, 3), "Conv", strides=2)
    net.end_point("layer_1", x)
    rows = [
        (expansion, _channels(channels, width), first_strides if repetition == 0 else 1)
        for expansion, channels, repetitions, first_strides in BLOCKS
        for repetition in range(repetitions)
    ]
    for i, row in enumerate(rows):
        name = f"expanded_conv_{i}" if i else "expanded_conv"
        x = net.end_point(
            f"layer_{i + 2}", _inverted_residual(net, x, *row, name, f"layer_{i + 2}")
        )
    x = net.conv(x, _channels(LAST_CHANNELS, width), (1, 1), "Conv_1")
    net.end_point(f"layer_{len(rows) + 2}", x)

    pooled = net.end_point("global_pool", global_pool(x))
    x = dropout(pooled, DROPOUT_KEEP)
    x = net.conv(x, num_classes, (1, 1), "Logits/Conv2d_1c_1x1", batch_norm=False, activation=False)
    return net.classified(images, squeeze(x), squeeze(pooled))


def _channels(full_width: int, width: float) -> int:
    """The nearest multiple of 8, or the next one where that takes more than a tenth away."""
    nearest = max(8, int(full_width * width + 4) // 8 * 8)
    return nearest if nearest >= 0.9 * full_width * width else nearest + 8


def _inverted_residual(
    net: Builder, x: Tensor, expansion: int, channels: int, strides: int, name: str, layer: str
) -> Tensor:
    y = x
    if expansion > 1:
        y = net.conv(y, expansion * x.shape[-1], (1, 1), f"{name}/expand")
        net.end_point(f"{layer}/expansion_output", y)
    y = net.depthwise(y, (3, 3), f"{name}/depthwise", strides=strides)
    net.end_point(f"{layer}/depthwise_output", y)
    y = net.conv(y, channels, (1, 1), f"{name}/project", activation=False)
    if strides == 1 and x.shape[-1] == channels:
        y = x + y
    return net.end_point(f"{layer}/output", y)
