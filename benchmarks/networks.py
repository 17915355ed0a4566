"""Inference and training steps of our networks beside keras.applications' and TF-Slim's.

    python benchmarks/networks.py [--models=mobilenet_v1,resnet_v1_50 | all] [--batch_size=8]

All sides take turns in one process on the same images; a ratio is the median over the rounds of
(their seconds / our seconds), above 1 where ours is faster, with the smallest and largest round
beside it. "folded" is our network without batch normalization (`networks.folded`), as fixed
features use it. The speed of a matrix product, measured in the same turns, is what this machine can
multiply and add at best. Where keras.applications lacks a network, its Inception v3 stands in, and
that ratio is per multiply-accumulate. Peak memory is that of a process which takes two steps of one
side and nothing else. TF-Slim's graphs are those of the `tf_slim` package, which lacks some.
"""

import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import keras
import numpy as np
import tensorflow as tf
import tf_slim_graph
from absl import app, flags

from repro import checkpoints, networks
from repro.training.config import TrainingConfig
from repro.training.trainer import Trainer

_MODELS = flags.DEFINE_list("models", ["mobilenet_v1", "resnet_v1_50"], "Networks, or all.")
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 8, "Images in a batch.", lower_bound=1)
_ROUNDS = flags.DEFINE_integer("rounds", 7, "Turns each side takes.", lower_bound=1)
_STEPS = flags.DEFINE_integer("steps", 4, "Steps in a turn.", lower_bound=1)
_MODES = flags.DEFINE_multi_enum(
    "mode", ["inference", "training"], ["inference", "training"], "What to time."
)
_MEMORY = flags.DEFINE_bool("memory", True, "Whether to measure peak memory too.")
_ALONE = flags.DEFINE_string("alone", None, "One side to measure the memory of; used internally.")

PEERS = {
    "vgg_16": keras.applications.VGG16,
    "vgg_19": keras.applications.VGG19,
    "inception_v3": keras.applications.InceptionV3,
    "inception_resnet_v2": keras.applications.InceptionResNetV2,
    "resnet_v1_50": keras.applications.ResNet50,
    "resnet_v1_101": keras.applications.ResNet101,
    "resnet_v1_152": keras.applications.ResNet152,
    "mobilenet_v1": keras.applications.MobileNet,
    **{
        f"mobilenet_v1_{width}": partial(keras.applications.MobileNet, alpha=width)
        for width in (0.25, 0.5, 0.75)
    },
    "mobilenet_v2": keras.applications.MobileNetV2,
    "mobilenet_v2_1.4": partial(keras.applications.MobileNetV2, alpha=1.4),
    "nasnet_mobile": keras.applications.NASNetMobile,
    "nasnet_large": keras.applications.NASNetLarge,
}
NO_PEER = keras.applications.InceptionV3  # beside a network that keras.applications does not have
CLASSES = 1000

_PRODUCT_SIDE = 2000
_MATRICES = [tf.random.stateless_normal([_PRODUCT_SIDE] * 2, [0, i]) for i in range(2)]
_MULTIPLY = tf.function(lambda a, b: tf.reduce_sum(tf.matmul(a, b)))

Step = Callable[[], object]


def main(argv: list[str]) -> None:
    """Prints a line on building and one for each mode, network after network."""
    if len(argv) > 1:
        raise app.UsageError(f"unknown arguments: {' '.join(argv[1:])}")
    names = list(networks.NETWORKS) if _MODELS.value == ["all"] else _MODELS.value
    if _ALONE.value is not None:
        _measure_alone(names[0], _MODES.value[0], _ALONE.value)
        return
    for name in names:
        print(f"\n{name}: {_building(name)}", flush=True)
        for mode in _MODES.value:
            _print_row(name, mode)
            keras.backend.clear_session()
            gc.collect()


def _building(name: str) -> str:
    """Times building a network and restoring it from a checkpoint of its own weights."""
    start = time.perf_counter()
    model = networks.create(name, CLASSES)
    built = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = checkpoints.write_network(Path(folder, "model.ckpt"), model)
        written = time.perf_counter()
        checkpoints.restore(model, path)
    return f"built in {built - start:.1f} s, restored in {time.perf_counter() - written:.1f} s"


def _images(name: str) -> tuple[np.ndarray, np.ndarray]:
    size = networks.spec(name).image_size
    images = np.random.default_rng(0).uniform(-1, 1, (_BATCH_SIZE.value, size, size, 3))
    return images.astype(np.float32), np.arange(_BATCH_SIZE.value) % CLASSES


