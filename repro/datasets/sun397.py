"""SUN397 (Xiao, Hays, Ehinger, Oliva, Torralba, 2010), partition 01: 397 kinds of scenes.

Images at full size, as they were published: TFDS shrinks them to 120,000 pixels at the most and
encodes them anew, which would blur the inputs of every network. Names end in .jpg whatever the file
is: PNG files are kept, GIF and BMP converted to PNG. Labels are positions in ClassName.txt,
whose order is that of the sorted folders of the lists.

Of the two files of the archive that TFDS leaves out as not decodable, one is in partition 01 (test
image t/track/outdoor/sun_aophkoiosslinihb). Where it does not decode, it is left out and reported:
then the test set has 19,849 of its 19,850 images.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import PurePosixPath

from repro import UserError
from repro.datasets.declaration import ArchiveFile, DatasetSpec, ExpectedSplit, Part
from repro.datasets.preparing.building import ArchiveBuilder, Plan, lines, require

MAY_NOT_DECODE = frozenset({"t/track/outdoor/sun_aophkoiosslinihb"})

_LISTS = {"train": "Training_01.txt", "test": "Testing_01.txt"}
_PARTITIONS = (
    ArchiveFile(
        "Partitions.zip",
        url="https://vision.princeton.edu/projects/2010/SUN/download/Partitions.zip",
        size=18_293_705,
        sha256="e3311ea5f812d4cc6faef194688343d1111f6cd6f70f2c62f393c2b8d6ba1ec9",
    ),
    ArchiveFile("Partitions", note="the folder, extracted"),
)
_LIST_PARTS = tuple(
    Part(folder=None, archives=(*_PARTITIONS, ArchiveFile(name))) for name in _LISTS.values()
)
_IMAGES = Part(
    folder="SUN397",
    archives=(
        ArchiveFile(
            "SUN397.tar.gz",
            url="https://vision.princeton.edu/projects/2010/SUN/SUN397.tar.gz",
            size=39_077_296_924,
            sha256="f404130965a7ad77bed5ececc71e720ab50f3cc1e1bb257257610d38f3b928ec",
        ),
        ArchiveFile("SUN397.tar"),
    ),
)


class ReproSun397(ArchiveBuilder):
    """SUN397 in its first partition: 50 images of each class for training, 50 for testing."""

    PARTS = (*_LIST_PARTS, _IMAGES)
    EXAMPLE = "SUN397/a/abbey/sun_aqswjsnjlrfzzhiz.jpg"

    def _is_needed(self, name: str) -> bool:
        return name in _LISTS.values()

    def _may_lack(self, identifier: str) -> bool:
        return identifier in MAY_NOT_DECODE

    def _listed(self, files: Mapping[str, bytes]) -> Mapping[str, str | None]:
        return dict.fromkeys(key for name in files for key in _identifiers(files[name]))

    def _plan(self, images: Sequence[str], files: Mapping[str, bytes], origin: str) -> Plan:
        del images
        require(files, tuple(_LISTS.values()), origin)
        listed = {split: _identifiers(files[name]) for split, name in _LISTS.items()}
        class_names = sorted({_class_name(key) for keys in listed.values() for key in keys})
        label_of = {name: label for label, name in enumerate(class_names)}
        for split, keys in listed.items():
            if len(set(keys)) != len(keys):
                raise UserError(f"{origin}: {_LISTS[split]} lists an image more than once.")
        splits = {
            split: {key: label_of[_class_name(key)] for key in keys}
            for split, keys in listed.items()
        }
        return Plan(class_names, splits)


@lru_cache(maxsize=2)
def _identifiers(content: bytes) -> tuple[str, ...]:
    """Returns the ids of a list, whose lines are like /a/abbey/sun_aqswjsnjlrfzzhiz.jpg."""
    return tuple(
        str(PurePosixPath(line).with_suffix("").relative_to("/")) for line in lines(content)
    )


def _class_name(identifier: str) -> str:
    return f"/{PurePosixPath(identifier).parent}"


# Digests of the published Training_01.txt and Testing_01.txt.
SPEC = DatasetSpec(
    name="sun397",
    paper_name="SUN397",
    num_classes=397,
    metric="top1",
    expected={
        "train": ExpectedSplit(
            15_880, "08e14ee53910ab549425f19647e10a88cde9e6d95e008272a9ccb6b4c4f16517"
        ),
        "validation": ExpectedSplit(
            3_970, "dfa3acc43e7c2487554d9829cf248a5369a22580ec7ea3f6e2660bf9625c25f8"
        ),
        "test": ExpectedSplit(
            19_850, "8dea46eecb4a81c799d4460e90f7205a62cf3f024f101b190389c2249e872ae4"
        ),
    },
    own_validation=False,
    builder=ReproSun397,
    parts=ReproSun397.PARTS,
    homepage="https://vision.princeton.edu/projects/2010/SUN/",
)
