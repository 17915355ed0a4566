"""Writes small archives in the layouts of the official ones."""

import io
import tarfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

BANNER_HEIGHT = 20
AIRCRAFT_FOLDER = "fgvc-aircraft-2013b"
CALTECH_FOLDER = "101_ObjectCategories"
# variants.txt is not sorted, and names hold spaces and slashes.
VARIANTS = ("Hawk T1", "F/A-18", "707-320")

Files = Mapping[str, bytes]


def image_bytes(
    seed: int, width: int = 24, height: int = 18, file_format: str = "JPEG", mode: str = "RGB"
) -> bytes:
    """Encodes a picture of its own: a smooth one, so that its size is that of a photo's JPEG."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, [5, 7, 3], dtype=np.uint8)
    image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC).convert(mode)
    file = io.BytesIO()
    image.save(file, file_format)
    return file.getvalue()


def photo_with_banner(seed: int, width: int = 403, height: int = 307) -> bytes:
    """Encodes a JPEG whose last 20 rows are a white strip with dark marks."""
    content = Image.open(io.BytesIO(image_bytes(seed, width, height)))
    pixels = np.array(content)
    pixels[-BANNER_HEIGHT:] = 255
    pixels[-BANNER_HEIGHT + 6 : -6, 10 : width // 2 : 3] = 20
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90)
    return file.getvalue()


def aircraft_files(classes: Sequence[str] = VARIANTS, images_per_class: int = 6) -> Files:
    """Returns the files of a small FGVC Aircraft: a third of each class is in each split."""
    lists: dict[str, list[str]] = {}
    boxes = []
    files = {}
    number = 34309
    for class_name in classes:
        manufacturer = f"Maker of {class_name}"
        family = f"Family of {class_name}"
        for index in range(images_per_class):
            identifier = f"{number:07d}"
            number += 7919
            files[f"data/images/{identifier}.jpg"] = photo_with_banner(number)
            boxes.append(f"{identifier} 3 5 400 280")
            split = ("train", "val", "test")[index % 3]
            for part in (split, "trainval") if split != "test" else (split,):
                lists.setdefault(f"images_{part}", []).append(identifier)
                for level, value in (
                    ("variant", class_name),
                    ("family", family),
                    ("manufacturer", manufacturer),
                ):
                    lists.setdefault(f"images_{level}_{part}", []).append(f"{identifier} {value}")
    lists["variants"] = list(classes)
    lists["families"] = [f"Family of {name}" for name in classes]
    lists["manufacturers"] = [f"Maker of {name}" for name in classes]
    lists["images_box"] = boxes
    for name, lines in lists.items():
        files[f"data/{name}.txt"] = "".join(f"{line}\n" for line in lines).encode()
    files["README"] = b"FGVC-Aircraft Benchmark\n"
    return files


def write_aircraft_archive(
    path: Path, classes: Sequence[str] = VARIANTS, images_per_class: int = 6
) -> None:
    """Writes a small FGVC Aircraft as .tar.gz, .tar or, without a suffix, as a folder."""
    write(path, AIRCRAFT_FOLDER, aircraft_files(classes, images_per_class))


def caltech_files(
    classes: Iterable[str] = ("BACKGROUND_Google", "Faces", "accordion"), images_per_class: int = 33
) -> Files:
    """Returns the files of a small Caltech-101, with the stray file and macOS's of the real one."""
    files = {
        f"{name}/image_{index:04d}.jpg": image_bytes(1000 * label + index)
        for label, name in enumerate(classes)
        for index in range(1, images_per_class + 1)
    }
    files["BACKGROUND_Google/tmp"] = b"stray"
    files["Faces/._image_0001.jpg"] = b"what macOS leaves behind"
    return files


def write(path: Path, folder: str, files: Files) -> None:
    """Writes files in the order given, below `folder`: .tar, .tar.gz, .zip or extracted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.name.endswith((".tar", ".tar.gz")):
        path.write_bytes(_tar(folder, files, "gz" if path.suffix == ".gz" else ""))
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                archive.writestr(f"{folder}/{name}", content)
    else:
        for name, content in files.items():
            target = path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def write_nested_caltech_zip(path: Path, files: Files) -> None:
    """Writes the layout of caltech-101.zip: a tar.gz inside, and macOS's shadow of it."""
    inner = f"{CALTECH_FOLDER}.tar.gz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("caltech-101/Annotations.tar", b"")
        archive.writestr(f"caltech-101/{inner}", _tar(CALTECH_FOLDER, files, "gz"))
        archive.writestr(f"__MACOSX/caltech-101/._{inner}", b"what macOS leaves behind")


def _tar(folder: str, files: Files, compression: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{compression}") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
