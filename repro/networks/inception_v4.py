"""Inception v4 (Szegedy et al., 2017), as in TF-Slim's nets/inception_v4.py."""

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
from repro.networks.initializers import VarianceScaling, XavierUniform
from repro.networks.mixed import AvgPool, Conv, Fork, MaxPool, Mixed

MIXED_3A = (
    (MaxPool(strides=2, padding="valid"),),
    (Conv("Conv2d_0a_3x3", 96, strides=2, padding="valid"),),
)
MIXED_4A = (
    (Conv("Conv2d_0a_1x1", 64), Conv("Conv2d_1a_3x3", 96, padding="valid")),
    (
        Conv("Conv2d_0a_1x1", 64),
        Conv("Conv2d_0b_1x7", 64),
        Conv("Conv2d_0c_7x1", 64),
        Conv("Conv2d_1a_3x3", 96, padding="valid"),
    ),
)
MIXED_5A = (
    (Conv("Conv2d_1a_3x3", 192, strides=2, padding="valid"),),
    (MaxPool(strides=2, padding="valid"),),
)
INCEPTION_A = (
    (Conv("Conv2d_0a_1x1", 96),),
    (Conv("Conv2d_0a_1x1", 64), Conv("Conv2d_0b_3x3", 96)),
    (Conv("Conv2d_0a_1x1", 64), Conv("Conv2d_0b_3x3", 96), Conv("Conv2d_0c_3x3", 96)),
    (AvgPool(), Conv("Conv2d_0b_1x1", 96)),
)
REDUCTION_A = (
    (Conv("Conv2d_1a_3x3", 384, strides=2, padding="valid"),),
    (
        Conv("Conv2d_0a_1x1", 192),
        Conv("Conv2d_0b_3x3", 224),
        Conv("Conv2d_1a_3x3", 256, strides=2, padding="valid"),
    ),
    (MaxPool(strides=2, padding="valid"),),
)
INCEPTION_B = (
    (Conv("Conv2d_0a_1x1", 384),),
    (Conv("Conv2d_0a_1x1", 192), Conv("Conv2d_0b_1x7", 224), Conv("Conv2d_0c_7x1", 256)),
    (
        Conv("Conv2d_0a_1x1", 192),
        Conv("Conv2d_0b_7x1", 192),
        Conv("Conv2d_0c_1x7", 224),
        Conv("Conv2d_0d_7x1", 224),
        Conv("Conv2d_0e_1x7", 256),
    ),
    (AvgPool(), Conv("Conv2d_0b_1x1", 128)),
)
REDUCTION_B = (
    (Conv("Conv2d_0a_1x1", 192), Conv("Conv2d_1a_3x3", 192, strides=2, padding="valid")),
    (
        Conv("Conv2d_0a_1x1", 256),
        Conv("Conv2d_0b_1x7", 256),
        Conv("Conv2d_0c_7x1", 320),
        Conv("Conv2d_1a_3x3", 320, strides=2, padding="valid"),
    ),
    (MaxPool(strides=2, padding="valid"),),
)
INCEPTION_C = (
    (Conv("Conv2d_0a_1x1", 256),),
    (
        Conv("Conv2d_0a_1x1", 384),
        Fork(Conv("Conv2d_0b_1x3", 256), Conv("Conv2d_0c_3x1", 256)),
    ),
    (
        Conv("Conv2d_0a_1x1", 384),
        Conv("Conv2d_0b_3x1", 448),
        Conv("Conv2d_0c_1x3", 512),
        Fork(Conv("Conv2d_0d_1x3", 256), Conv("Conv2d_0e_3x1", 256)),
    ),
    (AvgPool(), Conv("Conv2d_0b_1x1", 256)),
)
ROWS = (
    Conv("Conv2d_1a_3x3", 32, strides=2, padding="valid"),
    Conv("Conv2d_2a_3x3", 32, padding="valid"),
    Conv("Conv2d_2b_3x3", 64),
    Mixed("Mixed_3a", MIXED_3A),
    Mixed("Mixed_4a", MIXED_4A),
    Mixed("Mixed_5a", MIXED_5A),
    *(Mixed(f"Mixed_5{letter}", INCEPTION_A) for letter in "bcde"),
    Mixed("Mixed_6a", REDUCTION_A),
    *(Mixed(f"Mixed_6{letter}", INCEPTION_B) for letter in "bcdefgh"),
    Mixed("Mixed_7a", REDUCTION_B),
    *(Mixed(f"Mixed_7{letter}", INCEPTION_C) for letter in "bcd"),
)
AUXILIARY_INPUT = "Mixed_6h"
BATCH_NORM = BatchNormSettings(momentum=0.9997, epsilon=0.001, scale=False)
DROPOUT_KEEP = 0.8


def inception_v4(
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
      auxiliary_head: whether to add the classifier on Mixed_6h that the original trained with.
    """
    net = Builder(
        partial(VarianceScaling, mode="fan_in"),
        BATCH_NORM.with_momentum(batch_norm_momentum),
        scope="InceptionV4",
    )
    x = images
    for row in ROWS:
        x = net.end_point(row.name, row.apply(net, x))

    auxiliary_logits = None
    if auxiliary_head:
        auxiliary_logits = _auxiliary_head(net, net.end_points[AUXILIARY_INPUT], num_classes)
        net.end_point("AuxLogits", auxiliary_logits)
    pooled = net.end_point("global_pool", global_pool(x))
    features = squeeze(pooled)
    flat = net.end_point("PreLogitsFlatten", dropout(features, DROPOUT_KEEP))
    logits = net.fully_connected(
        flat, num_classes, "Logits/Logits", kernel_initializer=XavierUniform
    )
    return net.classified(images, logits, features, auxiliary_logits)


def _auxiliary_head(net: Builder, x: Tensor, num_classes: int) -> Tensor:
    x = avg_pool(x, 5, 3, "valid")
    x = net.conv(x, 128, (1, 1), "AuxLogits/Conv2d_1b_1x1")
    # The kernel is as large as the map, 5x5 at 299 pixels.
    x = net.conv(x, 768, x.shape[1:3], "AuxLogits/Conv2d_2a", padding="valid")
    return net.fully_connected(
        squeeze(x), num_classes, "AuxLogits/Aux_logits", kernel_initializer=XavierUniform
    )
