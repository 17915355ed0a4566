"""Images/s of each stage of the input pipeline, as ratios to a plain decode-crop-resize map.

    python benchmarks/input_pipeline.py [--images=400] [--size=500x375] [--rounds=5]

All stages take turns in one process on the same JPEGs, made here, and prepared as a data set is.
A ratio is the median over the rounds of (seconds of the plain map / seconds of the stage), above 1
where the stage is faster, by the clock and in CPU time of the process; the latter is less
disturbed by what else the machine does. At the end, memory over an epoch of a set larger than the
rest of the process.
"""

import dataclasses
import io
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import tensorflow as tf
from absl import app, flags
from PIL import Image

from repro import datasets, preprocessing
from repro.datasets import records, registry
from repro.datasets.declaration import PLAIN_RECORDS

_IMAGES = flags.DEFINE_integer("images", 400, "JPEGs in the data set.", lower_bound=1)
_SIZE = flags.DEFINE_string("size", "500x375", "Their width and height.")
_ROUNDS = flags.DEFINE_integer("rounds", 5, "Turns each stage takes.", lower_bound=1)
_BATCH = flags.DEFINE_integer("batch_size", 50, "Images in a batch.", lower_bound=1)
_PIXELS = flags.DEFINE_integer("pixels", 299, "Side of the network's input.", lower_bound=1)
_EPOCH = flags.DEFINE_integer("epoch", 20_000, "Images in the epoch of the memory measurement.")

Stage = Callable[[], tf.data.Dataset]


def main(argv: list[str]) -> None:
    """Prints a row a stage, then memory."""
    if len(argv) > 1:
        raise app.UsageError(f"unknown arguments: {' '.join(argv[1:])}")
    with tempfile.TemporaryDirectory() as folder:
        width, height = map(int, _SIZE.value.split("x"))
        photos = _stored(Path(folder, "photos"), [_jpeg(i, width, height) for i in range(64)])
        tiny = _stored(Path(folder, "tiny"), [_png(i) for i in range(64)])
        bytes_each = np.mean([len(image) for image in photos.images])
        print(f"{len(photos):,} JPEGs of {_SIZE.value}, {bytes_each / 1e3:.0f} kB each\n")
        print(f"{'':46} {'images/s':>9} {'by the clock':>22} {'in CPU time':>22}")
        _compare("evaluation", _evaluation_stages(photos))
        _compare("training", _training_stages(photos))
        _compare("the random crop alone", _crop_stages(photos))
        _compare("32x32 pixels", _small_stages(tiny))
        _print_memory(photos)


def _evaluation_stages(photos: datasets.Examples) -> dict[str, Stage]:
    ours = preprocessing.for_evaluation("inception", _PIXELS.value)
    vgg = preprocessing.for_evaluation("vgg", 224)
    return {
        "plain: decode, crop, resize": lambda: _plain(photos, _central),
        "read only": lambda: _plain(photos, None),
        "decode only": lambda: _plain(photos, "decode"),
        "ours, Inception": lambda: datasets.evaluation_batches(photos, ours, _BATCH.value),
        "ours, VGG": lambda: datasets.evaluation_batches(photos, vgg, _BATCH.value),
    }


def _training_stages(photos: datasets.Examples) -> dict[str, Stage]:
    ours = preprocessing.for_training("inception", _PIXELS.value)
    vgg = preprocessing.for_training("vgg", 224)
    return {
        "plain: decode, random crop, resize, colours": lambda: _plain(photos, _random),
        "ours, Inception, all decoded": lambda: _training(photos, _whole(ours)),
        "ours, Inception, the crop decoded": lambda: _training(photos, ours),
        "ours, VGG": lambda: _training(photos, vgg),
    }


def _crop_stages(photos: datasets.Examples) -> dict[str, Stage]:
    crop = _CropAndResize(_PIXELS.value)
    return {
        "all decoded": lambda: _training(photos, _whole(crop)),
        "the crop decoded": lambda: _training(photos, crop),
    }


def _small_stages(tiny: datasets.Examples) -> dict[str, Stage]:
    evaluate = preprocessing.for_evaluation("inception", 32)
    train = preprocessing.for_training("inception", 32)
    again = dataclasses.replace(tiny)  # its pictures are not in memory
    object.__setattr__(again, "small_pictures", None)
    return {
        "plain: decode, crop, resize": lambda: _plain(tiny, _central),
        "ours, decoded each time": lambda: datasets.evaluation_batches(
            again, evaluate, _BATCH.value
        ),
        "ours, decoded once": lambda: datasets.evaluation_batches(tiny, evaluate, _BATCH.value),
        "ours, training, decoded each time": lambda: _training(again, train),
        "ours, training, decoded once": lambda: _training(tiny, train),
    }


def _whole(preprocess):
    """The same preprocessing for a pipeline that does not know its crop beforehand."""
    return lambda image, seed: preprocess(image, seed)


