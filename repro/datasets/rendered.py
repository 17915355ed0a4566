"""Pictures that this project draws itself: letters of an invented script, shapes and textures.

No data set of the paper: the small checkpoint that comes with the project is pre-trained on it, so
that transfer can be tried without a download. What is in the pictures is `rendering`'s matter; the
ids `glyph_012/0034` give class and instance.
"""

import io
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import tensorflow_datasets as tfds
from PIL import Image

from repro.datasets.declaration import DatasetSpec, ExpectedSplit
from repro.datasets.preparing.building import ImageBuilder, Plan
from repro.datasets.rendering import CLASS_NAMES, draw

# Which instances of every class a split holds.
INSTANCES: Mapping[str, range] = MappingProxyType(
    {"train": range(100), "validation": range(100, 110), "test": range(110, 120)}
)
_JPEG_QUALITY = 95


class ReproRendered(ImageBuilder):
    """The drawings as JPEG files of 64x64 pixels."""

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        del dl_manager
        splits = {
            split: {
                f"{name}/{instance:04d}": label
                for label, name in enumerate(CLASS_NAMES)
                for instance in instances
            }
            for split, instances in INSTANCES.items()
        }
        self._accept(Plan(CLASS_NAMES, splits), "the renderer")
        return {split: self._generate_examples(labels) for split, labels in splits.items()}

    def _generate_examples(self, labels: Mapping[str, int]) -> Iterator[tuple[str, dict[str, Any]]]:
        for identifier, label in labels.items():
            instance = int(identifier.rsplit("/", maxsplit=1)[1])
            yield identifier, {"id": identifier, "image": _jpeg(label, instance), "label": label}


def _jpeg(class_index: int, instance: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(draw(class_index, instance)).save(file, "JPEG", quality=_JPEG_QUALITY)
    return file.getvalue()


SPEC = DatasetSpec(
    name="rendered",
    paper_name=None,
    num_classes=200,
    metric="top1",
    expected={
        "train": ExpectedSplit(
            20_000, "a5b484fcb23c367ba2be2ea49c0cb7ed7cb2ca4aa5b375f91430737415a20b2f"
        ),
        "validation": ExpectedSplit(
            2_000, "372ceaf9623ed65a30f45f17495caa2322a02d4f34b96cabd05554c4343df200"
        ),
        "test": ExpectedSplit(
            2_000, "d330b385a5e6fa268be94a21eaced0dd82579faccaf6ee61b121d2c2b6a4d2ae"
        ),
    },
    own_validation=True,
    builder=ReproRendered,
)
