"""The whole training job beside its bare step, and beside Keras's `fit`, in images/s.

    python benchmarks/training.py --manual_dir=FOLDER [--models=mobilenet_v1,mobilenet_v1_0.25]

Caltech-101 from its archive 101_ObjectCategories.tar in FOLDER; --data_dir keeps it prepared. The
sides take turns in one process, and each turn leaves out its first steps:

* the step alone, on one batch held in memory;
* the whole job: `repro.training.fit` with the input pipeline, history and TensorBoard;
* the input pipeline alone;
* Keras's `fit` of the same network (ours, from `networks.create`) with keras.optimizers.SGD
  (Nesterov momentum, CosineDecay), without an L2 penalty and without XLA, as Keras itself chooses
  on a machine of CPUs alone (--keras_jit_compile asks for it), once on the batches of our
  pipeline, once on a plain tf.data map of the same files;
* the same `fit` of the same architecture from keras.applications, on our batches.

A ratio is the median over the rounds, with the smallest and largest round beside it, by the clock
and in CPU time of the process; the latter is less disturbed by what else the machine does. "at
most" is what the whole job could reach where the step keeps all cores busy: the step's CPU time
over that of the step and the pipeline together.
"""

import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

from repro import datasets, networks, preprocessing
from repro.training import Trainer, TrainingConfig, batch_norm_momentum, fit, get_strategy

_MODELS = flags.DEFINE_list("models", ["mobilenet_v1", "mobilenet_v1_0.25"], "Networks.")
_DATASET = flags.DEFINE_string("dataset", "caltech101", "Of one label an image.")
_DATA_DIR = flags.DEFINE_string("data_dir", None, "Prepared data.")
_MANUAL_DIR = flags.DEFINE_string("manual_dir", None, "The original archive.")
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 32, "Images in a batch.", lower_bound=1)
_ROUNDS = flags.DEFINE_integer("rounds", 5, "Turns each side takes.", lower_bound=1)
_STEPS = flags.DEFINE_integer("steps", 30, "Steps in a turn.", lower_bound=1)
_WARM_UP = flags.DEFINE_integer("warm_up", 4, "Steps before them that do not count.", lower_bound=1)
_KERAS_JIT = flags.DEFINE_bool("keras_jit_compile", False, "Whether Keras compiles with XLA.")

LEARNING_RATE = 0.01

STEP, JOB, PIPELINE = "the step alone", "the whole job", "the pipeline alone"
KERAS = "Keras's fit, our pipeline"
KERAS_PLAIN = "Keras's fit, plain tf.data"
KERAS_OWN = "Keras's fit of its own network"

WIDTHS = {  # of keras.applications.MobileNet
    "mobilenet_v1": 1.0,
    "mobilenet_v1_0.75": 0.75,
    "mobilenet_v1_0.5": 0.5,
    "mobilenet_v1_0.25": 0.25,
}
BATCHES_BEYOND = 100  # of a turn, so that a pipeline works on to the end of it

Reading = tuple[float, float]  # of the clock, and of the CPU time of the process; seconds


class _Clock:
    """Reads the time where a turn's first steps end, and where all end."""

    def __init__(self) -> None:
        self._readings: list[Reading] = []

    def start(self) -> None:
        """Begins a turn."""
        self._readings = []

    def tick(self) -> None:
        """Ends a step."""
        self._readings.append((time.perf_counter(), time.process_time()))

    @property
    def seconds_of_an_image(self) -> Reading:
        """In the steps that count."""
        first, last = self._readings[_WARM_UP.value - 1], self._readings[_turn_steps() - 1]
        images = _STEPS.value * _BATCH_SIZE.value
        return tuple((b - a) / images for a, b in zip(first, last, strict=True))


class _ClockedTrainer(Trainer):
    """A trainer that tells a clock of its steps."""

    clock: _Clock

    def train_step(self, images, labels):
        """Takes the step, then ticks."""
        loss = super().train_step(images, labels)
        self.clock.tick()
        return loss


