"""Inception v1 (GoogLeNet: Szegedy et al., 2015), as in TF-Slim's nets/inception_v1.py.

TF-Slim's differs from the paper: batch normalization, a 3x3 kernel for the 5x5, no local response
normalization and no auxiliary heads.
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
from repro.networks.mixed import Branch, Conv, MaxPool, Mixed


def inception(
    one: int,
    three: tuple[int, int],
    five: tuple[int, int],
    pooled: int,
    *,
    five_name: str = "Conv2d_0b_3x3",
) -> tuple[Branch, ...]:
    """Returns the branches of a block.

    Args:
      one: channels of the 1x1 branch.
      three: channels of the 3x3 branch, reduced and out.
      five: channels of the branch that is 5x5 in the paper, reduced and out.
      pooled: channels of the 1x1 convolution after the max-pooling.
      five_name: TF-Slim's, of the convolution that is 5x5 in the paper.
    """
    return (
        (Conv("Conv2d_0a_1x1", one),),
        (Conv("Conv2d_0a_1x1", three[0]), Conv("Conv2d_0b_3x3", three[1])),
        (Conv("Conv2d_0a_1x1", five[0]), Conv(five_name, five[1])),
        (MaxPool(), Conv("Conv2d_0b_1x1", pooled)),
    )


ROWS = (
    Conv("Conv2d_1a_7x7", 64, strides=2),
    MaxPool(strides=2, name="MaxPool_2a_3x3"),
    Conv("Conv2d_2b_1x1", 64),
    Conv("Conv2d_2c_3x3", 192),
    MaxPool(strides=2, name="MaxPool_3a_3x3"),
    Mixed("Mixed_3b", inception(64, (96, 128), (16, 32), 32)),
    Mixed("Mixed_3c", inception(128, (128, 192), (32, 96), 64)),
    MaxPool(strides=2, name="MaxPool_4a_3x3"),
    Mixed("Mixed_4b", inception(192, (96, 208), (16, 48), 64)),
    Mixed("Mixed_4c", inception(160, (112, 224), (24, 64), 64)),
    Mixed("Mixed_4d", inception(128, (128, 256), (24, 64), 64)),
    Mixed("Mixed_4e", inception(112, (144, 288), (32, 64), 64)),
    Mixed("Mixed_4f", inception(256, (160, 320), (32, 128), 128)),
    MaxPool(size=2, strides=2, name="MaxPool_5a_2x2"),
    # TF-Slim's slip in a name, which the released checkpoint has too.
    Mixed("Mixed_5b", inception(256, (160, 320), (32, 128), 128, five_name="Conv2d_0a_3x3")),
    Mixed("Mixed_5c", inception(384, (192, 384), (48, 128), 128)),
)
BATCH_NORM = BatchNormSettings(momentum=0.9997, epsilon=0.001, scale=False)
DROPOUT_KEEP = 0.8


def inception_v1(
    images: Tensor, num_classes: int, *, batch_norm_momentum: float | None = None
) -> Graph:
    """Builds the network on images in [-1, 1].

    Args:
      images: `[batch, height, width, 3]`.
      num_classes: length of the logits.
      batch_norm_momentum: None for TF-Slim's 0.9997.
    """
    net = Builder(
        partial(TruncatedNormal, stddev=0.01),
        BATCH_NORM.with_momentum(batch_norm_momentum),
        scope="InceptionV1",
    )
    x = images
    for row in ROWS:
        x = net.end_point(row.name, row.apply(net, x))

    pooled = net.end_point("AvgPool_0a_7x7", global_pool(x))
    x = net.conv(
        dropout(pooled, DROPOUT_KEEP),
        num_classes,
        (1, 1),
        "Logits/Conv2d_0c_1x1",
        batch_norm=False,
        activation=False,
        kernel_initializer=VarianceScaling,
    )
    return net.classified(images, squeeze(x), squeeze(pooled))
