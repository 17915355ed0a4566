"""Birdsnap 1.1 (Berg, Liu, Lee, Alexander, Jacobs, Belhumeur, 2014): 500 species of birds.

It is published as a list of addresses, with a script that downloads what is still there. Table 1 is
the whole list: 49,829 images, 2,443 of them for testing. Today thousands cannot be had, so images
that are missing, have another MD5 than the published or cannot be decoded are left out, and
`left_out.json` beside the prepared data says which; a classifier has 500 classes all the same. Only
the lists must be complete. The fifth that is held out for validation is that of the images at hand.

Labels are positions in species.txt. The files' names do not tell what they are: PNG and GIF files
are among those called .jpg.
"""

import csv
from collections.abc import Mapping, Sequence

from repro import UserError
from repro.datasets.declaration import ArchiveFile, DatasetSpec, ExpectedSplit, Part
from repro.datasets.preparing.building import ArchiveBuilder, Plan, require

_SPECIES, _IMAGES, _TEST_IMAGES = "species.txt", "images.txt", "test_images.txt"
_FIELDS = {
    _SPECIES: ("id", "common"),
    _IMAGES: ("md5", "path", "species_id"),
    _TEST_IMAGES: ("path",),
}
_FOLDER = "images/"  # below `download`, where get_birdsnap.py writes

_LISTS = Part(
    folder="birdsnap",
    archives=(
        ArchiveFile(
            "birdsnap.tgz",
            url="http://thomasberg.org/datasets/birdsnap/1.1/birdsnap.tgz",
            note="MD5 1788158175f6ae794aebf27bcd7a3f5d; lists only, and the get_birdsnap.py that "
            "downloads the images",
        ),
    ),
)
_PICTURES = Part(
    folder="download",
    archives=(
        ArchiveFile("birdsnap/download", note="the folder that get_birdsnap.py writes to"),
        ArchiveFile("download.tar", note="or .tar.gz or .tgz: that folder, packed"),
        ArchiveFile("download.tar.gz"),
        ArchiveFile("download.tgz"),
    ),
)


class ReproBirdsnap(ArchiveBuilder):
    """Birdsnap without the images that cannot be had."""

    PARTS = (_LISTS, _PICTURES)
    EXAMPLE = "download/images/Acadian_Flycatcher/534067.jpg"

    def _is_image(self, name: str) -> bool:
        return name.startswith(_FOLDER)

    def _is_needed(self, name: str) -> bool:
        return name in _FIELDS

    def _identifier(self, name: str) -> str:
        return super()._identifier(name.removeprefix(_FOLDER))

    def _may_lack(self, identifier: str) -> bool:
        del identifier
        return True

    def _listed(self, files: Mapping[str, bytes]) -> Mapping[str, str | None]:
        if _IMAGES not in files:
            return {}
        return {
            self._identifier(row["path"]): row["md5"].lower() or None
            for row in _rows(files, _IMAGES, self.name)
        }

    def _plan(self, images: Sequence[str], files: Mapping[str, bytes], origin: str) -> Plan:
        del images
        require(files, tuple(_FIELDS), origin)
        species = _rows(files, _SPECIES, origin)
        label_of = {row["id"]: label for label, row in enumerate(species)}
        labels: dict[str, int] = {}
        for row in _rows(files, _IMAGES, origin):
            if row["species_id"] not in label_of:
                raise UserError(
                    f"{origin}: {_IMAGES} has species_id {row['species_id']!r} for {row['path']}, "
                    f"which is not in {_SPECIES}."
                )
            labels[self._identifier(row["path"])] = label_of[row["species_id"]]
        test = {}
        for row in _rows(files, _TEST_IMAGES, origin):
            identifier = self._identifier(row["path"])
            if identifier not in labels:
                raise UserError(
                    f"{origin}: {_TEST_IMAGES} has {row['path']}, which is not in {_IMAGES}."
                )
            test[identifier] = labels[identifier]
        train = {key: label for key, label in labels.items() if key not in test}
        return Plan([row["common"] for row in species], {"train": train, "test": test})


def _rows(files: Mapping[str, bytes], name: str, origin: str) -> list[dict[str, str]]:
    """Returns the rows of a table with tabs between its fields, whose first line names them."""
    text = files[name].decode("utf-8-sig", errors="replace")
    reader = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE, restval="")
    lacking = [field for field in _FIELDS[name] if field not in (reader.fieldnames or ())]
    if lacking:
        raise UserError(
            f"{origin}: the first line of {name} names no field {', '.join(lacking)}; it is "
            f"{text.partition(chr(10))[0][:100]!r}."
        )
    return [{key: row[key].strip() for key in _FIELDS[name]} for row in reader]


# Digests of the published list of paths and of test_images.txt, labelled by the paths' folders.
SPEC = DatasetSpec(
    name="birdsnap",
    paper_name="Birdsnap",
    num_classes=500,
    metric="top1",
    expected={
        "train": ExpectedSplit(
            37_909, "c323c8c6b37f4cc60721ae39f29673c6d07c42cdc0fc96589b33358cb502dfaa"
        ),
        "validation": ExpectedSplit(
            9_477, "427ce5577c1126436f64c30cfbb35b290b755346af87bbdefa66380d8732c9cc"
        ),
        "test": ExpectedSplit(
            2_443, "cdce4ea877eb3a603ce8774af612358e0bebe0faf22e88c862ca0b35cc5919b6"
        ),
    },
    own_validation=False,
    builder=ReproBirdsnap,
    parts=ReproBirdsnap.PARTS,
    homepage="http://thomasberg.org/",
)