class _ClockedFit(keras.callbacks.Callback):
    """Tells a clock of Keras's steps."""

    def __init__(self, clock: _Clock):
        super().__init__()
        self._clock = clock

    def on_train_batch_end(self, batch, logs=None):
        """Ticks."""
        del batch, logs
        self._clock.tick()


def main(argv: list[str]) -> None:
    """Prints a table a network."""
    if len(argv) > 1:
        raise app.UsageError(f"unknown arguments: {' '.join(argv[1:])}")
    spec = datasets.spec(_DATASET.value)
    datasets.prepare(spec, _DATA_DIR.value, _MANUAL_DIR.value)
    examples = datasets.load(spec, "train", _DATA_DIR.value, _MANUAL_DIR.value)
    for name in _MODELS.value:
        print(f"\n{name}, {_DATASET.value}, batches of {_BATCH_SIZE.value}", flush=True)
        clock = _Clock()
        with tempfile.TemporaryDirectory() as folder:
            _print_table(_take_turns(_sides(name, examples, clock, Path(folder)), clock))
        keras.backend.clear_session()


def _turn_steps() -> int:
    return _WARM_UP.value + _STEPS.value


def _sides(
    name: str, examples: datasets.Examples, clock: _Clock, folder: Path
) -> dict[str, Callable[[], object]]:
    """Returns what takes a turn of each side."""
    size = networks.spec(name).image_size
    batches = _our_batches(name, examples)
    trainer = _our_trainer(name, examples)
    trainer.clock = clock
    images = np.random.default_rng(0).uniform(-1, 1, (_BATCH_SIZE.value, size, size, 3))
    images = tf.constant(images, tf.float32)
    labels = tf.constant(np.arange(_BATCH_SIZE.value) % examples.spec.num_classes)

    def whole_batches() -> tf.data.Dataset:
        return batches(0, datasets.Share())

    keras_sides = {
        KERAS: (_compiled(_network(name, examples)), whole_batches),
        KERAS_PLAIN: (
            _compiled(_network(name, examples)),
            lambda: _plain_batches(examples, size),
        ),
    }
    if name in WIDTHS:
        keras_sides[KERAS_OWN] = (_compiled(_keras_network(name, examples)), whole_batches)

    def step_alone() -> None:
        for _ in range(_turn_steps()):
            trainer.train_step(images, labels)

    def whole_job() -> None:
        trainer.start_again(trainer.config)
        with tempfile.TemporaryDirectory(dir=folder) as run:
            fit(trainer, batches, Path(run), show_progress=False)

    def pipeline_alone() -> None:
        for _ in whole_batches().take(_turn_steps()):
            clock.tick()

    def keras_fit(side: str) -> None:
        model, make_batches = keras_sides[side]
        model.fit(
            make_batches(),
            steps_per_epoch=_turn_steps(),
            callbacks=[_ClockedFit(clock)],
            verbose=0,
        )

    return {
        STEP: step_alone,
        JOB: whole_job,
        PIPELINE: pipeline_alone,
        **{side: partial(keras_fit, side) for side in keras_sides},
    }


def _our_batches(name: str, examples: datasets.Examples) -> Callable[..., tf.data.Dataset]:
    spec = networks.spec(name)
    preprocess = preprocessing.for_training(spec.preprocessing, spec.image_size)

    def batches(first_step: int, share: datasets.Share) -> tf.data.Dataset:
        return datasets.training_batches(
            examples,
            preprocess,
            _BATCH_SIZE.value,
            _turn_steps() + BATCHES_BEYOND,
            seed=0,
            first_step=first_step,
            share=share,
        )

    return batches


def _our_trainer(name: str, examples: datasets.Examples) -> _ClockedTrainer:
    config = TrainingConfig(LEARNING_RATE, 1e-6, steps=_turn_steps(), batch_size=_BATCH_SIZE.value)
    strategy = get_strategy()
    with strategy.scope():
        return _ClockedTrainer(_network(name, examples), config, strategy)


def _network(name: str, examples: datasets.Examples) -> keras.Model:
    momentum = batch_norm_momentum(len(examples), _BATCH_SIZE.value)
    return networks.create(name, examples.spec.num_classes, batch_norm_momentum=momentum)


