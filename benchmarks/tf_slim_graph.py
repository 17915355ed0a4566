"""The `tf_slim` package's own graphs, run as its scripts run them: a TF1 graph and a session.

The package is from 2020; two names that it expects have moved since, which `_modules` sets right.
"""

import importlib
import os
import sys
from collections.abc import Callable
from types import ModuleType

import numpy as np
import tensorflow as tf

NETWORKS = {
    "vgg_16": "vgg",
    "vgg_19": "vgg",
    "inception_v1": "inception",
    "inception_v2": "inception",
    "inception_v3": "inception",
    "resnet_v1_50": "resnet_v1",
    "resnet_v1_101": "resnet_v1",
    "resnet_v1_152": "resnet_v1",
}
_ARG_SCOPES = {"vgg": "vgg_arg_scope", "resnet_v1": "resnet_arg_scope"}

Step = Callable[[], np.ndarray]


def inference(name: str, images: np.ndarray, labels: np.ndarray, classes: int) -> Step:
    """Returns a step that computes the logits.

    Args:
      name: a key of `NETWORKS`.
      images: float32 [batch, height, width, 3].
      labels: not used.
      classes: length of the logits.
    """
    del labels
    with tf.Graph().as_default():
        logits = _logits(name, images, classes, training=False)
        session = _session()
    return lambda: session.run(logits)


def training(name: str, images: np.ndarray, labels: np.ndarray, classes: int) -> Step:
    """Returns a step that trains and computes the loss.

    It has Nesterov momentum, TF-Slim's L2 penalty and its updates of the moving averages.

    Args:
      name: a key of `NETWORKS`.
      images: float32 [batch, height, width, 3].
      labels: int [batch].
      classes: length of the logits.
    """
    v1 = tf.compat.v1
    with tf.Graph().as_default():
        logits = _logits(name, images, classes, training=True)
        logits = tf.reshape(logits, [len(labels), classes])
        loss = v1.losses.sparse_softmax_cross_entropy(labels, logits)
        total = loss + tf.add_n(v1.get_collection(v1.GraphKeys.REGULARIZATION_LOSSES))
        optimizer = v1.train.MomentumOptimizer(0.01, 0.9, use_nesterov=True)
        with tf.control_dependencies(v1.get_collection(v1.GraphKeys.UPDATE_OPS)):
            step = optimizer.minimize(total)
        session = _session()
    return lambda: session.run([loss, step])[0]


def _logits(name: str, images: np.ndarray, classes: int, *, training: bool) -> tf.Tensor:
    slim, nets = _modules(NETWORKS[name])
    # A variable, for a constant or a fed array would be copied in every step.
    given = tf.compat.v1.get_variable(
        "images", initializer=tf.constant(images), trainable=False, collections=["images"]
    )
    arg_scope = getattr(nets, _ARG_SCOPES.get(NETWORKS[name], f"{name}_arg_scope"))
    with slim.arg_scope(arg_scope()):
        logits, _ = getattr(nets, name)(given, classes, is_training=training)
    return logits


def _session() -> tf.compat.v1.Session:
    v1 = tf.compat.v1
    session = v1.Session()
    session.run([v1.global_variables_initializer()])
    session.run([v.initializer for v in v1.get_collection("images")])
    tf.compat.v1.get_default_graph().finalize()
    return session


def _modules(family: str) -> tuple[ModuleType, ModuleType]:
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    for part in ("", ".base", ".normalization"):
        module = importlib.import_module(f"tf_keras.src.legacy_tf_layers{part}")
        sys.modules.setdefault(f"tf_keras.legacy_tf_layers{part}", module)
    return importlib.import_module("tf_slim"), importlib.import_module(f"tf_slim.nets.{family}")
