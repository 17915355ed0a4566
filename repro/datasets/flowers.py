"""Oxford 102 Flowers (Nilsback, Zisserman, 2008): 102 flowers of the United Kingdom.

The training and validation sets have ten images of every class; the test set, which is the
largest, has all others.
"""

from repro.datasets.declaration import (
    DatasetSpec,
    ExpectedSplit,
    file_part,
    labelled_records,
)
from repro.datasets.preparing.tfds_builders import TfdsBuilder

_BASE = "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/"


SPEC = DatasetSpec(
    name="flowers",
    paper_name="Oxford 102 Flowers",
    num_classes=102,
    metric="mean_per_class",
    # Digests of trnid, valid and tstid of the official setid.mat.
    expected={
        "train": ExpectedSplit(
            1_020, "4b8d5530f96bc9ea0a06c19f7cf7e374ab01ce0f0e3b45339a9c41cc3b4fe7d6"
        ),
        "validation": ExpectedSplit(
            1_020, "46af301f16c6b1bfd9700217e5f85974ad2f0acca2e4a8ce8dde07d7069791db"
        ),
        "test": ExpectedSplit(
            6_149, "818d379dd7229f2a760de59d2c64d6c5d9df7620e07a4c1ef879cd0c682f3a12"
        ),
    },
    own_validation=True,
    builder=TfdsBuilder("oxford_flowers102:2.1.1"),
    parts=(
        file_part(
            "102flowers.tgz",
            url=f"{_BASE}102flowers.tgz",
            size=344_862_509,
            sha256="2d01ecc807db462958cfe3d92f57a8c252b4abd240eb955770201e45f783b246",
        ),
        file_part(
            "imagelabels.mat",
            url=f"{_BASE}imagelabels.mat",
            size=502,
            sha256="4903e94206bac23bf772aadf06451916df56b58fc483a62db32a97b82656651d",
        ),
        file_part(
            "setid.mat",
            url=f"{_BASE}setid.mat",
            size=14_989,
            sha256="46b8678f91fd95d3c8f4feab80d271a6c834a1dd896fe29fd3e6ad9ce5c8dccd",
        ),
    ),
    homepage=_BASE,
    records=labelled_records("file_name", lambda name: name.removesuffix(".jpg")),
)
