"""FGVC Aircraft (Maji, Kannala, Rahtu, Blaschko, Vedaldi, 2013): 100 variants of aircraft.

Labels are positions in variants.txt, in the order of the file. The 20 rows at the bottom of every
picture name its photographer; the data set's README asks to remove them for training and
evaluation. They stay in the prepared data and are cut off when an image is decoded.
"""

from collections.abc import Mapping, Sequence

from repro import UserError
from repro.datasets.declaration import ArchiveFile, DatasetSpec, ExpectedSplit, Part
from repro.datasets.preparing.building import ArchiveBuilder, Plan, lines, require

BANNER_HEIGHT = 20

_PART = Part(
    folder="fgvc-aircraft-2013b",
    archives=(
        ArchiveFile(
            "fgvc-aircraft-2013b.tar.gz",
            url="https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/archives/"
            "fgvc-aircraft-2013b.tar.gz",
            note="2.75 GB; no hash is recorded here, its publisher's MD5 is at the same address "
            "with .html for .tar.gz",
        ),
        ArchiveFile("fgvc-aircraft-2013b.tar"),
    ),
)
_VARIANTS = "data/variants.txt"
_LISTS = {
    "train": "data/images_variant_train.txt",
    "validation": "data/images_variant_val.txt",
    "test": "data/images_variant_test.txt",
}


class ReproAircraft(ArchiveBuilder):
    """FGVC Aircraft with its own three splits, labelled by variant."""

    PARTS = (_PART,)
    EXAMPLE = "fgvc-aircraft-2013b/data/images/0034309.jpg"
    CROP_BOTTOM = BANNER_HEIGHT

    def _is_image(self, name: str) -> bool:
        return name.startswith("data/images/") and super()._is_image(name)

    def _is_needed(self, name: str) -> bool:
        return name == _VARIANTS or name in _LISTS.values()

    def _plan(self, images: Sequence[str], files: Mapping[str, bytes], origin: str) -> Plan:
        del images
        require(files, (_VARIANTS, *_LISTS.values()), origin)
        class_names = lines(files[_VARIANTS])
        label_of = {name: label for label, name in enumerate(class_names)}
        splits: dict[str, dict[str, int]] = {}
        for split, list_name in _LISTS.items():
            splits[split] = {}
            for line in lines(files[list_name]):
                number, _, variant = line.partition(" ")
                if variant not in label_of:
                    raise UserError(
                        f"{origin}: {list_name} has the line {line!r}, whose variant is not in "
                        f"{_VARIANTS}."
                    )
                splits[split][f"data/images/{number}"] = label_of[variant]
        return Plan(class_names, splits)


SPEC = DatasetSpec(
    name="aircraft",
    paper_name="FGVC Aircraft",
    num_classes=100,
    metric="mean_per_class",
    expected={
        "train": ExpectedSplit(3_334),
        "validation": ExpectedSplit(3_333),
        "test": ExpectedSplit(3_333),
    },
    own_validation=True,
    builder=ReproAircraft,
    parts=(_PART,),
    homepage="https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/",
    crop_bottom=BANNER_HEIGHT,
)
