"""`--dataset=folder:PATH`: a person's own images, in a folder for each class.

Either PATH holds train/, test/ and maybe validation/ (also val/, valid/) with the class folders
below each, or PATH holds the class folders, and a fifth of each class becomes the test set: the
first by the SHA-256 of "SEED:ID", one image at the least. Labels are the sorted names of the class
folders; whatever lies deeper counts for its class. An id is the path below PATH without extension.
The images stay where they are.
"""

import functools
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from repro import UserError
from repro._files import file_name
from repro.datasets.declaration import DatasetSpec, ExpectedSplit
from repro.datasets.own.data import OwnData, metric_of
from repro.datasets.own.image_files import CheckedFiles, FileImages, check
from repro.datasets.records import Stored
from repro.datasets.splits import digest, hold_out

PREFIX = "folder:"
TEST_FRACTION = 0.2
SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp")
_SPLIT_NAMES = {
    "train": ("train",),
    "validation": ("validation", "val", "valid"),
    "test": ("test",),
}
_NAMED_AT_MOST = 10
_NAMES = "names are of printable UTF-8"
_EXAMPLE = "PATH/train/CLASS/image.jpg and PATH/test/CLASS/image.jpg, or PATH/CLASS/image.jpg"


def spec(name: str, *, seed: int = 0, metric: str | None = None) -> DatasetSpec:
    """Declares what lies in a folder.

    Args:
      name: "folder:PATH".
      seed: of the split, where the folder has none.
      metric: "top1" (default) or "mean_per_class".

    Raises:
      UserError: there is no such folder, or its class folders are not as they should be.
    """
    metric = metric_of(name, metric)
    given = name.removeprefix(PREFIX)
    root = Path(given).expanduser()
    if not given or not root.is_dir():
        raise UserError(f"--dataset={name}: {given or 'nothing'} is not a folder.")
    root = Path(os.path.abspath(root))  # noqa: PTH100 (resolve() would show what a link points to)
    folder = _Folder(root, *_splits(root, seed))
    counts = folder.counts()
    declared = DatasetSpec(
        name=f"{PREFIX}{root}",
        paper_name=None,
        num_classes=len(folder.class_names),
        metric=metric,
        expected={split: ExpectedSplit(count) for split, count in counts.items()},
        own_validation="validation" in folder.splits,
        builder=None,
        notes=folder.notes,
    )
    opened = functools.cache(functools.partial(_open, declared, folder))
    return replace(declared, opened=opened)


@dataclass(frozen=True, eq=False)
class _Folder:
    """What lies in the folder.

    Attributes:
      root: the folder.
      splits: official split -> {path below root: class name}.
      notes: sentences about what was found.
    """

    root: Path
    splits: Mapping[str, Mapping[str, str]]
    notes: tuple[str, ...]

    @functools.cached_property
    def class_names(self) -> tuple[str, ...]:
        return tuple(sorted(set(self.splits["train"].values())))

    @functools.cached_property
    def ids(self) -> Mapping[str, str]:
        return _ids([file for split in self.splits.values() for file in split])

    def labels(self, split: str) -> list[int]:
        label_of = {name: label for label, name in enumerate(self.class_names)}
        return [label_of[name] for name in self.splits[split].values()]

    def counts(self) -> dict[str, int]:
        """Returns the number of images of train, validation and test."""
        counts = {split: len(files) for split, files in self.splits.items()}
        if "validation" not in counts:
            ids = [self.ids[file] for file in self.splits["train"]]
            counts["validation"] = int(hold_out(ids, self.labels("train")).sum())
            counts["train"] -= counts["validation"]
        return counts

    def stored(self, split: str) -> Stored:
        files = self.splits[split]
        return Stored(
            ids=np.array([self.ids[file] for file in files], np.str_),
            labels=np.array(self.labels(split), np.int64),
            images=FileImages([str(self.root / file) for file in files]),
        )


def _open(
    declared: DatasetSpec,
    folder: _Folder,
    data_dir: str | os.PathLike,
    manual_dir: str | os.PathLike | None = None,
) -> OwnData:
    del manual_dir  # the images lie in the folder itself
    index_file = Path(data_dir).expanduser() / "folders" / f"{file_name(declared.name)}.json"
    checked = check(folder.root, sorted(folder.ids), index_file)
    notes = declared.notes
    if checked.changes:
        notes += (f"since the last time: {', '.join(checked.changes)} files",)
    return OwnData(
        spec=replace(declared, notes=notes),
        class_names=folder.class_names,
        splits={split: lambda split=split: folder.stored(split) for split in folder.splits},
        contents=_contents(folder, checked),
    )


def _contents(folder: _Folder, checked: CheckedFiles) -> str:
    return digest(f"{folder.ids[file]} {sha256}" for file, sha256 in checked.sha256.items())


def _splits(root: Path, seed: int) -> tuple[dict[str, dict[str, str]], tuple[str, ...]]:
    """Returns the folder's official splits, and what there is to say about them."""
    places = _split_folders(root)
    if places is None:
        tree = _read_tree(root, root)
        splits = _split_by_seed(tree, seed)
        said = [f"split by --split_seed={seed}: a fifth of each class is the test set"]
        trees = [tree]
    else:
        found = {split: _read_tree(root, folder) for split, folder in places.items()}
        trees = list(found.values())
        splits = {split: tree.class_of() for split, tree in found.items()}
        said = []
        if "test" not in splits:
            splits["test"] = splits.pop("validation")
            said.append(f"{places['validation'].name}/ is the test set, for there is no test/")
        _check_classes(root, found["train"], splits)
    classes = sorted(set(splits["train"].values()))
    if len(classes) == 1:
        raise UserError(f"{root} has one class only, {classes[0]}; there must be two or more.")
    if "validation" not in splits:
        said.append("validation is a fifth of train")
    without_test = sorted(set(classes) - set(splits["test"].values()))
    if without_test:
        said.append(f"without a test image: {_listed(without_test)}")
    ignored = sum((tree.ignored for tree in trees), Counter())
    if ignored:
        kinds = ", ".join(f"{times:,} {kind}" for kind, times in sorted(ignored.items()))
        said.append(f"ignored, for they are no images in a class folder: {kinds}")
    return splits, tuple(said)


