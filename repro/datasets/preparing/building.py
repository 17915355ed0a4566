"""What the TFDS builders of this room share.

A builder reads its archives once, from begin to end, decodes every image on the way, and has the
whole verified before anything is written: it may be that the last image is the bad one.
"""

import hashlib
import sys
from abc import abstractmethod
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import tensorflow_datasets as tfds
from tqdm import tqdm

from repro import UserError
from repro.datasets.declaration import Part
from repro.datasets.decoding import UndecodableError, bad_images_error, made_decodable
from repro.datasets.preparing import archives, attempts
from repro.datasets.preparing.image_store import ImageStore
from repro.datasets.preparing.omissions import Omissions

_SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp")
_NAMED_AT_MOST = 3


@dataclass(frozen=True)
class Plan:
    """What a builder is about to write.

    Attributes:
      class_names: label i is class_names[i].
      splits: official split -> {id: label}.
      absent: ids that the archive lists but does not hold; they are in no split.
      left_out: {id: why} of ids in `splits` that are not to be had, as is known of this data set;
        they are not written.
    """

    class_names: Sequence[str]
    splits: Mapping[str, Mapping[str, int]]
    absent: Sequence[str] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def written(self) -> dict[str, dict[str, int]]:
        """The splits without what is left out."""
        return {
            split: {key: label for key, label in labels.items() if key not in self.left_out}
            for split, labels in self.splits.items()
        }


# Called with the plan and the name of what it was made from; raises to refuse.
Verify = Callable[[Plan, str], None]


class ImageBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """A TFDS builder of (id, image, label) that has its splits verified before it writes them."""

    VERSION = tfds.core.Version("1.0.0")

    def __init__(self, *, verify: Verify | None = None, **kwargs: Any):
        """Makes the builder.

        Args:
          verify: refuses a plan by raising; without it every plan is accepted.
          **kwargs: of the TFDS builder, such as data_dir.
        """
        super().__init__(**kwargs)
        self._verify = verify

    def download_and_prepare(self, **kwargs: Any) -> None:
        """Prepares the data set as TFDS does; first removes what killed attempts left behind."""
        with attempts.alive(Path(self.data_path).parent):
            super().download_and_prepare(**kwargs)

    def _info(self) -> tfds.core.DatasetInfo:
        features = tfds.features.FeaturesDict(
            {
                "id": tfds.features.Text(),
                "image": tfds.features.Image(shape=(None, None, 3)),
                "label": tfds.features.ClassLabel(),
            }
        )
        return tfds.core.DatasetInfo(
            builder=self, features=features, supervised_keys=("image", "label")
        )

    def _accept(self, plan: Plan, origin: str) -> None:
        """Verifies the plan and fixes the class names; call before anything is generated."""
        _check_disjoint(plan.splits, origin)
        for name, labels in plan.written.items():
            if not labels:
                raise UserError(f"{origin} holds no image of the split {name}.")
        if self._verify is not None:
            self._verify(plan, origin)
        self.info.features["label"].names = list(plan.class_names)


