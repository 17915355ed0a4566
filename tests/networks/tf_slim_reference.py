"""Runs the original TF-Slim networks that the `tf_slim` package holds, at any size of image.

    python -m tests.networks.tf_slim_reference outputs.npz inception_v1=97x131,128x75 vgg_16=224x259

It is a process of its own because TF-Slim needs Keras 2, which TensorFlow decides on once. Needs
the packages tf_slim and tf_keras, which tf-models-official installs.
"""

import importlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tests.golden import recipe

Size = tuple[int, int]
CLASSES = 11
NETWORKS = (
    "inception_v1",
    "inception_v2",
    "inception_v3",
    "resnet_v1_50",
    "resnet_v1_101",
    "resnet_v1_152",
    "vgg_16",
    "vgg_19",
)


def image(name: str, size: Size) -> np.ndarray:
    """Returns the `[1, height, width, 3]` image that a network is run on."""
    kind = "inception" if name.startswith("inception") else "vgg"
    return recipe.image(size, batch=1, seed=5, kind=kind)


def key(name: str, size: Size, output: str) -> str:
    """Returns the name of an output in the file."""
    return f"{name}:{size[0]}x{size[1]}:{output}"


def run(name: str, sizes: Sequence[Size]) -> Iterator[tuple[Size, dict[str, np.ndarray]]]:
    """Yields each size and what the original computes there with the recipe's weights.

    Args:
      name: one of `NETWORKS`.
      sizes: heights and widths.

    Yields:
      The size, and the outputs outside training: `logits` `[1, CLASSES]`, `features` `[1, d]`, and
      TF-Slim's end points by their names, of single images. The Inception networks and ResNets pool
      globally; VGG's logits and features (fc7) are averaged over the map.
    """
    slim = _tf_slim()
    import tensorflow as tf

    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        images = v1.placeholder(tf.float32, (1, None, None, 3))
        outputs = _build(slim, name, images)
        variables = v1.global_variables()
        session.run(
            [variable.initializer for variable in variables],
            {
                variable.initializer.inputs[1]: recipe.value(
                    variable.op.name, tuple(variable.shape)
                )
                for variable in variables
            },
        )
        for size in sizes:
            yield size, session.run(outputs, {images: image(name, size)})


def _build(slim, name: str, images) -> Mapping:
    import tensorflow as tf
    from tf_slim.nets import inception, resnet_v1, vgg

    if name.startswith("vgg"):
        with slim.arg_scope(vgg.vgg_arg_scope()):
            logits, end_points = getattr(vgg, name)(
                images, CLASSES, is_training=False, spatial_squeeze=False
            )
        features = end_points[f"{name}/fc7"]
    elif name.startswith("resnet"):
        with slim.arg_scope(resnet_v1.resnet_arg_scope()):
            logits, end_points = getattr(resnet_v1, name)(images, CLASSES, is_training=False)
        end_points["predictions"] = tf.squeeze(end_points["predictions"], (1, 2))
        features = end_points[f"{name}/block4"]
    else:
        # The package's heads pool a map of one fixed size; later ones have global_pool for this.
        scope, logits_name = {
            "inception_v1": ("InceptionV1", "Conv2d_0c_1x1"),
            "inception_v2": ("InceptionV2", "Conv2d_1c_1x1"),
            "inception_v3": ("InceptionV3", "Conv2d_1c_1x1"),
        }[name]
        with (
            slim.arg_scope(getattr(inception, f"{name}_arg_scope")()),
            slim.arg_scope([slim.batch_norm], is_training=False),
        ):
            features, end_points = getattr(inception, f"{name}_base")(images, scope=scope)
            logits = slim.conv2d(
                tf.reduce_mean(features, (1, 2), keepdims=True),
                CLASSES,
                (1, 1),
                activation_fn=None,
                normalizer_fn=None,
                scope=f"{scope}/Logits/{logits_name}",
            )
    averages = {
        "logits": tf.reduce_mean(logits, (1, 2)),
        "features": tf.reduce_mean(features, (1, 2)),
    }
    return dict(end_points) | averages


def _tf_slim():
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    for module in ("", ".normalization", ".base"):  # which tf_slim expects under their older names
        source = importlib.import_module(f"tf_keras.src.legacy_tf_layers{module}")
        sys.modules[f"tf_keras.legacy_tf_layers{module}"] = source
    return importlib.import_module("tf_slim")


def main(arguments: Sequence[str]) -> None:
    """Writes the outputs of each `network=size,size` to a file of NumPy arrays."""
    path, *requests = arguments
    outputs = {}
    for request in requests:
        name, _, sizes = request.partition("=")
        pairs = [tuple(map(int, size.split("x"))) for size in sizes.split(",")]
        for size, arrays in run(name, pairs):
            outputs |= {key(name, size, output): array for output, array in arrays.items()}
    np.savez(path, **outputs)


if __name__ == "__main__":
    main(sys.argv[1:])
