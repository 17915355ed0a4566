"""Stanford Cars (Krause, Stark, Deng, Fei-Fei, 2013): 196 models of cars.

The images of the training and of the test set bear the same numbers, so ids keep the folder:
cars_train/00001. Classes are numbered from 1 in the files, from 0 here, in the order of
cars_meta.mat. The addresses at ai.stanford.edu at which the data set was published are dead.
"""

import io
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

import numpy as np
import scipy.io

from repro import UserError
from repro.datasets.declaration import ArchiveFile, DatasetSpec, ExpectedSplit, Part
from repro.datasets.preparing.building import ArchiveBuilder, Plan, require

_NAMES = "cars_meta.mat"
_ANNOTATIONS = {"train": "cars_train_annos.mat", "test": "cars_test_annos_withlabels.mat"}
_DEAD = "its address at ai.stanford.edu/~jkrause is dead"

_DEVKIT = Part(
    folder="devkit",
    archives=(
        ArchiveFile(
            "car_devkit.tgz",
            size=330_960,
            sha256="b97deb463af7d58b6bfaa18b2a4de9829f0f79e8ce663dfa9261bf7810e9accd",
            note=_DEAD,
        ),
    ),
)
_TEST_LABELS = Part(
    folder=None,
    archives=(
        ArchiveFile(
            _ANNOTATIONS["test"],
            size=185_758,
            sha256="790f75be8ea34eeded134cc559332baf23e30e91367e9ddca97d26ed9b895f05",
            note=f"the classes of the test images, which the devkit's cars_test_annos.mat does "
            f"not hold; {_DEAD}",
        ),
        ArchiveFile(f"devkit/{_ANNOTATIONS['test']}"),
    ),
)


def _images(folder: str, size: int, sha256: str) -> Part:
    archive = ArchiveFile(f"{folder}.tgz", size=size, sha256=sha256, note=_DEAD)
    return Part(folder=folder, archives=(archive, ArchiveFile(f"{folder}.tar")), keep_folder=True)


_TRAIN = _images(
    "cars_train", 979_269_282, "512b227b30e2f0a8aab9e09485786ab4479582073a144998da74d64b801fd288"
)
_TEST = _images(
    "cars_test", 977_350_468, "bffea656d6f425cba3c91c6d83336e4c5f86c6cffd8975b0f375d3a10da8e243"
)


class ReproCars(ArchiveBuilder):
    """Stanford Cars with its training and test set."""

    PARTS = (_DEVKIT, _TEST_LABELS, _TRAIN, _TEST)
    EXAMPLE = "cars_train/00001.jpg"

    def _is_needed(self, name: str) -> bool:
        return name == _NAMES or name in _ANNOTATIONS.values()

    def _plan(self, images: Sequence[str], files: Mapping[str, bytes], origin: str) -> Plan:
        del images
        require(files, (_NAMES, *_ANNOTATIONS.values()), origin)
        class_names = [str(name) for name in _load(files, _NAMES, "class_names", origin)]
        splits = {
            split: _labels(files, split, name, len(class_names), origin)
            for split, name in _ANNOTATIONS.items()
        }
        return Plan(class_names, splits)


def _labels(
    files: Mapping[str, bytes], split: str, name: str, num_classes: int, origin: str
) -> dict[str, int]:
    annotations = _load(files, name, "annotations", origin)
    fields = annotations.dtype.names or ()
    if "class" not in fields or "fname" not in fields:
        raise UserError(
            f"{origin}: {name} holds no classes (it has {', '.join(fields)}). The devkit's "
            "cars_test_annos.mat is such a file; the classes of the test images were published as "
            f"{_ANNOTATIONS['test']}."
        )
    labels = {}
    for file_name, number in zip(annotations["fname"], annotations["class"], strict=True):
        if not 1 <= number <= num_classes:
            raise UserError(
                f"{origin}: {name} has class {number} for {file_name}; classes are 1 to "
                f"{num_classes}."
            )
        labels[f"cars_{split}/{PurePosixPath(str(file_name)).stem}"] = int(number) - 1
    return labels


def _load(files: Mapping[str, bytes], name: str, variable: str, origin: str) -> np.ndarray:
    """Returns a variable of a MATLAB file, [n]."""
    try:
        content = scipy.io.loadmat(io.BytesIO(files[name]), squeeze_me=True)
        return np.atleast_1d(content[variable])
    except Exception as error:  # scipy raises of many kinds for a damaged file
        raise UserError(
            f"{origin}: {name} is damaged, or no MATLAB file with {variable!r} "
            f"({type(error).__name__}: {error}). Fetch it again."
        ) from error


# Digests of the published cars_train_annos.mat and of the file names in cars_test_annos.mat.
SPEC = DatasetSpec(
    name="cars",
    paper_name="Stanford Cars",
    num_classes=196,
    metric="top1",
    expected={
        "train": ExpectedSplit(
            6_509, "a503291cbdf02597e1808181e9fcd6c04e7a2993771274008626ad18f2765820"
        ),
        "validation": ExpectedSplit(
            1_635, "c7eedc71c7f75495f054f54cfad88cd945f1c32a381ad797d83ba204d29ce8ca"
        ),
        "test": ExpectedSplit(
            8_041, "7ec3eae95d075bd8ca2d513aea6d9ad00f5f6f68ab8432aed5e8bc59266ae287"
        ),
    },
    own_validation=False,
    builder=ReproCars,
    parts=ReproCars.PARTS,
    homepage="https://github.com/pytorch/vision/issues/7545",
)
