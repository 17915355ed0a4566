"""What is in a picture, by a network's ImageNet checkpoint: the most probable of 1000 classes.

python -m repro.classify IMAGE...

IMAGE is a file, a folder, or a pattern such as 'photos/*.jpg':

python -m repro.classify photos --model=inception_v4 --format=csv --output=photos.csv

An image that cannot be read is named, the others are classified, and the exit status is 1.
"""

import csv
import io
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np
import scipy.special
import tensorflow as tf
from absl import flags
from tqdm import tqdm

from repro import UserError, _command, checkpoints, networks, preprocessing
from repro._files import replacing
from repro._words import words
from repro.datasets.imagenet import ImageNetClass, class_of_logit
from repro.datasets.own.image_paths import batches, image_paths
from repro.networks import NetworkSpec

_TOP = flags.DEFINE_integer("top", 5, "Classes to name for each image.", lower_bound=1)
_COLUMNS = ("image", "rank", "probability", "wnid", "index", "name")
BAD_IMAGES = 1  # exit status

for _flag in (
    _command.MODEL,
    _command.CHECKPOINT_PATH,
    _command.CHECKPOINT_DIR,
    _command.IMAGE_SIZE,
    _command.EVAL_BATCH_SIZE,
    _command.FORMAT,
    _command.OUTPUT,
    _command.PROGRESS,
):
    flags.declare_key_flag(_flag)


@dataclass(frozen=True)
class _Classifier:
    """A network with its checkpoint.

    Attributes:
      network: its entry in the registry.
      checkpoint: where its weights are from.
      model: from images to logits, for inference.
      classes: of each logit.
      image_size: height and width of its images.
    """

    network: NetworkSpec
    checkpoint: Path
    model: keras.Model
    classes: Sequence[ImageNetClass]
    image_size: int


@dataclass(frozen=True)
class _Prediction:
    """One class of one image; `index` is 0 to 999, None for the background."""

    rank: int
    probability: float
    wnid: str
    index: int | None
    name: str


@words("IMAGE...")
def main(*images: str) -> int:
    """Classifies the images that the words name."""
    bad: list[tuple[str, str]] = []

    def on_bad(name: str, problem: str) -> None:
        bad.append((name, problem))
        with tqdm.external_write_mode(file=sys.stderr):
            print(f"{name} {problem}.", file=sys.stderr)

    paths = image_paths(images, on_bad)
    classifier = _load()
    predictions = {
        path: _best(logits, classifier.classes, _TOP.value)
        for path, logits in _logits(classifier, paths, on_bad)
    }
    _write(_rendered(classifier, predictions, bad))
    if bad:
        print(f"{len(bad):,} could not be classified, {len(predictions):,} were.", file=sys.stderr)
    return BAD_IMAGES if bad else 0


def _load() -> _Classifier:
    name, given = _command.MODEL.value, _command.CHECKPOINT_PATH.value
    if name is None and given is None:
        _command.required(_command.MODEL)
    if name is not None:
        networks.spec(name)
        given = checkpoints.locate(name, given, _command.CHECKPOINT_DIR.value)
    reader = checkpoints.open_checkpoint(given)
    spec = checkpoints.network_named(reader, name)
    num_logits = checkpoints.num_classes(reader, spec)
    classes = class_of_logit(num_logits)
    size = _command.IMAGE_SIZE.value or spec.image_size
    model = networks.create(spec.name, num_logits, (size, size, 3))
    checkpoints.restore_from(model, reader, restore_logits=True)
    return _Classifier(spec, reader.path, networks.folded(model), classes, size)


def _logits(
    classifier: _Classifier, paths: Sequence[str], on_bad
) -> Iterator[tuple[str, np.ndarray]]:
    """Yields path and logits of each image that can be decoded."""
    step = tf.function(
        lambda images: classifier.model(images, training=False), reduce_retracing=True
    )
    preprocess = preprocessing.for_evaluation(
        classifier.network.preprocessing, classifier.image_size
    )
    with tqdm(
        total=len(paths),
        desc="classify",
        unit=" images",
        disable=None if _command.PROGRESS.value else True,
    ) as bar:
        for indices, images in batches(paths, preprocess, _command.EVAL_BATCH_SIZE.value, on_bad):
            for index, logits in zip(indices.numpy(), step(images).numpy(), strict=True):
                yield paths[index], logits
            bar.update(len(indices))


def _best(logits: np.ndarray, classes: Sequence[ImageNetClass], most: int) -> list[_Prediction]:
    """Returns the most probable classes; of equal ones the first, as tf.math.top_k does."""
    probabilities = scipy.special.softmax(logits.astype(np.float64))
    order = np.argsort(-logits, kind="stable")[:most]
    return [
        _Prediction(
            rank,
            float(probabilities[logit]),
            classes[logit].wnid,
            classes[logit].index,
            classes[logit].name,
        )
        for rank, logit in enumerate(order, start=1)
    ]


def _rendered(
    classifier: _Classifier,
    predictions: dict[str, list[_Prediction]],
    bad: Sequence[tuple[str, str]],
) -> str:
    form = _command.FORMAT.value
    if form is None:
        ending = Path(_command.OUTPUT.value or "").suffix.lower()
        form = {".csv": "csv", ".json": "json"}.get(ending, "text")
    if form == "csv":
        return _csv(predictions)
    if form == "text":
        return _text(predictions)
    document = {
        "model": classifier.network.name,
        "checkpoint": str(classifier.checkpoint),
        "images": [
            {"image": path, "predictions": [asdict(prediction) for prediction in found]}
            for path, found in predictions.items()
        ],
        "errors": [{"image": name, "problem": problem} for name, problem in bad],
    }
    return json.dumps(document, indent=1) + "\n"


def _csv(predictions: dict[str, list[_Prediction]]) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    table.writeheader()
    for path, found in predictions.items():
        table.writerows({"image": path} | asdict(prediction) for prediction in found)
    return text.getvalue()


def _text(predictions: dict[str, list[_Prediction]]) -> str:
    lines = []
    for path, found in predictions.items():
        lines.append(path)
        width = len(str(len(found)))
        lines += [
            f"  {p.rank:>{width}}  {p.probability:7.2%}  {p.wnid:<9}  {p.name}" for p in found
        ]
    return "".join(f"{line}\n" for line in lines)


def _write(text: str) -> None:
    """Prints the result, or writes it to --output."""
    if _command.OUTPUT.value is None:
        print(text, end="")
        return
    path = Path(_command.OUTPUT.value).expanduser()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"--output={path} cannot be written: {error.strerror or error}.") from error


if __name__ == "__main__":
    _command.run(main)
