"""MobileNet v1 (Howard et al., 2017), as in TF-Slim's nets/mobilenet_v1.py."""

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
BLOCKS = (  # stride of the 3x3 depthwise convolution, channels out of the 1x1 pointwise one
    (1, 64),
    (2, 128),
    (1, 128),
    (2, 256),
    (1, 256),
    (2, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (2, 1024),
    (1, 1024),
)
BATCH_NORM = BatchNormSettings(momentum=0.9997, epsilon=0.001, scale=True)
DROPOUT_KEEP = 0.999


def mobilenet_v1(
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
      width: multiplies the channels of every layer (the paper's alpha): 1, 0.75, 0.5 or 0.25.
      batch_norm_momentum: None for TF-Slim's 0.9997.
    """
    net = Builder(
        partial(TruncatedNormal, stddev=0.09),
        BATCH_NORM.with_momentum(batch_norm_momentum),
        ops.relu6,
        scope="MobilenetV1",
    )

    def channels(full_width: int) -> int:
        return max(int(full_width * width), 8)

    x = net.conv(images, channels(STEM_CHANNELS), (3, 3), "Conv2d_0", strides=2)
    net.end_point("Conv2d_0", x)
    for i, (strides, filters) in enumerate(BLOCKS, start=1):
        depthwise, pointwise = f"Conv2d_{i}_depthwise", f"Conv2d_{i}_pointwise"
        x = net.end_point(depthwise, net.depthwise(x, (3, 3), depthwise, strides=strides))
        x = net.end_point(pointwise, net.conv(x, channels(filters), (1, 1), pointwise))

    pooled = net.end_point("AvgPool_1a", global_pool(x))
    x = dropout(pooled, DROPOUT_KEEP)
    x = net.conv(x, num_classes, (1, 1), "Logits/Conv2d_1c_1x1", batch_norm=False, activation=False)
    return net.classified(images, squeeze(x), squeeze(pooled))
