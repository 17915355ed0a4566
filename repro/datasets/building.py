"""What the TFDS builders of this room share.

A builder first reads its archive through, to learn the names and to decode every image, so that
nothing is written if anything is wrong; then once for each split, to write it.
"""

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import tensorflow_datasets as tfds
from tqdm import tqdm

from repro import UserError
from repro.datasets import archives
from repro.datasets.declaration import Part
from repro.datasets.decoding import bad_images_error, find_undecodable


@dataclass(frozen=True)
class Plan:
    """What a builder is about to write.

    Attributes:
      class_names: label i is class_names[i].
      splits: official split -> {id: label}.
      absent: ids that the archive lists but does not hold; they are in no split.
    """

    class_names: Sequence[str]
    splits: Mapping[str, Mapping[str, int]]
    absent: Sequence[str] = ()


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
        for name, labels in plan.splits.items():
            if not labels:
                raise UserError(f"{origin} holds no image of the split {name}.")
        if self._verify is not None:
            self._verify(plan, origin)
        self.info.features["label"].names = list(plan.class_names)


class ArchiveBuilder(ImageBuilder, skip_registration=True):
    """Builds from archives that a person has put into the manual folder."""

    MANUAL_DOWNLOAD_INSTRUCTIONS = "Put the original archives, or the extracted folders, there."
    PARTS: tuple[Part, ...]
    CROP_BOTTOM = 0

    @abstractmethod
    def _plan(self, images: Sequence[str], files: Mapping[str, bytes], origin: str) -> Plan:
        """Says what belongs into which split.

        Args:
          images: ids of the archives' images: path below the folder of the whole, no extension.
          files: name -> content of the files that `_is_needed` asked for.
          origin: the archives, for messages.
        """

    def _is_image(self, name: str) -> bool:
        return PurePosixPath(name).suffix.lower() == ".jpg"

    def _is_needed(self, name: str) -> bool:
        """Says whether `_plan` needs this file, such as a list of a split."""
        del name
        return False

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        manual_dir = Path(dl_manager.manual_dir)
        paths = [archives.find(part, manual_dir) for part in self.PARTS]
        for part, path in zip(self.PARTS, paths, strict=True):
            if path is None:
                raise UserError(f"{manual_dir} holds none of:\n{archives.how_to_get(part)}")
        origin = ", ".join(map(str, paths))
        images, files = self._read_through(paths, origin)
        plan = self._plan(images, files, origin)
        self._accept(plan, origin)
        return {name: self._generate_examples(paths, split) for name, split in plan.splits.items()}

    def _generate_examples(
        self, paths: Sequence[Path], labels: Mapping[str, int]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        def wanted(name: str) -> bool:
            return self._is_image(name) and _identifier(name) in labels

        for name, content in self._read(paths, wanted):
            identifier = _identifier(name)
            yield (
                identifier,
                {"id": identifier, "image": content, "label": labels[identifier]},
            )

    def _read(self, paths: Sequence[Path], wanted: archives.Wanted) -> Iterator[tuple[str, bytes]]:
        for path, part in zip(paths, self.PARTS, strict=True):
            yield from archives.read(path, part, wanted)

    def _read_through(
        self, paths: Sequence[Path], origin: str
    ) -> tuple[list[str], dict[str, bytes]]:
        """Returns ids of all images and the needed files; refuses images that do not decode."""
        names: list[str] = []
        files: dict[str, bytes] = {}

        def images() -> Iterator[tuple[str, bytes]]:
            def wanted(name: str) -> bool:
                return self._is_image(name) or self._is_needed(name)

            contents = self._read(paths, wanted)
            for name, content in tqdm(contents, "Checking", unit=" files", disable=None):
                if self._is_image(name):
                    names.append(name)
                    yield name, content
                else:
                    files[name] = content

        bad = find_undecodable(images(), self.CROP_BOTTOM)
        if bad:
            raise bad_images_error(bad, len(names), origin)
        if not names:
            raise UserError(f"{origin} holds no image.")
        identifiers = [_identifier(name) for name in names]
        repeated = [name for name, times in Counter(identifiers).items() if times > 1]
        if repeated:
            raise UserError(f"{origin} holds {repeated[0]} more than once.")
        return identifiers, files


def _identifier(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(""))


def _check_disjoint(splits: Mapping[str, Mapping[str, int]], origin: str) -> None:
    seen: dict[str, str] = {}
    for split, labels in splits.items():
        for identifier in labels:
            other = seen.setdefault(identifier, split)
            if other != split:
                raise UserError(f"{origin} lists {identifier} in both {other} and {split}.")
