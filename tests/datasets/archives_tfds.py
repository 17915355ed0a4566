"""Writes small archives in the layouts of the official ones that TFDS's own builders read."""

import dataclasses
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from repro import datasets
from repro.datasets import registry
from repro.datasets.declaration import DatasetSpec, ExpectedSplit, Part
from tests.datasets.archives import Files, image_bytes

# Of every set: official split -> images; validation is a fifth of each class where it is held out.
COUNTS: Mapping[str, Mapping[str, int]] = {
    "food101": {"train": 8, "validation": 2, "test": 4},
    "cifar10": {"train": 40, "validation": 10, "test": 12},
    "cifar100": {"train": 24, "validation": 6, "test": 6},
    "voc2007": {"train": 3, "validation": 2, "test": 4},
    "dtd": {"train": 4, "validation": 4, "test": 4},
    "pets": {"train": 8, "validation": 2, "test": 4},
    "flowers": {"train": 3, "validation": 3, "test": 6},
}
CIFAR10_NAMES = ("plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CIFAR100_FINE = [f"fine_{index:02d}" for index in range(100)]
CIFAR100_COARSE = [f"coarse_{index:02d}" for index in range(20)]
FLOWERS = 12  # images of the small Flowers
# image -> its objects: name, whether it is difficult.
VOC_OBJECTS: Mapping[str, tuple[tuple[str, bool], ...]] = {
    "000012": (("car", False),),
    "000017": (("person", False), ("horse", False), ("person", True)),
    "000023": (("bicycle", True), ("person", False)),
    "000005": (("chair", True), ("chair", True)),
    "000007": (("car", False), ("tvmonitor", False)),
    "000001": (("dog", False), ("person", True)),
    "000002": (("train", False),),
    "000003": (("sofa", False), ("chair", True)),
    "000004": (("car", False), ("car", True)),
}
_VOC_LISTS = {
    "train": ("000012", "000017", "000023"),
    "val": ("000005", "000007"),
    "test": ("000001", "000002", "000003", "000004"),
}


def food101_files() -> Files:
    """Returns 2 classes of 5 training and 2 test images."""
    files, lists = {}, {"train": {}, "test": {}}
    for label, name in enumerate(("apple_pie", "waffles")):
        for index in range(7):
            identifier = f"{name}/{1000 * label + 17 * index}"
            split = "train" if index < 5 else "test"
            lists[split].setdefault(name, []).append(identifier)
            files[f"food-101/images/{identifier}.jpg"] = image_bytes(100 * label + index)
    for split, members in lists.items():
        files[f"food-101/meta/{split}.json"] = json.dumps(members).encode()
    files["food-101/README.txt"] = b"Food-101\n"
    return files


def cifar10_files() -> Files:
    """Returns 5 pictures of each class for training, over five files, and 12 for testing."""
    batches = {f"data_batch_{index}.bin": np.arange(10) for index in range(1, 6)}
    batches["test_batch.bin"] = np.arange(12)[::-1] % 10
    return {
        "cifar-10-batches-bin/batches.meta.txt": _lines(CIFAR10_NAMES) + b"\n",
        **{f"cifar-10-batches-bin/{name}": _pictures(of, 1) for name, of in batches.items()},
    }


def cifar100_files() -> Files:
    """Returns 5 pictures of each of 6 fine classes for training, and one of each for testing."""
    fine = np.array([0, 7, 30, 50, 98, 99])
    return {
        "cifar-100-binary/coarse_label_names.txt": _lines(CIFAR100_COARSE),
        "cifar-100-binary/fine_label_names.txt": _lines(CIFAR100_FINE),
        "cifar-100-binary/train.bin": _pictures(np.tile(fine, 5), 2),
        "cifar-100-binary/test.bin": _pictures(fine, 2),
    }


def cifar_picture(index: int, label: int) -> np.ndarray:
    """Returns the picture at a place in its file, uint8 [32, 32, 3]."""
    rng = np.random.default_rng([index, label])
    return rng.integers(0, 256, [32, 32, 3], dtype=np.uint8)


def _pictures(labels: np.ndarray, label_bytes: int) -> bytes:
    """Encodes label byte(s) and the planes of each picture; the coarse label comes first."""
    records = []
    for index, label in enumerate(map(int, labels)):
        before = bytes([label % 20]) if label_bytes == 2 else b""
        planes = cifar_picture(index, label).transpose(2, 0, 1)
        records.append(before + bytes([label]) + planes.tobytes())
    return b"".join(records)


def dtd_files() -> Files:
    """Returns 2 classes of 6 images, a third of each in every split, differently in each fold."""
    files: dict[str, bytes] = {}
    lists: dict[str, list[str]] = {}
    for label, name in enumerate(("banded", "zigzagged")):
        for index in range(6):
            file = f"{name}/{name}_{index + 2:04d}.jpg"
            files[f"dtd/images/{file}"] = image_bytes(300 + 100 * label + index)
            for fold in range(1, 11):
                split = ("train", "val", "test")[(index + fold - 1) % 3]
                lists.setdefault(f"{split}{fold}", []).append(file)
    for name, members in lists.items():
        files[f"dtd/labels/{name}.txt"] = _lines(members)
    return files


def pets_images() -> Files:
    """Returns the images: beagle_116 is a PNG with transparency, chihuahua_121 a GIF."""
    files = {
        f"images/{name}.jpg": image_bytes(500 + index)
        for index, name in enumerate([*_PETS["trainval"], *_PETS["test"]])
    }
    files["images/beagle_116.jpg"] = image_bytes(1, 240, 180, "PNG", "RGBA")
    files["images/beagle_117.jpg"] = image_bytes(2, file_format="PNG")
    files["images/Abyssinian_100.mat"] = b"stray"
    return files


_PETS = {
    "trainval": [f"Abyssinian_{index}" for index in range(100, 105)]
    + [f"beagle_{index}" for index in range(113, 118)],
    "test": ["Abyssinian_1", "Abyssinian_2", "beagle_1", "beagle_2"],
}
_PET_LABELS = {"Abyssinian": "1 1 1", "beagle": "5 2 4"}


def pets_annotations() -> Files:
    """Returns the lists, the segmentations and, for the training set, the boxes."""
    files = {}
    for split, names in _PETS.items():
        files[f"annotations/{split}.txt"] = _lines(
            f"{name} {_PET_LABELS[name.split('_')[0]]}" for name in names
        )
        for name in names:
            trimap = image_bytes(3, file_format="PNG", mode="L")
            files[f"annotations/trimaps/{name}.png"] = trimap
            files[f"annotations/trimaps/._{name}.png"] = b"what macOS leaves behind"
            if split == "trainval":
                files[f"annotations/xmls/{name}.xml"] = _xml(name, [(name, False)])
    return files


def flowers_images() -> Files:
    """Returns the images, numbered from 1."""
    return {
        f"jpg/image_{index:05d}.jpg": image_bytes(700 + index) for index in range(1, FLOWERS + 1)
    }


def flower_labels() -> np.ndarray:
    """Returns the class, from 1, of each image [12]: 77, 1, 102, 77, ..."""
    return np.array([(77, 1, 102)[index % 3] for index in range(FLOWERS)], np.uint8)


def flower_splits() -> dict[str, np.ndarray]:
    """Returns the images, from 1, of each split."""
    return {
        "trnid": np.array([4, 2, 3], np.uint16),
        "valid": np.array([1, 5, 12], np.uint16),
        "tstid": np.array([6, 7, 8, 9, 10, 11], np.uint16),
    }


def voc2007_files(*lists: str) -> Files:
    """Returns the images, annotations and lists of some of train, val and test."""
    root = "VOCdevkit/VOC2007"
    files = {}
    for name in lists:
        members = _VOC_LISTS[name]
        files[f"{root}/ImageSets/Main/{name}.txt"] = _lines(members)
        for member in members:
            files[f"{root}/JPEGImages/{member}.jpg"] = image_bytes(int(member))
            files[f"{root}/Annotations/{member}.xml"] = _xml(member, VOC_OBJECTS[member])
    return files


def voc2007_stand_ins(**lists: list[str]) -> Files:
    """Returns the files of longer lists of images, with one picture and one object for all."""
    root = "VOCdevkit/VOC2007"
    picture = image_bytes(0)
    files = {}
    for name, members in lists.items():
        files[f"{root}/ImageSets/Main/{name}.txt"] = _lines(members)
        for member in members:
            files[f"{root}/JPEGImages/{member}.jpg"] = picture
            files[f"{root}/Annotations/{member}.xml"] = _xml(member, (("cat", False),))
    return files


def _xml(name: str, objects: tuple[tuple[str, bool], ...]) -> bytes:
    box = "<xmin>3</xmin><ymin>2</ymin><xmax>20</xmax><ymax>15</ymax>"
    described = "".join(
        f"<object><name>{kind}</name><pose>Left</pose><truncated>0</truncated>"
        f"<difficult>{difficult:d}</difficult><bndbox>{box}</bndbox></object>"
        for kind, difficult in objects
    )
    size = "<size><width>24</width><height>18</height><depth>3</depth></size>"
    return (f"<annotation><filename>{name}.jpg</filename>{size}{described}</annotation>").encode()


def _lines(lines) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def write_tar(path: Path, files: Files, compression: str = "gz") -> None:
    """Writes a tar, compressed ("gz") or not (""), whatever its name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, f"w:{compression}") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def write_official(name: str, folder: Path) -> None:
    """Writes all files of a data set into a folder, under their official names."""
    if name == "food101":
        write_tar(folder / "food-101.tar.gz", food101_files())
    elif name == "cifar10":
        write_tar(folder / "cifar-10-binary.tar.gz", cifar10_files())
    elif name == "cifar100":
        write_tar(folder / "cifar-100-binary.tar.gz", cifar100_files())
    elif name == "dtd":
        write_tar(folder / "dtd-r1.0.1.tar.gz", dtd_files(), compression="")
    elif name == "pets":
        write_tar(folder / "images.tar.gz", pets_images(), compression="")
        write_tar(folder / "annotations.tar.gz", pets_annotations(), compression="")
    elif name == "flowers":
        write_tar(folder / "102flowers.tgz", flowers_images())
        scipy.io.savemat(folder / "imagelabels.mat", {"labels": flower_labels()[None]})
        splits = {split: members[None] for split, members in flower_splits().items()}
        scipy.io.savemat(folder / "setid.mat", splits)
    elif name == "voc2007":
        write_tar(folder / "VOCtrainval_06-Nov-2007.tar", voc2007_files("train", "val"), "")
        write_tar(folder / "VOCtest_06-Nov-2007.tar", voc2007_files("test"), "")


def parts_of(name: str, folder: Path, base_url: str | None = None) -> tuple[Part, ...]:
    """Returns the parts of a data set with the sizes and digests of the files in a folder.

    Args:
      name: of the data set.
      folder: holds the files.
      base_url: where the files can be downloaded; by default the official address.
    """
    parts = []
    for part in registry.DATASETS[name].parts:
        [archive] = part.archives
        content = (folder / archive.name).read_bytes()
        changed = dataclasses.replace(
            archive,
            url=archive.url if base_url is None else base_url + archive.name,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )
        parts.append(dataclasses.replace(part, archives=(changed,)))
    return tuple(parts)


@contextmanager
def declared(name: str, folder: Path, **changes: object) -> Iterator[DatasetSpec]:
    """Declares the small data set in a folder to be the complete one, for the time of a block."""
    expected = {split: ExpectedSplit(count) for split, count in COUNTS[name].items()}
    changes = {"expected": expected, "parts": parts_of(name, folder), **changes}
    with pytest.MonkeyPatch.context() as patch:
        spec = dataclasses.replace(registry.DATASETS[name], **changes)
        patch.setitem(registry.DATASETS, name, spec)
        yield spec


@contextmanager
def prepared(name: str, folder: Path) -> Iterator[Path]:
    """Writes a small data set, declares it complete and prepares it; yields the data folder."""
    write_official(name, folder / "manual")
    with declared(name, folder / "manual"):
        datasets.prepare(name, folder / "data", folder / "manual")
        yield folder / "data"
