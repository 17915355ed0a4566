"""Inception v2, the paper's BN-Inception (Ioffe and Szegedy, 2015).

As in TF-Slim's nets/inception_v2.py.
"""

from functools import partial

from repro.networks.builder import (
    BatchNormSettings,
    Builder,
    Graph,
    Tensor,
    dropout,
    global_pool,
    squeeze,
)
from repro.networks.initializers import TruncatedNormal, VarianceScaling
from repro.networks.mixed import AvgPool, Branch, Conv, MaxPool, Mixed

# TF-Slim draws these from a fixed stddev, and the rest by variance scaling.
reduction = partial(Conv, "Conv2d_0a_1x1", initializer=partial(TruncatedNormal, stddev=0.09))
projection = partial(Conv, "Conv2d_0b_1x1", initializer=partial(TruncatedNormal, stddev=0.1))


def inception(
    one: int,
    three: tuple[int, int],
    double_three: tuple[int, int, int],
    pool: AvgPool | MaxPool,
    pooled: int,
) -> tuple[Branch, ...]:
    """Returns the branches of a block that keeps the size of the map.

    Args:
      one: channels of the 1x1 branch.
      three: channels of the 3x3 branch, reduced and out.
      double_three: channels of the branch with two 3x3 convolutions: reduced, between and out.
      pool: of the last branch.
      pooled: channels of the 1x1 convolution after the pooling.
    """
    reduced, between, out = double_three
    return (
        (Conv("Conv2d_0a_1x1", one),),
        (reduction(three[0]), Conv("Conv2d_0b_3x3", three[1])),
        (reduction(reduced), Conv("Conv2d_0b_3x3", between), Conv("Conv2d_0c_3x3", out)),
        (pool, projection(pooled)),
    )


def halving(three: tuple[int, int], double_three: tuple[int, int, int]) -> tuple[Branch, ...]:
    """Returns the branches of a block that halves the map: no 1x1 branch, no projection."""
    reduced, between, out = double_three
    return (
        (reduction(three[0]), Conv("Conv2d_1a_3x3", three[1], strides=2)),
        (
            reduction(reduced),
            Conv("Conv2d_0b_3x3", between),
            Conv("Conv2d_1a_3x3", out, strides=2),
        ),
        (MaxPool(strides=2),),
    )


ROWS = (  # after Conv2d_1a_7x7
    MaxPool(strides=2, name="MaxPool_2a_3x3"),
    Conv("Conv2d_2b_1x1", 64, initializer=partial(TruncatedNormal, stddev=0.1)),
    Conv("Conv2d_2c_3x3", 192),
    MaxPool(strides=2, name="MaxPool_3a_3x3"),
    Mixed("Mixed_3b", inception(64, (64, 64), (64, 96, 96), AvgPool(), 32)),
    Mixed("Mixed_3c", inception(64, (64, 96), (64, 96, 96), AvgPool(), 64)),
    Mixed("Mixed_4a", halving((128, 160), (64, 96, 96))),
    Mixed("Mixed_4b", inception(224, (64, 96), (96, 128, 128), AvgPool(), 128)),
    Mixed("Mixed_4c", inception(192, (96, 128), (96, 128, 128), AvgPool(), 128)),
    Mixed("Mixed_4d", inception(160, (128, 160), (128, 160, 160), AvgPool(), 96)),
    Mixed("Mixed_4e", inception(96, (128, 192), (160, 192, 192), AvgPool(), 96)),
    Mixed("Mixed_5a", halving((128, 192), (192, 256, 256))),
    Mixed("Mixed_5b", inception(352, (192, 320), (160, 224, 224), AvgPool(), 128)),
    Mixed("Mixed_5c", inception(352, (192, 320), (192, 224, 224), MaxPool(), 128)),
)
BATCH_NORM = BatchNormSettings(momentum=0.9997, epsilon=0.001, scale=False)
DROPOUT_KEEP = 0.8


def inception_v2(
    images: Tensor, num_classes: int, *, batch_norm_momentum: float | None = None
) -> Graph:
    """Builds the network on images in [-1, 1].

    Args:
      images: `[batch, height, width, 3]`.
      num_classes: length of the logits.
      batch_norm_momentum: None for TF-Slim's 0.9997.
    """
    net = Builder(
        partial(VarianceScaling, mode="fan_in"),
        BATCH_NORM.with_momentum(batch_norm_momentum),
        scope="InceptionV2",
    )
    # The one convolution without batch normalization, and without an L2 penalty.
    x = net.separable(
        images,
        64,
        (7, 7),
        "Conv2d_1a_7x7",
        strides=2,
        depth_multiplier=8,
        use_bias=True,
        kernel_initializer=partial(TruncatedNormal, stddev=1.0),
    )
    x = net.end_point("Conv2d_1a_7x7", net.activation(x))
    for row in ROWS:
        x = net.end_point(row.name, row.apply(net, x))

    pooled = net.end_point("AvgPool_1a", global_pool(x))
    x = dropout(pooled, DROPOUT_KEEP)
    x = net.conv(x, num_classes, (1, 1), "Logits/Conv2d_1c_1x1", batch_norm=False, activation=False)
    return net.classified(images, squeeze(x), squeeze(pooled))
