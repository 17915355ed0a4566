"""Handwritten digits of 8x8 pixels (Alpaydin, Kaynak, 1998), as scikit-learn ships them.

No data set of the paper: it needs no download, so that everything can be tried at once. Images are
the 1,797 of sklearn.datasets.load_digits in its order, which gives the ids `digits/0000` ...; grey
values 0..16 are multiplied by 16 and clipped to 255. A third of each class is the test set, chosen
by the rule that holds out the validation set.
"""

import io
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from numpy.typing import NDArray
from PIL import Image

from repro.datasets.declaration import DatasetSpec, ExpectedSplit
from repro.datasets.preparing.building import ImageBuilder, Plan
from repro.datasets.splits import hold_out

TEST_FRACTION = 1 / 3


class ReproDigits(ImageBuilder):
    """The digits as RGB PNG files of 8x8 pixels."""

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        # Only whoever asks for this data set pays for importing scikit-learn.
        from sklearn.datasets import load_digits

        del dl_manager
        digits = load_digits()
        ids = [f"digits/{index:04d}" for index in range(len(digits.target))]
        labels = dict(zip(ids, map(int, digits.target), strict=True))
        images = dict(zip(ids, digits.images, strict=True))
        is_test = hold_out(ids, digits.target, TEST_FRACTION)
        splits: dict[str, dict[str, int]] = {"train": {}, "test": {}}
        for identifier, test in zip(ids, is_test, strict=True):
            splits["test" if test else "train"][identifier] = labels[identifier]
        class_names = [str(digit) for digit in range(10)]
        self._accept(Plan(class_names, splits), "scikit-learn's load_digits")
        return {name: self._generate_examples(images, split) for name, split in splits.items()}

    def _generate_examples(
        self, images: Mapping[str, NDArray], labels: Mapping[str, int]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for identifier, label in labels.items():
            image = _png(images[identifier])
            yield identifier, {"id": identifier, "image": image, "label": label}


def _png(grey: NDArray) -> bytes:
    """Encodes an image of 0..16, [height, width], as RGB."""
    scaled = np.clip(grey * 16, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(scaled).convert("RGB").save(file, "PNG")
    return file.getvalue()


SPEC = DatasetSpec(
    name="digits",
    paper_name=None,
    num_classes=10,
    metric="top1",
    expected={
        "train": ExpectedSplit(
            959, "e4ac6ff760c7bbe5c292b97137b734a1d186711553b8f954fad577ae08fab1df"
        ),
        "validation": ExpectedSplit(
            239, "4f76a2fba1eb0718404f2eb7152e3ea7f0af7aa15754f18e18b65f4fcf41f0d1"
        ),
        "test": ExpectedSplit(
            599, "593a94b7606d68afe731cce1485ce339dd11b28886cf261b373ce6d911237fff"
        ),
    },
    own_validation=False,
    builder=ReproDigits,
    homepage="https://archive.ics.uci.edu/dataset/80",
)
