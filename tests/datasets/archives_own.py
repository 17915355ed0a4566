"""Writes small Birdsnap, SUN397 and Stanford Cars in the layouts of the official archives."""

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import scipy.io
from PIL import Image

from tests.datasets.archives import image_bytes, write

Files = Mapping[str, bytes]

SCENES = ("/a/abbey", "/a/apse/indoor", "/w/water_tower")
SUN397 = {"train": 12, "validation": 3, "test": 6}
CAR_NAMES = ("AM General Hummer SUV 2000", "Ram C/V Cargo Van Minivan 2012", "smart fortwo 2012")
CARS = {"train": 12, "validation": 3, "test": 6}
SPECIES = ("Cooper's Hawk", "Northern Goshawk", "Blue Jay", "Wren")
BIRDSNAP = {"train": 16, "validation": 4, "test": 8}


def write_official_tar(path: Path, folder: str, files: Files) -> None:
    """Writes a tar as one may be published: folders, links, pax headers, macOS's additions."""
    path.parent.mkdir(parents=True, exist_ok=True)
    compression = "gz" if path.suffix in (".gz", ".tgz") else ""
    with tarfile.open(path, f"w:{compression}", format=tarfile.PAX_FORMAT) as archive:
        root = tarfile.TarInfo(f"./{folder}")
        root.type = tarfile.DIRTYPE
        archive.addfile(root)
        for name, content in files.items():
            _add(archive, f"./{folder}/{name}", content)
            first = f"./{folder}/{name}"
        _add(archive, f"./{folder}/._{Path(name).name}", b"what macOS leaves behind")
        _add(archive, f"./{folder}/.DS_Store", b"what macOS leaves behind")
        for kind in (tarfile.LNKTYPE, tarfile.SYMTYPE):
            link = tarfile.TarInfo(f"./{folder}/link {kind.decode()}.jpg")
            link.type, link.linkname = kind, first
            archive.addfile(link)


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    member.pax_headers = {"mtime": "1254324123.123456", "comment": "ü"}
    archive.addfile(member, io.BytesIO(content))


def odd_images(size: tuple[int, int] = (40, 30)) -> dict[str, bytes]:
    """Returns pictures as they lie under names that end in .jpg, all of `size`."""
    width, height = size
    first, second = (
        Image.open(io.BytesIO(image_bytes(seed, width, height, "PNG"))) for seed in (1, 2)
    )
    encoded = {
        "grey": _encoded(first.convert("L"), "JPEG"),
        "cmyk": _encoded(first.convert("CMYK"), "JPEG", quality=95),
        "png": _encoded(first, "PNG"),
        "palette": _encoded(first.convert("P"), "PNG", transparency=3),
        "gif": _encoded(first, "GIF"),
        "animated": _encoded(
            first, "GIF", save_all=True, append_images=[second, first], duration=100
        ),
        "bmp": _encoded(first, "BMP"),
        "tiff": _encoded(first, "TIFF"),
        "webp": _encoded(first, "WEBP", lossless=True),
        "png16": _encoded(Image.fromarray(sixteen_bits(size)), "PNG"),
        "tiff16": _encoded(Image.fromarray(sixteen_bits(size)), "TIFF"),
    }
    encoded["cmyk without mark"] = without_adobes_mark(encoded["cmyk"])
    return encoded


def sixteen_bits(size: tuple[int, int]) -> np.ndarray:
    """Returns grey values from 0 to 65,535, [height, width]."""
    return np.random.default_rng(0).integers(0, 1 << 16, size[::-1]).astype(np.uint16)


def without_adobes_mark(content: bytes) -> bytes:
    """Returns a JPEG without its segment APP14."""
    begin = content.index(b"\xff\xee")
    length = int.from_bytes(content[begin + 2 : begin + 4], "big")
    return content[:begin] + content[begin + 2 + length :]


