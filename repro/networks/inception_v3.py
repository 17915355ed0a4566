"""Inception v3 (Szegedy et al., 2016), as in TF-Slim's nets/inception_v3.py."""

from functools import partial

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
from repro.networks.initializers import TruncatedNormal, VarianceScaling
from repro.networks.mixed import AvgPool, Branch, Conv, Fork, MaxPool, Mixed


def inception_a(
    pooled: int, five_names: tuple[str, str] = ("Conv2d_0a_1x1", "Conv2d_0b_5x5")
) -> tuple[Branch, ...]:
    """Returns the branches of a block on the 35x35 map.

    Args:
      pooled: channels of the 1x1 convolution after the pooling.
      five_names: TF-Slim's, of the 5x5 branch.
    """
    return (
        (Conv("Conv2d_0a_1x1", 64),),
        (Conv(five_names[0], 48), Conv(five_names[1], 64)),
        (Conv("Conv2d_0a_1x1", 64), Conv("Conv2d_0b_3x3", 96), Conv("Conv2d_0c_3x3", 96)),
        (AvgPool(), Conv("Conv2d_0b_1x1", pooled)),
    )


def inception_b(between: int) -> tuple[Branch, ...]:
    """Returns the branches of a block on the 17x17 map; `between`: channels within a branch."""
    return (
        (Conv("Conv2d_0a_1x1", 192),),
        (
            Conv("Conv2d_0a_1x1", between),
            Conv("Conv2d_0b_1x7", between),
            Conv("Conv2d_0c_7x1", 192),
        ),
        (
            Conv("Conv2d_0a_1x1", between),
            Conv("Conv2d_0b_7x1", between),
            Conv("Conv2d_0c_1x7", between),
            Conv("Conv2d_0d_7x1", between),
            Conv("Conv2d_0e_1x7", 192),
        ),
        (AvgPool(), Conv("Conv2d_0b_1x1", 192)),
    )


def inception_c(tall_name: str) -> tuple[Branch, ...]:
    """Returns the branches of a block on the 8x8 map; `tall_name`: of the 3x1 in Branch_1."""
    return (
        (Conv("Conv2d_0a_1x1", 320),),
        (Conv("Conv2d_0a_1x1", 384), Fork(Conv("Conv2d_0b_1x3", 384), Conv(tall_name, 384))),
        (
            Conv("Conv2d_0a_1x1", 448),
            Conv("Conv2d_0b_3x3", 384),
            Fork(Conv("Conv2d_0c_1x3", 384), Conv("Conv2d_0d_3x1", 384)),
        ),
        (AvgPool(), Conv("Conv2d_0b_1x1", 192)),
    )


# TF-Slim calls the 3x3 convolutions 1x1 in the first of these.
REDUCTION_A = (
    (Conv("Conv2d_1a_1x1", 384, strides=2, padding="valid", kernel_size=(3, 3)),),
    (
        Conv("Conv2d_0a_1x1", 64),
        Conv("Conv2d_0b_3x3", 96),
        Conv("Conv2d_1a_1x1", 96, strides=2, padding="valid", kernel_size=(3, 3)),
    ),
    (MaxPool(strides=2, padding="valid"),),
)
REDUCTION_B = (
    (Conv("Conv2d_0a_1x1", 192), Conv("Conv2d_1a_3x3", 320, strides=2, padding="valid")),
    (
        Conv("Conv2d_0a_1x1", 192),
        Conv("Conv2d_0b_1x7", 192),
        Conv("Conv2d_0c_7x1", 192),
        Conv("Conv2d_1a_3x3", 192, strides=2, padding="valid"),
    ),
    (MaxPool(strides=2, padding="valid"),),
)
ROWS = (
    Conv("Conv2d_1a_3x3", 32, strides=2, padding="valid"),
    Conv("Conv2d_2a_3x3", 32, padding="valid"),
    Conv("Conv2d_2b_3x3", 64),
    MaxPool(strides=2, padding="valid", name="MaxPool_3a_3x3"),
    Conv("Conv2d_3b_1x1", 80, padding="valid"),
    Conv("Conv2d_4a_3x3", 192, padding="valid"),
    MaxPool(strides=2, padding="valid", name="MaxPool_5a_3x3"),
    Mixed("Mixed_5b", inception_a(32)),
    Mixed("Mixed_5c", inception_a(64, ("Conv2d_0b_1x1", "Conv_1_0c_5x5"))),
    Mixed("Mixed_5d", inception_a(64)),
    Mixed("Mixed_6a", REDUCTION_A),
    Mixed("Mixed_6b", inception_b(128)),
    Mixed("Mixed_6c", inception_b(160)),
    Mixed("Mixed_6d", inception_b(160)),
    Mixed("Mixed_6e", inception_b(192)),
    Mixed("Mixed_7a", REDUCTION_B),
    Mixed("Mixed_7b", inception_c("Conv2d_0b_3x1")),
    Mixed("Mixed_7c", inception_c("Conv2d_0c_3x1")),
)
AUXILIARY_INPUT = "Mixed_6e"
BATCH_NORM = BatchNormSettings(momentum=0.9997, epsilon=0.001, scale=False)
DROPOUT_KEEP = 0.8


def inception_v3(
    images: Tensor,
    num_classes: int,
    *,
    batch_norm_momentum: float | None = None,
    auxiliary_head: bool = False,
) -> Graph:
    """Builds the network on images in [-1, 1].

    Args:
      images: `[batch, height, width, 3]`.
      num_classes: length of the logits.
      batch_norm_momentum: None for TF-Slim's 0.9997.
      auxiliary_head: whether to add the classifier on Mixed_6e that the original trained with.
    """
    net = Builder(
        partial(VarianceScaling, mode="fan_in"),
        BATCH_NORM.with_momentum(batch_norm_momentum),
        scope="InceptionV3",
    )
    x = images
    for row in ROWS:
        x = net.end_point(row.name, row.apply(net, x))

    auxiliary_logits = None
    if auxiliary_head:
        auxiliary_logits = _auxiliary_head(net, net.end_points[AUXILIARY_INPUT], num_classes)
        net.end_point("AuxLogits", auxiliary_logits)
    pooled = net.end_point("AvgPool_1a", global_pool(x))
    x = net.end_point("PreLogits", dropout(pooled, DROPOUT_KEEP))
    x = net.conv(x, num_classes, (1, 1), "Logits/Conv2d_1c_1x1", batch_norm=False, activation=False)
    return net.classified(images, squeeze(x), squeeze(pooled), auxiliary_logits)


def _auxiliary_head(net: Builder, x: Tensor, num_classes: int) -> Tensor:
    x = avg_pool(x, 5, 3, "valid")
    x = net.conv(x, 128, (1, 1), "AuxLogits/Conv2d_1b_1x1")
    x = net.conv(
        x,
        768,
        x.shape[1:3],  # as large as the map: 5x5, as the name has it, at 299 pixels
        "AuxLogits/Conv2d_2a_5x5",
        padding="valid",
        kernel_initializer=partial(TruncatedNormal, stddev=0.01),
    )
    x = net.conv(
        x,
        num_classes,
        (1, 1),
        "AuxLogits/Conv2d_2b_1x1",
        batch_norm=False,
        activation=False,
        kernel_initializer=partial(TruncatedNormal, stddev=0.001),
    )
    return squeeze(x)
