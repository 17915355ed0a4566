"""Describable Textures (Cimpoi, Maji, Kokkinos, Mohamed, Vedaldi, 2014): 47 kinds of texture.

The first of the ten official partitions, as everybody takes who reports one number; the paper does
not say which.
"""

from repro.datasets.declaration import (
    DatasetSpec,
    ExpectedSplit,
    file_part,
    labelled_records,
)
from repro.datasets.preparing.tfds_builders import TfdsBuilder

SPEC = DatasetSpec(
    name="dtd",
    paper_name="Describable Textures (DTD)",
    num_classes=47,
    metric="top1",
    expected={
        "train": ExpectedSplit(1_880),
        "validation": ExpectedSplit(1_880),
        "test": ExpectedSplit(1_880),
    },
    own_validation=True,
    builder=TfdsBuilder("dtd:3.0.1"),
    parts=(
        file_part(
            "dtd-r1.0.1.tar.gz",
            url="https://www.robots.ox.ac.uk/~vgg/data/dtd/download/dtd-r1.0.1.tar.gz",
            size=625_239_812,
            sha256="e42855a52a4950a3b59612834602aa253914755c95b0cff9ead6d07395f8e205",
        ),
    ),
    homepage="https://www.robots.ox.ac.uk/~vgg/data/dtd/",
    records=labelled_records("file_name", lambda name: f"images/{name.removesuffix('.jpg')}"),
)
