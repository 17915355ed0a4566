"""Food-101 (Bossard, Guillaumin, Van Gool, 2014): photos of 101 dishes, 1,000 of each.

What TFDS calls its validation split is the official test set, which is the paper's.
"""

from repro.datasets.declaration import (
    DatasetSpec,
    ExpectedSplit,
    file_part,
    labelled_records,
)
from repro.datasets.preparing.tfds_builders import TfdsBuilder

SPEC = DatasetSpec(
    name="food101",
    paper_name="Food-101",
    num_classes=101,
    metric="top1",
    expected={
        # 750 of each class, of which 150 are held out.
        "train": ExpectedSplit(60_600),
        "validation": ExpectedSplit(15_150),
        "test": ExpectedSplit(25_250),
    },
    own_validation=False,
    builder=TfdsBuilder("food101:2.1.0"),  # the first version whose records have an id
    parts=(
        file_part(
            "food-101.tar.gz",
            url="http://data.vision.ee.ethz.ch/cvl/food-101.tar.gz",
            size=4_996_278_331,
            sha256="d97d15e438b7f4498f96086a4f7e2fa42a32f2712e87d3295441b2b6314053a4",
        ),
    ),
    homepage="https://data.vision.ee.ethz.ch/cvl/datasets_extra/food-101/",
    tfds_splits={"test": "validation"},
    records=labelled_records("id", lambda name: f"images/{name}"),
)