def _keras_network(name: str, examples: datasets.Examples) -> keras.Model:
    size = networks.spec(name).image_size
    return keras.applications.MobileNet(
        (size, size, 3),
        alpha=WIDTHS[name],
        weights=None,
        classes=examples.spec.num_classes,
        classifier_activation=None,
    )


def _compiled(model: keras.Model) -> keras.Model:
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, 10**6)
    model.compile(
        optimizer=keras.optimizers.SGD(rate, momentum=0.9, nesterov=True),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=_KERAS_JIT.value,
    )
    return model


def _plain_batches(examples: datasets.Examples, size: int) -> tf.data.Dataset:
    """The pipeline that a person writes first: the same choices, drawn without a seed."""

    def prepared(content: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        image = tf.io.decode_jpeg(content, channels=3)
        begin, extent, _ = tf.image.sample_distorted_bounding_box(
            tf.shape(image),
            [[[0.0, 0.0, 1.0, 1.0]]],
            min_object_covered=0.1,
            aspect_ratio_range=(0.75, 1.33),
            area_range=(0.05, 1.0),
            max_attempts=100,
        )
        image = tf.image.convert_image_dtype(tf.slice(image, begin, extent), tf.float32)
        image = tf.image.random_flip_left_right(tf.image.resize(image, [size, size]))
        image = tf.image.random_brightness(image, 32 / 255)
        image = tf.image.random_saturation(image, 0.5, 1.5)
        image = tf.ensure_shape(tf.clip_by_value(image, 0, 1), [size, size, 3])
        return (image - 0.5) * 2, label

    files = tf.data.Dataset.from_tensor_slices((list(examples.images), examples.labels))
    shuffled = files.shuffle(len(examples)).repeat()
    dataset = shuffled.map(prepared, num_parallel_calls=tf.data.AUTOTUNE)
    dataset = dataset.batch(_BATCH_SIZE.value, drop_remainder=True)
    return dataset.prefetch(tf.data.AUTOTUNE)


def _take_turns(sides: dict[str, Callable[[], object]], clock: _Clock) -> dict[str, list[Reading]]:
    """Returns the seconds of an image of every side, round by round."""
    seconds = {side: [] for side in sides}
    for turn in range(_ROUNDS.value + 1):
        order = list(sides)[turn % len(sides) :] + list(sides)[: turn % len(sides)]
        for side in order:  # whoever comes first in one round comes last in the next
            clock.start()
            sides[side]()
            if turn:  # the first is to trace and warm up
                seconds[side].append(clock.seconds_of_an_image)
    return seconds


def _print_table(seconds: dict[str, list[Reading]]) -> None:
    print(f"  {'':30} {'images/s':>9} {'CPU ms':>8}   the step / it (CPU)")
    for side, readings in seconds.items():
        clock, cpu = (median(values) for values in zip(*readings, strict=True))
        ratios = "" if side == STEP else _ratios(seconds[STEP], readings)
        print(f"  {side:30} {1 / clock:9.1f} {1e3 * cpu:8.2f}   {ratios}")
    together = [
        step[1] / (step[1] + pipeline[1])
        for step, pipeline in zip(seconds[STEP], seconds[PIPELINE], strict=True)
    ]
    print(f"  the whole job beside the step alone: {_ratios(seconds[STEP], seconds[JOB])}")
    print(f"    at most, all cores busy:           {_spread(together)}")
    for side in [side for side in (KERAS, KERAS_PLAIN, KERAS_OWN) if side in seconds]:
        print(f"  faster than {side + ':':32} {_ratios(seconds[side], seconds[JOB])}", flush=True)


def _ratios(theirs: list[Reading], ours: list[Reading]) -> str:
    """Returns their seconds over ours, by the clock and in CPU time."""
    by_clock, by_cpu = (
        _spread([a[kind] / b[kind] for a, b in zip(theirs, ours, strict=True)]) for kind in (0, 1)
    )
    return f"{by_clock}, CPU {by_cpu}"


def _spread(ratios: list[float]) -> str:
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


if __name__ == "__main__":
    app.run(main)