def _split_folders(root: Path) -> dict[str, Path] | None:
    """Returns the folders of the splits; None if the folders are classes."""
    found: dict[str, Path] = {}
    for folder in _entries(root)[0]:
        for split, names in _SPLIT_NAMES.items():
            if folder.name.lower() not in names:
                continue
            if split in found:
                raise UserError(
                    f"{root} holds both {found[split].name}/ and {folder.name}/. Keep one of them."
                )
            found[split] = folder
    if "train" in found and len(found) > 1:
        return found
    # A class may be called "train"; it stands beside classes that are no splits.
    if found and len(found) == len(_entries(root)[0]):
        raise UserError(
            f"{root} holds {_listed(sorted(folder.name for folder in found.values()))} but not "
            f"both train/ and test/. What is understood: {_EXAMPLE}."
        )
    return None


@dataclass(frozen=True)
class _Tree:
    """Class folders.

    Attributes:
      classes: name -> paths of its images, sorted, below the root.
      ignored: how many other files there are of each extension.
    """

    classes: Mapping[str, Sequence[str]]
    ignored: Counter[str]

    def class_of(self) -> dict[str, str]:
        return {file: name for name, files in self.classes.items() for file in files}


def _read_tree(root: Path, folder: Path) -> _Tree:
    classes: dict[str, list[str]] = {}
    class_folders, loose = _entries(folder)
    for class_folder in class_folders:
        files = _files_below(class_folder)
        images = [file for file in files if file.suffix.lower() in SUFFIXES]
        classes[class_folder.name] = sorted(file.relative_to(root).as_posix() for file in images)
        loose += [file for file in files if file.suffix.lower() not in SUFFIXES]
    ignored = Counter(file.suffix.lower() or "without extension" for file in loose)
    if not any(classes.values()):
        raise UserError(
            f"{folder} holds no images in class folders. What is understood: {_EXAMPLE}."
        )
    empty = sorted(name for name, images in classes.items() if not images)
    if empty:
        raise UserError(
            f"{folder} has class folders without images: {_listed(empty)}. Remove or fill them. "
            f"Images are files that end with {', '.join(SUFFIXES)}."
        )
    return _Tree(classes, ignored)


def _check_classes(root: Path, train: _Tree, splits: Mapping[str, Mapping[str, str]]) -> None:
    for split, class_of in splits.items():
        unknown = sorted(set(class_of.values()) - train.classes.keys())
        if unknown:
            raise UserError(
                f"{root}: classes of {split} that have no images to train on: {_listed(unknown)}."
            )


def _split_by_seed(tree: _Tree, seed: int) -> dict[str, dict[str, str]]:
    alone = sorted(name for name, images in tree.classes.items() if len(images) < 2)
    if alone:
        raise UserError(
            f"Classes with a single image cannot be split into train and test: {_listed(alone)}."
        )
    class_of = tree.class_of()
    ids = _ids(list(class_of))
    is_test = hold_out(
        [ids[file] for file in class_of],
        np.unique(list(class_of.values()), return_inverse=True)[1],
        TEST_FRACTION,
        key=f"{seed}:",
        at_least=1,
    )
    splits: dict[str, dict[str, str]] = {"train": {}, "test": {}}
    for (file, name), test in zip(class_of.items(), is_test, strict=True):
        splits["test" if test else "train"][file] = name
    return splits


def _ids(files: Sequence[str]) -> dict[str, str]:
    """Returns the id of each file; the extension stays where two would be alike without it."""
    ids = {file: str(PurePosixPath(file).with_suffix("")) for file in files}
    while len(set(ids.values())) < len(ids):
        times = Counter(ids.values())
        ids = {file: file if times[name] > 1 else name for file, name in ids.items()}
    return ids


def _entries(folder: Path) -> tuple[list[Path], list[Path]]:
    """Returns the folders and the files in a folder, sorted; without what systems hide there."""
    try:
        with os.scandir(folder) as scan:
            kinds = {entry.name: entry.is_dir() for entry in scan}
    except OSError as error:
        raise UserError(f"{folder} cannot be read: {error.strerror or error}.") from error
    folders, files = [], []
    for name in sorted(kinds):
        if not name.isprintable():
            raise UserError(f"{folder} holds {os.fsencode(name)!r}. Rename it: {_NAMES}.")
        if not name.startswith((".", "__MACOSX")):
            (folders if kinds[name] else files).append(folder / name)
    return folders, files


def _files_below(folder: Path, seen: frozenset[Path] = frozenset()) -> list[Path]:
    """Returns the files in a folder and all folders below it; follows links, but not in circles."""
    real = folder.resolve()
    if real in seen:
        return []
    folders, files = _entries(folder)
    for below in folders:
        files += _files_below(below, seen | {real})
    return files


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED_AT_MOST:,} more" if len(names) > _NAMED_AT_MOST else ""
    return ", ".join(names[:_NAMED_AT_MOST]) + more