class ArchiveBuilder(ImageBuilder, skip_registration=True):
    """Builds from archives that a person has put into the manual folder.

    Attributes:
      PARTS: the archives; such as hold lists only come before those of the images.
      EXAMPLE: where an image is expected, for messages.
      CROP_BOTTOM: rows that training cuts off.
    """

    MANUAL_DOWNLOAD_INSTRUCTIONS = "Put the original archives, or the extracted folders, there."
    PARTS: tuple[Part, ...]
    EXAMPLE: str
    CROP_BOTTOM = 0

    @abstractmethod
    def _plan(self, images: Sequence[str], files: Mapping[str, bytes], origin: str) -> Plan:
        """Says what belongs into which split.

        Args:
          images: ids of the archives' images.
          files: name -> content of the files that `_is_needed` asked for.
          origin: the archives, for messages.

        Returns:
          The splits as published, with images that are not there; no absent ones.
        """

    def _is_image(self, name: str) -> bool:
        return PurePosixPath(name).suffix.lower() in (".jpg", ".jpeg")

    def _is_needed(self, name: str) -> bool:
        """Says whether `_plan` needs this file, such as a list of a split."""
        del name
        return False

    def _identifier(self, name: str) -> str:
        """Returns the id of an image: its name below the folder of the whole, no suffix."""
        return str(PurePosixPath(name).with_suffix(""))

    def _listed(self, files: Mapping[str, bytes]) -> Mapping[str, str | None] | None:
        """Returns {id: MD5, None if not known} of the images to read; None for every image.

        Args:
          files: the needed files read so far.
        """
        del files
        return None

    def _may_lack(self, identifier: str) -> bool:
        """Says whether it is known that this image cannot always be had."""
        del identifier
        return False

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        manual_dir = Path(dl_manager.manual_dir)
        paths = [archives.find(part, manual_dir) for part in self.PARTS]
        for part, path in zip(self.PARTS, paths, strict=True):
            if path is None:
                raise UserError(f"{manual_dir} holds none of:\n{archives.how_to_get(part)}")
        origin = ", ".join(dict.fromkeys(map(str, paths)))
        found = self._read(paths, origin)
        plan = self._account_for(found, self._plan(list(found.images), found.files, origin))
        self._accept(plan, origin)
        if plan.left_out:
            omissions = Omissions.of(plan.class_names, plan.splits, plan.left_out)
            omissions.write(Path(self.data_path))
            print(omissions.summary(), file=sys.stderr)
        return {
            split: self._generate_examples(found.images, labels)
            for split, labels in plan.written.items()
        }

    def _generate_examples(
        self, images: ImageStore, labels: Mapping[str, int]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for identifier, content in images.read(key for key in images if key in labels):
            example = {"id": identifier, "image": content, "label": labels[identifier]}
            yield identifier, example

    def _read(self, paths: Sequence[Path], origin: str) -> "_Found":
        """Reads all archives once; refuses images that do not decode, but such as may lack."""
        found = _Found(ImageStore(Path(self.data_path)))
        names: dict[str, str] = {}
        for (name, place), given, content in made_decodable(
            self._read_files(paths, found), self.CROP_BOTTOM
        ):
            identifier = self._identifier(name)
            if identifier in names:
                raise UserError(f"{origin} holds {identifier} more than once.")
            names[identifier] = name
            if isinstance(content, UndecodableError):
                found.bad.setdefault(identifier, str(content))
            elif identifier not in found.bad:
                found.images.add(identifier, content, place if content is given else None)
        bad = [(names[key], why) for key, why in found.bad.items() if not self._may_lack(key)]
        if bad:
            raise bad_images_error(bad, len(names), origin)
        if not names:
            elsewhere = f"; it holds {', '.join(found.elsewhere)}" if found.elsewhere else ""
            raise UserError(
                f"{origin} holds no image where one is expected, as in {self.EXAMPLE}{elsewhere}."
            )
        return found

    def _read_files(
        self, paths: Sequence[Path], found: "_Found"
    ) -> Iterator[tuple[tuple[str, archives.Place | None], bytes]]:
        """Yields ((name, place), content) of the images; adds the other files to `found`."""
        for path, part in zip(paths, self.PARTS, strict=True):
            listed = self._listed(found.files)

            def wanted(name: str, listed: Container[str] | None = listed) -> bool:
                if self._is_needed(name):
                    return True
                if self._is_image(name) and (listed is None or self._identifier(name) in listed):
                    return True
                is_picture = PurePosixPath(name).suffix.lower() in _SUFFIXES
                if is_picture and len(found.elsewhere) < _NAMED_AT_MOST:
                    found.elsewhere.append(name)
                return False

            bar = tqdm(
                archives.read(path, part, wanted),
                f"Reading {path.name}",
                len(listed) if listed else None,
                unit=" files",
                disable=None,
                delay=1,
            )
            for name, content, place in bar:
                if self._is_needed(name):
                    found.files[name] = content
                    continue
                md5 = listed and listed[self._identifier(name)]
                if md5 and md5 != hashlib.md5(content, usedforsecurity=False).hexdigest():
                    found.bad[self._identifier(name)] = "has another MD5 than the published"
                yield (name, place), content

    def _account_for(self, found: "_Found", plan: Plan) -> Plan:
        """Returns the plan with every image that is not there in `absent` or `left_out`."""
        lacking = {
            identifier: found.bad.get(identifier, "is missing")
            for labels in plan.splits.values()
            for identifier in labels
            if identifier not in found.images
        }
        left_out = {key: why for key, why in lacking.items() if self._may_lack(key)}
        absent = lacking.keys() - left_out.keys()
        splits = {
            split: {key: label for key, label in labels.items() if key not in absent}
            for split, labels in plan.splits.items()
        }
        return Plan(plan.class_names, splits, sorted(absent), left_out)


@dataclass(frozen=True)
class _Found:
    """What was read from the archives.

    Attributes:
      images: those that can be decoded.
      files: name -> content of the needed files.
      bad: id -> why, of images that are there and cannot be used.
      elsewhere: names of a few pictures that were not wanted.
    """

    images: ImageStore
    files: dict[str, bytes] = field(default_factory=dict)
    bad: dict[str, str] = field(default_factory=dict)
    elsewhere: list[str] = field(default_factory=list)


def lines(content: bytes) -> list[str]:
    """Returns the lines of a text file that hold something, without surrounding space."""
    text = content.decode("utf-8-sig", errors="replace")
    return [line.strip() for line in text.splitlines() if line.strip()]


def require(files: Mapping[str, bytes], names: Sequence[str], origin: str) -> None:
    """Refuses archives that lack needed files."""
    lacking = [name for name in names if name not in files]
    if lacking:
        raise UserError(f"{origin} lacks {', '.join(lacking)}.")


def _check_disjoint(splits: Mapping[str, Mapping[str, int]], origin: str) -> None:
    seen: dict[str, str] = {}
    for split, labels in splits.items():
        for identifier in labels:
            other = seen.setdefault(identifier, split)
            if other != split:
                raise UserError(f"{origin} lists {identifier} in both {other} and {split}.")
