"""Writes a network as a SavedModel, which TensorFlow runs without this project."""

from pathlib import Path

import keras
import tensorflow as tf

from repro import UserError, networks


def save(folder: Path, model: keras.Model) -> None:
    """Writes a SavedModel.

    Its signature `serving_default` takes `images`, float32 [n, height, width, 3], preprocessed as
    the network wants them, and returns `logits` [n, classes] and `features` [n, d]. The variables
    lie in it by TF-Slim's names, those of an auxiliary head too.

    Args:
      folder: to write; it must not exist.
      model: from `networks.create`.

    Raises:
      UserError: Keras runs on another backend than TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise UserError(
            f"A SavedModel needs KERAS_BACKEND=tensorflow, not {keras.backend.backend()}."
        )
    graph = model.graph
    both = keras.Model(graph.images, {"logits": graph.logits, "features": graph.features})

    @tf.function(input_signature=[tf.TensorSpec(graph.images.shape, tf.float32, "images")])
    def serve(images: tf.Tensor) -> dict[str, tf.Tensor]:
        return both(images, training=False)

    module = tf.Module()
    module.network = {name: variable.value for name, variable in networks.variables(model).items()}
    module.serve = serve
    tf.saved_model.save(module, str(folder), signatures={"serving_default": serve})