def _sides(name: str, mode: str) -> dict[str, Callable[[], Step]]:
    """Returns what makes each side's step."""
    arrays, numbers = _images(name)
    images, labels = tf.constant(arrays), tf.constant(numbers)
    if mode == "inference":
        sides = {
            "ours": lambda: _inference(networks.create(name, CLASSES), images),
            "folded": lambda: _inference(networks.folded(networks.create(name, CLASSES)), images),
            "keras": lambda: _inference(_peer(name), images),
        }
    else:
        sides = {
            "ours": lambda: _our_training(networks.create(name, CLASSES), images, labels),
            "keras": lambda: _keras_training(_peer(name), images, labels),
        }
    if name in tf_slim_graph.NETWORKS:
        make = tf_slim_graph.inference if mode == "inference" else tf_slim_graph.training
        sides["TF-Slim"] = lambda: make(name, arrays, numbers, CLASSES)
    return sides


def _peer(name: str) -> keras.Model:
    make = PEERS.get(name, NO_PEER)
    size = networks.spec(name).image_size
    shape = (size, size, 3)
    return make(weights=None, classes=CLASSES, classifier_activation=None, input_shape=shape)


def _inference(model: keras.Model, images: tf.Tensor) -> Step:
    step = tf.function(lambda x: model(x, training=False))
    return lambda: step(images).numpy()


def _our_training(model: keras.Model, images: tf.Tensor, labels: tf.Tensor) -> Step:
    config = TrainingConfig(0.01, 1e-6, steps=10**6, batch_size=len(labels))
    trainer = Trainer(model, config, tf.distribute.get_strategy())
    return lambda: trainer.train_step(images, labels).numpy()


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

    return lambda: step(images, labels).numpy()


def _take_turns(sides: dict[str, Step]) -> dict[str, list[float]]:
    """Returns seconds a step of every side, round by round."""
    for step in sides.values():  # trace and warm up
        step()
        step()
    seconds = {side: [] for side in sides}
    for turn in range(_ROUNDS.value):
        order = list(sides)[turn % len(sides) :] + list(sides)[: turn % len(sides)]
        for side in order:  # whoever comes first in one round comes last in the next
            step = sides[side]
            start = time.perf_counter()
            for _ in range(_STEPS.value):
                step()
            seconds[side].append((time.perf_counter() - start) / _STEPS.value)
    return seconds


def _print_row(name: str, mode: str) -> None:
    makers = _sides(name, mode)
    memory = {side: _memory_of(name, mode, side) for side in makers} if _MEMORY.value else {}
    sides = {side: make() for side, make in makers.items()}
    seconds = _take_turns(sides | {"product": _product})
    work = 1.0 if name in PEERS else _macs(networks.create(name, CLASSES)) / _macs(_peer(name))
    for ours in ("ours", "folded"):
        if ours not in seconds:
            continue
        rate = _BATCH_SIZE.value / median(seconds[ours])
        line = [f"  {mode:9} {ours:6} {rate:7.1f} images/s"]
        if mode == "inference":
            peak = _PRODUCT_SIDE**3 / median(seconds["product"])
            macs = _macs(networks.create(name, CLASSES))
            line.append(f"{rate * macs / peak:4.0%} of the speed of a matrix product")
        for theirs, scale in (("keras", work), ("TF-Slim", 1.0)):
            if theirs in seconds:
                line.append(f"{theirs} {_ratio(seconds[ours], seconds[theirs], scale)}")
        if memory:
            line.append(f"peak {memory[ours]:.2f} GB")
        print("   ".join(line), flush=True)
    theirs = [side for side in seconds if side in ("keras", "TF-Slim")]
    remark = "" if name in PEERS else f" (Inception v3, of which ours is {work:.2f} times the work)"
    print(
        "            beside "
        + ", ".join(
            f"{side}{remark if side == 'keras' else ''} "
            f"{_BATCH_SIZE.value / median(seconds[side]):.1f} images/s"
            + (f", peak {memory[side]:.2f} GB" if memory else "")
            for side in theirs
        ),
        flush=True,
    )


def _product() -> None:
    """Multiplies two large matrices: as fast as this machine can multiply and add."""
    _MULTIPLY(*_MATRICES).numpy()


def _ratio(ours: list[float], theirs: list[float], scale: float) -> str:
    ratios = [scale * their / our for our, their in zip(ours, theirs, strict=True)]
    return f"{median(ratios):5.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _memory_of(name: str, mode: str, side: str) -> float:
    """Returns the peak memory, in GB, of a process that takes two steps of one side."""
    command = [sys.executable, __file__, f"--models={name}", f"--mode={mode}", f"--alone={side}"]
    command.append(f"--batch_size={_BATCH_SIZE.value}")
    finished = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(finished.stdout.splitlines()[-1])


def _measure_alone(name: str, mode: str, side: str) -> None:
    step = _sides(name, mode)[side]()
    step()
    step()
    # Not getrusage's ru_maxrss, which a process inherits from the one that started it.
    status = Path("/proc/self/status").read_text()
    [peak] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    print(int(peak.split()[1]) / 1e6)


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
