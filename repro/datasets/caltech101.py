"""Caltech-101 (Fei-Fei, Fergus, Perona, 2004): 101 kinds of objects and a background class.

Table 1 has 102 classes and 3,060 / 6,084 images: 30 training images of each class, the background
included, and all others for testing. The paper does not say which 30; TFDS draws them in the order
in which the file system lists the files, which differs from one machine to the next. Here they are
random.Random("1:" + class).sample(sorted names, 30).
"""

import random
from collections.abc import Mapping, Sequence

from repro import UserError
from repro.datasets.declaration import ArchiveFile, DatasetSpec, ExpectedSplit, Part
from repro.datasets.preparing.building import ArchiveBuilder, Plan

TRAINING_IMAGES_PER_CLASS = 30
_DRAW = "1"

_PART = Part(
    folder="101_ObjectCategories",
    archives=(
        ArchiveFile(
            "caltech-101.zip",
            url="https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip?download=1",
            size=137_414_764,
            sha256="331234750fc7f77520e50d9565e8b6907b03565e30320da1401130db08c61f91",
        ),
        ArchiveFile(
            "101_ObjectCategories.tar.gz",
            size=131_740_031,
            sha256="af6ece2f339791ca20f855943d8b55dd60892c0a25105fcd631ee3d6430f9926",
        ),
        ArchiveFile("101_ObjectCategories.tar"),
    ),
)


class ReproCaltech101(ArchiveBuilder):
    """Caltech-101 with the background class, split independently of the order of files."""

    PARTS = (_PART,)
    EXAMPLE = "101_ObjectCategories/accordion/image_0001.jpg"

    def _plan(self, images: Sequence[str], files: Mapping[str, bytes], origin: str) -> Plan:
        del files
        members: dict[str, list[str]] = {}
        for identifier in images:
            members.setdefault(identifier.split("/", 1)[0], []).append(identifier)
        class_names = sorted(members)
        splits: dict[str, dict[str, int]] = {"train": {}, "test": {}}
        for label, name in enumerate(class_names):
            identifiers = sorted(members[name])
            if len(identifiers) <= TRAINING_IMAGES_PER_CLASS:
                raise UserError(
                    f"{origin} has {len(identifiers)} images of class {name!r}; the split takes "
                    f"{TRAINING_IMAGES_PER_CLASS} for training and needs one more for testing."
                )
            draw = random.Random(f"{_DRAW}:{name}")
            chosen = set(draw.sample(identifiers, TRAINING_IMAGES_PER_CLASS))
            for identifier in identifiers:
                splits["train" if identifier in chosen else "test"][identifier] = label
        return Plan(class_names, splits)


SPEC = DatasetSpec(
    name="caltech101",
    paper_name="Caltech-101",
    num_classes=102,
    metric="mean_per_class",
    expected={
        "train": ExpectedSplit(
            2_448, "1682ec2879cea809f5e60301376659621061ac32945fd5e0279ad05f8a7e56e0"
        ),
        "validation": ExpectedSplit(
            612, "dd97478c051d57d322dea25f99d26ac5cee2d59b8969b726e14c7e7b740cd18d"
        ),
        "test": ExpectedSplit(
            6_084, "943f96b46978d3b31417f61b182ba933132b82e682308ff27169742d7290ef72"
        ),
    },
    own_validation=False,
    builder=ReproCaltech101,
    parts=(_PART,),
    homepage="https://data.caltech.edu/records/mzrjq-6wc02",
)
