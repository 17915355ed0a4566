"""Inference and training steps of our networks beside keras.applications, in one run.

    python benchmarks/networks.py [--models=mobilenet_v1,inception_v4] [--batch_size=8] [--rounds=7]

Both sides take turns in one process on the same data; a row's ratio is the median over the rounds
of (their seconds / our seconds), above 1 where ours is faster. Where keras.applications lacks the
network, its Inception v3 stands beside it and the comparison is per multiply-accumulate.
"""

import time
from collections.abc import Callable
from statistics import median

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

from repro import networks
from repro.training.config import TrainingConfig
from repro.training.trainer import Trainer

_MODELS = flags.DEFINE_list("models", ["mobilenet_v1", "inception_v4"], "Networks to time.")
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 8, "Images in a batch.", lower_bound=1)
_ROUNDS = flags.DEFINE_integer("rounds", 7, "Turns each side takes.", lower_bound=1)
_STEPS = flags.DEFINE_integer("steps", 6, "Steps in a turn.", lower_bound=1)
_TRAINING = flags.DEFINE_bool("training", True, "Whether to time training steps too.")

PEERS = {
    "vgg_16": keras.applications.VGG16,
    "vgg_19": keras.applications.VGG19,
    "inception_v3": keras.applications.InceptionV3,
    "inception_resnet_v2": keras.applications.InceptionResNetV2,
    "resnet_v1_50": keras.applications.ResNet50,
    "resnet_v1_101": keras.applications.ResNet101,
    "resnet_v1_152": keras.applications.ResNet152,
    "mobilenet_v1": keras.applications.MobileNet,
    "mobilenet_v2": keras.applications.MobileNetV2,
    "nasnet_mobile": keras.applications.NASNetMobile,
    "nasnet_large": keras.applications.NASNetLarge,
}
NO_PEER = keras.applications.InceptionV3  # beside a network that keras.applications does not have

Step = Callable[[], tf.Tensor]


def main(argv: list[str]) -> None:
    """Prints one row a network and mode."""
    if len(argv) > 1:
        raise app.UsageError(f"unknown arguments: {' '.join(argv[1:])}")
    print(
        f"{'network':20} {'mode':10} {'ours, ms':>9} {'theirs, ms':>11} {'ratio':>6} "
        f"{'min':>5} {'max':>5}   peer"
    )
    for name in _MODELS.value:
        size = networks.spec(name).image_size
        images = tf.random.uniform((_BATCH_SIZE.value, size, size, 3), -1, 1, seed=0)
        labels = tf.range(_BATCH_SIZE.value) % 1000
        for mode, ours, theirs, scale, peer in _contests(name, images, labels):
            _print_row(name, mode, *_take_turns(ours, theirs), scale, peer)


def _contests(name: str, images: tf.Tensor, labels: tf.Tensor):
    """Yields (mode, our step, their step, work of ours / work of theirs, name of the peer)."""
    ours = networks.create(name, 1000)
    make_peer = PEERS.get(name, NO_PEER)
    theirs = make_peer(weights=None, classes=1000, classifier_activation=None)
    scale, peer = 1.0, theirs.name
    if name not in PEERS:
        scale = _macs(ours) / _macs(theirs)
        peer = f"{theirs.name}, per MAC ({scale:.2f} times the work)"
    yield "inference", _inference(ours, images), _inference(theirs, images), scale, peer
    if _TRAINING.value:
        config = TrainingConfig(0.01, 1e-6, steps=10**6, batch_size=len(labels))
        trainer = Trainer(ours, config, tf.distribute.get_strategy())
        yield (
            "training",
            lambda: trainer.train_step(images, labels),
            _keras_training(theirs, images, labels),
            scale,
            peer,
        )


def _inference(model: keras.Model, images: tf.Tensor) -> Step:
    step = tf.function(lambda x: model(x, training=False))
    return lambda: step(images)


def _keras_training(model: keras.Model, images: tf.Tensor, labels: tf.Tensor) -> Step:
    """The custom loop that Keras documents, with its Nesterov momentum; no L2 penalty."""
    optimizer = keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True)
    optimizer.build(model.trainable_variables)

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            logits = model(x, training=True)
            losses = keras.losses.sparse_categorical_crossentropy(y, logits, from_logits=True)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, model.trainable_weights)
        optimizer.apply(gradients, model.trainable_weights)
        return loss

    return lambda: step(images, labels)


def _take_turns(ours: Step, theirs: Step) -> tuple[list[float], list[float]]:
    """Returns seconds a step of both sides, round by round."""
    seconds = ([], [])
    for side in (ours, theirs):  # trace and warm up
        for _ in range(2):
            side().numpy()
    for _ in range(_ROUNDS.value):
        for side, record in zip((ours, theirs), seconds, strict=True):
            start = time.perf_counter()
            for _ in range(_STEPS.value):
                result = side()
            result.numpy()
            record.append((time.perf_counter() - start) / _STEPS.value)
    return seconds


def _print_row(name, mode, ours, theirs, scale, peer) -> None:
    ratios = [scale * their / our for our, their in zip(ours, theirs, strict=True)]
    print(
        f"{name:20} {mode:10} {median(ours) * 1e3:9.1f} {median(theirs) * 1e3:11.1f} "
        f"{median(ratios):6.2f} {min(ratios):5.2f} {max(ratios):5.2f}   {peer}",
        flush=True,
    )


def _macs(model: keras.Model) -> float:
    """Multiply-accumulates of the convolutions and dense layers for one image."""
    total = 0
    for layer in model.layers:
        kernels = [v for v in layer.trainable_variables if len(v.shape) in (2, 4)]
        positions = np.prod(layer.output.shape[1:-1]) if kernels else 0
        total += sum(positions * np.prod(kernel.shape) for kernel in kernels)
    return float(total)


if __name__ == "__main__":
    app.run(main)