@dataclasses.dataclass(frozen=True)
class _CropAndResize:
    """Inception's random crop, resized, and nothing else."""

    pixels: int

    def __call__(self, image: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        crop = self.draw_crop(tf.shape(image), seed)
        return self.from_crop(
            tf.slice(
                image, [crop.offset_height, crop.offset_width, 0], [crop.height, crop.width, 3]
            ),
            seed,
        )

    def draw_crop(self, image_shape: tf.Tensor, seed: tf.Tensor) -> preprocessing.inception.Crop:
        return preprocessing.inception.draw_crop(image_shape, seed)

    def from_crop(self, crop: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        del seed
        image = preprocessing.resize.resize(tf.cast(crop, tf.float32), self.pixels, self.pixels)
        return image / 127.5 - 1


def _training(examples: datasets.Examples, preprocess) -> tf.data.Dataset:
    steps = len(examples) // _BATCH.value
    return datasets.training_batches(examples, preprocess, _BATCH.value, steps, seed=0)


def _plain(examples: datasets.Examples, work) -> tf.data.Dataset:
    """The map that a person writes first, from the same files."""

    def contents():
        return (examples.images[i] for i in range(len(examples)))

    dataset = tf.data.Dataset.from_generator(
        contents, output_signature=tf.TensorSpec([], tf.string)
    )
    if work is not None:
        decode = lambda content: tf.io.decode_jpeg(content, channels=3)  # noqa: E731
        finish = (lambda x: tf.reduce_max(x)) if work == "decode" else work
        dataset = dataset.map(
            lambda content: finish(decode(content)), num_parallel_calls=tf.data.AUTOTUNE
        )
    return dataset.batch(_BATCH.value).prefetch(2)


def _central(image: tf.Tensor) -> tf.Tensor:
    """To the size of the network, or of the picture where that is small."""
    pixels = tf.minimum(_PIXELS.value, tf.shape(image)[0])
    image = tf.image.central_crop(image, 0.875)
    return tf.image.resize(image, [pixels, pixels]) / 127.5 - 1


def _random(image: tf.Tensor) -> tf.Tensor:
    crop = preprocessing.inception.draw_crop(
        tf.shape(image), tf.random.uniform([2], maxval=2**30, dtype=tf.int32)
    )
    image = tf.image.crop_to_bounding_box(
        image, crop.offset_height, crop.offset_width, crop.height, crop.width
    )
    image = tf.image.random_flip_left_right(tf.image.resize(image, [_PIXELS.value] * 2) / 255)
    image = tf.image.random_brightness(image, 32 / 255)
    return tf.clip_by_value(tf.image.random_saturation(image, 0.5, 1.5), 0, 1) * 2 - 1


def _compare(title: str, stages: dict[str, Stage]) -> None:
    clock = {name: [] for name in stages}
    cpu = {name: [] for name in stages}
    made = {name: make() for name, make in stages.items()}
    for round_number in range(_ROUNDS.value + 1):
        for name, dataset in made.items():
            start, cpu_start = time.perf_counter(), time.process_time()
            for _ in dataset:
                pass
            if round_number:  # the first is to warm up
                clock[name].append(time.perf_counter() - start)
                cpu[name].append(time.process_time() - cpu_start)
    first = next(iter(stages))
    print(f"{title}, each beside the first")
    for name in stages:
        rate = _IMAGES.value / median(clock[name])
        print(
            f"  {name:44} {rate:9.0f} {_ratio(clock[first], clock[name]):>22} "
            f"{_ratio(cpu[first], cpu[name]):>22}",
            flush=True,
        )


def _ratio(plain: list[float], stage: list[float]) -> str:
    ratios = [a / b for a, b in zip(plain, stage, strict=True)]
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _print_memory(photos: datasets.Examples) -> None:
    """Goes through an epoch of many small reads, and prints what the process holds meanwhile."""
    steps = _EPOCH.value // _BATCH.value
    preprocess = preprocessing.for_training("inception", 64)
    held = []
    batches = datasets.training_batches(photos, preprocess, _BATCH.value, steps, seed=0)
    for step, _ in enumerate(batches):
        if step % max(1, steps // 10) == 0:
            held.append(_resident() / 1e6)
    print(
        f"\nmemory while {steps * _BATCH.value:,} images pass, MB: "
        + " ".join(f"{value:.0f}" for value in held)
    )


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _stored(folder: Path, images: list[bytes]) -> datasets.Examples:
    """Writes records as a prepared data set has them, and reads them as one."""
    folder.mkdir()
    file = folder / "x.tfrecord-00000-of-00001"
    with tf.io.TFRecordWriter(str(file)) as writer:
        for i in range(_IMAGES.value):
            feature = {
                "id": _bytes_feature(f"{i:06d}".encode()),
                "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[i % 10])),
                "image": _bytes_feature(images[i % len(images)]),
            }
            example = tf.train.Example(features=tf.train.Features(feature=feature))
            writer.write(example.SerializeToString())
    stored = records.read_split([file], PLAIN_RECORDS)
    return datasets.Examples(
        spec=registry.DATASETS["caltech101"],
        split="train",
        ids=stored.ids,
        labels=stored.labels,
        images=stored.images,
        class_names=tuple(map(str, range(10))),
    )


def _bytes_feature(value: bytes) -> tf.train.Feature:
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))


def _picture(seed: int, width: int, height: int) -> Image.Image:
    """A picture whose JPEG is about as large as a photo's: smooth areas, edges and some grain."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, [12, 16, 3], dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
    grain = rng.normal(0, 9, smooth.shape)
    return Image.fromarray(np.clip(smooth + grain, 0, 255).astype(np.uint8))


def _jpeg(seed: int, width: int, height: int) -> bytes:
    file = io.BytesIO()
    _picture(seed, width, height).save(file, "JPEG", quality=85)
    return file.getvalue()


def _png(seed: int) -> bytes:
    file = io.BytesIO()
    _picture(seed, 32, 32).save(file, "PNG")
    return file.getvalue()


if __name__ == "__main__":
    app.run(main)
