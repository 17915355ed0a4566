"""VGG-16 (D) and VGG-19 (E) (Simonyan and Zisserman, 2015), as in TF-Slim's nets/vgg.py."""

from repro.networks.builder import Builder, Graph, Tensor, dropout, global_pool, max_pool, squeeze
from repro.networks.initializers import XavierUniform

BLOCKS = {  # 3x3 convolutions and their channels, between max-poolings
    16: ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)),
    19: ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512)),
}
FULLY_CONNECTED_CHANNELS = 4096
FC6_SIZE = 7  # pixels of the map at 224
DROPOUT_KEEP = 0.5


def vgg(images: Tensor, num_classes: int, *, depth: int) -> Graph:
    """Builds the network on RGB images in 0..255 less the training set's mean.

    The fully connected layers are convolutions, so that an image above 224 pixels has a map of
    logits; these and the features are averaged over the map.

    Args:
      images: `[batch, height, width, 3]`, at least 224 pixels high and wide.
      num_classes: length of the logits.
      depth: 16 or 19 layers with weights.
    """
    scope = f"vgg_{depth}"
    net = Builder(XavierUniform, batch_norm_settings=None, scope=scope)
    x = images
    for i, (convolutions, channels) in enumerate(BLOCKS[depth], start=1):
        for j in range(1, convolutions + 1):
            name = f"conv{i}/conv{i}_{j}"
            x = net.end_point(f"{scope}/{name}", net.conv(x, channels, (3, 3), name))
        x = net.end_point(f"{scope}/pool{i}", max_pool(x, 2))

    fc6 = net.conv(x, FULLY_CONNECTED_CHANNELS, (FC6_SIZE, FC6_SIZE), "fc6", padding="valid")
    x = dropout(net.end_point(f"{scope}/fc6", fc6), DROPOUT_KEEP)
    fc7 = net.end_point(f"{scope}/fc7", net.conv(x, FULLY_CONNECTED_CHANNELS, (1, 1), "fc7"))
    x = dropout(fc7, DROPOUT_KEEP)
    x = net.conv(x, num_classes, (1, 1), "fc8", activation=False)
    logits = net.end_point(f"{scope}/fc8", squeeze(global_pool(x)))
    return Graph(images, logits, squeeze(global_pool(fc7)), net.end_points)