def _encoded(image: Image.Image, file_format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def sun397_lists(scenes: Sequence[str] = SCENES) -> dict[str, bytes]:
    """Returns partitions 01 and 02 of a small SUN397: 5 training, 2 test images of each class."""
    lists = {"ClassName.txt": list(scenes)}
    for partition, shift in (("01", 0), ("02", 3)):
        for name, first, last in (("Training", 0, 5), ("Testing", 5, 7)):
            numbers = [(shift + number) % 9 for number in range(first, last)]
            lists[f"{name}_{partition}.txt"] = [
                f"{scene}/sun_{number}.jpg" for scene in scenes for number in numbers
            ]
    return {name: "".join(f"{line}\n" for line in lines).encode() for name, lines in lists.items()}


def sun397_images(scenes: Sequence[str] = SCENES) -> dict[str, bytes]:
    """Returns 9 images of each class; some are not JPEG, as in the official archive."""
    files = {
        f"{scene[1:]}/sun_{number}.jpg": image_bytes(10 * label + number, 40, 30)
        for label, scene in enumerate(scenes)
        for number in range(9)
    }
    odd = odd_images()
    for number, kind in enumerate(("png", "gif", "animated", "bmp", "cmyk", "grey", "tiff")):
        files[f"{scenes[0][1:]}/sun_{number}.jpg"] = odd[kind]
    return files | {"ClassName.txt": "\n".join(scenes).encode()}


def write_sun397(folder: Path) -> None:
    """Writes SUN397.tar.gz and Partitions.zip."""
    write_official_tar(folder / "SUN397.tar.gz", "SUN397", sun397_images())
    with zipfile.ZipFile(folder / "Partitions.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sun397_lists().items():
            archive.writestr(name, content)


def matlab_file(**variables: object) -> bytes:
    """Returns a .mat file."""
    file = io.BytesIO()
    scipy.io.savemat(file, variables)
    return file.getvalue()


def cars_annotations(classes: Sequence[int] | None, number: int) -> bytes:
    """Returns an annotation file of `number` images; without classes if these are None."""
    fields = [(f"bbox_{side}", object) for side in ("x1", "y1", "x2", "y2")]
    fields += [("class", object)] * (classes is not None) + [("fname", object)]
    annotations = np.empty((1, number), dtype=fields)
    for index in range(number):
        values = [3, 5, 20, 17]
        values += [] if classes is None else [np.uint8(classes[index])]
        annotations[0, index] = (*values, f"{index + 1:05d}.jpg")
    return matlab_file(annotations=annotations)


def cars_files(
    train_classes: Sequence[int] = (1, 2, 3) * 5, test_classes: Sequence[int] = (1, 2, 3) * 2
) -> dict[str, dict[str, bytes]]:
    """Returns {folder: files} of a small Stanford Cars; classes begin with 1."""
    names = np.empty((1, len(CAR_NAMES)), dtype=object)
    names[0] = CAR_NAMES
    numbers = {"train": len(train_classes), "test": len(test_classes)}
    images = {
        f"cars_{split}": {
            f"{index + 1:05d}.jpg": image_bytes(100 * number + index) for index in range(number)
        }
        for split, number in numbers.items()
    }
    return {
        "devkit": {
            "README.txt": b"This file describes the annotation files.\n",
            "cars_meta.mat": matlab_file(class_names=names),
            "cars_train_annos.mat": cars_annotations(train_classes, numbers["train"]),
            "cars_test_annos.mat": cars_annotations(None, numbers["test"]),
        },
        "": {"cars_test_annos_withlabels.mat": cars_annotations(test_classes, numbers["test"])},
    } | images


def write_cars(
    folder: Path, files: Mapping[str, Files] | None = None, *, extracted: bool = False
) -> None:
    """Writes the four files of Stanford Cars, or the folders extracted from them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (files or cars_files()).items():
        if not name or extracted:
            write(folder / name, name, content)
        else:
            archive = "car_devkit" if name == "devkit" else name
            write_official_tar(folder / f"{archive}.tgz", name, content)


def birdsnap_images(species: Sequence[str] = SPECIES) -> dict[str, bytes]:
    """Returns {path of images.txt: content}: 7 images of each species, not all of them JPEG."""
    odd = odd_images()
    kinds = {0: "png", 1: "gif", 2: "animated", 3: "webp"}
    files = {}
    for label, name in enumerate(species):
        folder = name.replace(" ", "_").replace("'", "")
        for index in range(7):
            suffix = ".png" if label == 1 and index == 0 else ".jpg"
            is_odd = label == 0 and index in kinds
            content = odd[kinds[index]] if is_odd else image_bytes(10 * label + index)
            files[f"{folder}/{1000 * label + index:06d}{suffix}"] = content
    return files


def birdsnap_lists(images: Files, species: Sequence[str] = SPECIES) -> dict[str, bytes]:
    """Returns the text files of Birdsnap 1.1; the last two images of each species are for test."""
    parts = ("back", "beak", "throat")
    header = ["url", "md5", "path", "species_id", "bb_x1", "bb_y1", "bb_x2", "bb_y2"]
    header += [f"{part}_{axis}" for part in parts for axis in "xy"]
    rows, test = ["\t".join(header)], ["path"]
    for index, (path, content) in enumerate(images.items()):
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        fields = [f"http://farm4.example/{index}.jpg", md5, path, str(index // 7 + 1), *"1234"]
        rows.append("\t".join(fields + ["", "null"] * len(parts)))
        if index % 7 >= 5:
            test.append(path)
    table = ["id\tcommon\tscientific\tdir"]
    table += [
        f"{index + 1}\t{name}\tAvis {index}\t{name.lower()}" for index, name in enumerate(species)
    ]
    lists = {"images.txt": rows, "species.txt": table, "test_images.txt": test}
    files = {name: "".join(f"{line}\n" for line in lines) for name, lines in lists.items()}
    files |= {"get_birdsnap.py": "print 'downloads'\n", "readme.txt": "Birdsnap Dataset v 1.1.\n"}
    return {name: text.encode() for name, text in files.items()}


def write_birdsnap(
    folder: Path, lists: Files | None = None, images: Files | None = None, *, name: str = "download"
) -> None:
    """Writes birdsnap.tgz and what its script downloads, to a folder or a tar called `name`."""
    published = birdsnap_images()
    images = published if images is None else images
    write_official_tar(folder / "birdsnap.tgz", "birdsnap", lists or birdsnap_lists(published))
    files = {f"images/{path}": content for path, content in images.items()}
    files |= {"log.txt": b"", "temp/000000.jpg": b"half a picture"}
    write(folder / name, "download", files)
