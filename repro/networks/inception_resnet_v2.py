"""Inception-ResNet v2 (Szegedy et al., 2017), as in TF-Slim's nets/inception_resnet_v2.py."""

from collections.abc import Sequence
from dataclasses import dataclass

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
from repro.networks.initializers import XavierUniform
from repro.networks.mixed import AvgPool, Branch, Conv, MaxPool, Mixed, mixed

REGULARIZED = ("weights", "biases")  # no other network has its biases in the L2 penalty


@dataclass(frozen=True)
class Residual:
    """A mixed block whose output is scaled and added to its input.

    Attributes:
      name: TF-Slim's scope.
      branches: of the mixed block; a 1x1 convolution with a bias, without batch normalization,
        takes their concatenation back to the channels of the input.
      scale: of that convolution's output.
      activation: whether a ReLU follows the sum.
    """

    name: str
    branches: Sequence[Branch]
    scale: float
    activation: bool = True

    def apply(self, net: Builder, x: Tensor) -> Tensor:
        """Adds the layers."""
        update = net.conv(
            mixed(net, x, self.name, self.branches),
            x.shape[-1],
            (1, 1),
            f"{self.name}/Conv2d_1x1",
            batch_norm=False,
            activation=False,
            regularized=REGULARIZED,
        )
        x = x + self.scale * update
        return net.activation(x) if self.activation else x


MIXED_5B = (
    (Conv("Conv2d_1x1", 96),),
    (Conv("Conv2d_0a_1x1", 48), Conv("Conv2d_0b_5x5", 64)),
    (Conv("Conv2d_0a_1x1", 64), Conv("Conv2d_0b_3x3", 96), Conv("Conv2d_0c_3x3", 96)),
    (AvgPool(), Conv("Conv2d_0b_1x1", 64)),
)
BLOCK_35 = (
    (Conv("Conv2d_1x1", 32),),
    (Conv("Conv2d_0a_1x1", 32), Conv("Conv2d_0b_3x3", 32)),
    (Conv("Conv2d_0a_1x1", 32), Conv("Conv2d_0b_3x3", 48), Conv("Conv2d_0c_3x3", 64)),
)
MIXED_6A = (
    (Conv("Conv2d_1a_3x3", 384, strides=2, padding="valid"),),
    (
        Conv("Conv2d_0a_1x1", 256),
        Conv("Conv2d_0b_3x3", 256),
        Conv("Conv2d_1a_3x3", 384, strides=2, padding="valid"),
    ),
    (MaxPool(strides=2, padding="valid"),),
)
BLOCK_17 = (
    (Conv("Conv2d_1x1", 192),),
    (Conv("Conv2d_0a_1x1", 128), Conv("Conv2d_0b_1x7", 160), Conv("Conv2d_0c_7x1", 192)),
)
MIXED_7A = (
    (Conv("Conv2d_0a_1x1", 256), Conv("Conv2d_1a_3x3", 384, strides=2, padding="valid")),
    (Conv("Conv2d_0a_1x1", 256), Conv("Conv2d_1a_3x3", 288, strides=2, padding="valid")),
    (
        Conv("Conv2d_0a_1x1", 256),
        Conv("Conv2d_0b_3x3", 288),
        Conv("Conv2d_1a_3x3", 320, strides=2, padding="valid"),
    ),
    (MaxPool(strides=2, padding="valid"),),
)
BLOCK_8 = (
    (Conv("Conv2d_1x1", 192),),
    (Conv("Conv2d_0a_1x1", 192), Conv("Conv2d_0b_1x3", 224), Conv("Conv2d_0c_3x1", 256)),
)
ROWS = (
    Conv("Conv2d_1a_3x3", 32, strides=2, padding="valid"),
    Conv("Conv2d_2a_3x3", 32, padding="valid"),
    Conv("Conv2d_2b_3x3", 64),
    MaxPool(strides=2, padding="valid", name="MaxPool_3a_3x3"),
    Conv("Conv2d_3b_1x1", 80, padding="valid"),
    Conv("Conv2d_4a_3x3", 192, padding="valid"),
    MaxPool(strides=2, padding="valid", name="MaxPool_5a_3x3"),
    Mixed("Mixed_5b", MIXED_5B),
    *(Residual(f"Repeat/block35_{i}", BLOCK_35, scale=0.17) for i in range(1, 11)),
    Mixed("Mixed_6a", MIXED_6A),
    *(Residual(f"Repeat_1/block17_{i}", BLOCK_17, scale=0.10) for i in range(1, 21)),
    Mixed("Mixed_7a", MIXED_7A),
    *(Residual(f"Repeat_2/block8_{i}", BLOCK_8, scale=0.20) for i in range(1, 10)),
    Residual("Block8", BLOCK_8, scale=1.0, activation=False),
    Conv("Conv2d_7b_1x1", 1536),
)
END_POINTS = {row.name: row.name for row in ROWS if not isinstance(row, Residual)}
END_POINTS["Repeat_1/block17_20"] = "PreAuxLogits"
AUXILIARY_INPUT = "PreAuxLogits"
BATCH_NORM = BatchNormSettings(momentum=0.9997, epsilon=0.001, scale=False)
DROPOUT_KEEP = 0.8


def inception_resnet_v2(
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
      auxiliary_head: whether to add the classifier on PreAuxLogits, the 17x17 map, that the
        original trained with.
    """
    net = Builder(
        XavierUniform, BATCH_NORM.with_momentum(batch_norm_momentum), scope="InceptionResnetV2"
    )
    x = images
    for row in ROWS:
        x = row.apply(net, x)
        if row.name in END_POINTS:
            net.end_point(END_POINTS[row.name], x)

    auxiliary_logits = None
    if auxiliary_head:
        auxiliary_logits = _auxiliary_head(net, net.end_points[AUXILIARY_INPUT], num_classes)
        net.end_point("AuxLogits", auxiliary_logits)
    pooled = net.end_point("global_pool", global_pool(x))
    features = squeeze(pooled)
    flat = net.end_point("PreLogitsFlatten", dropout(features, DROPOUT_KEEP))
    logits = net.fully_connected(flat, num_classes, "Logits/Logits", regularized=REGULARIZED)
    return net.classified(images, logits, features, auxiliary_logits)


def _auxiliary_head(net: Builder, x: Tensor, num_classes: int) -> Tensor:
    x = avg_pool(x, 5, 3, "valid")
    x = net.conv(x, 128, (1, 1), "AuxLogits/Conv2d_1b_1x1")
    # The kernel is as large as the map: 5x5, as the name has it, at 299 pixels.
    x = net.conv(x, 768, x.shape[1:3], "AuxLogits/Conv2d_2a_5x5", padding="valid")
    return net.fully_connected(squeeze(x), num_classes, "AuxLogits/Logits", regularized=REGULARIZED)
