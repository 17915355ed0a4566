"""CIFAR-10 and CIFAR-100 (Krizhevsky, 2009): 60,000 pictures of 32x32 pixels.

The archives hold no file names: an id is `train/` or `test/` and the picture's place in it. The
labels of CIFAR-100 are its 100 fine ones.
"""

from repro.datasets.declaration import (
    DatasetSpec,
    ExpectedSplit,
    file_part,
    labelled_records,
)
from repro.datasets.preparing.tfds_builders import TfdsBuilder

_EXPECTED = {
    # Every class has as many pictures as any other, and a fifth of them is held out.
    "train": ExpectedSplit(40_000),
    "validation": ExpectedSplit(10_000),
    # Of test/00000 ... test/09999.
    "test": ExpectedSplit(
        10_000, "521935edb9fd53591da90aa500f21ea2e1f85cc1bd9fb4d10cfda5ee822437ac"
    ),
}
_RECORDS = labelled_records("id", lambda name: name.replace("_", "/"))
_HOMEPAGE = "https://www.cs.toronto.edu/~kriz/cifar.html"

CIFAR10 = DatasetSpec(
    name="cifar10",
    paper_name="CIFAR-10",
    num_classes=10,
    metric="top1",
    expected=_EXPECTED,
    own_validation=False,
    builder=TfdsBuilder("cifar10:3.0.2"),
    parts=(
        file_part(
            "cifar-10-binary.tar.gz",
            url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
            size=170_052_171,
            sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        ),
    ),
    homepage=_HOMEPAGE,
    records=_RECORDS,
)

CIFAR100 = DatasetSpec(
    name="cifar100",
    paper_name="CIFAR-100",
    num_classes=100,  # Table 1 prints 10
    metric="top1",
    expected=_EXPECTED,
    own_validation=False,
    builder=TfdsBuilder("cifar100:3.0.2"),
    parts=(
        file_part(
            "cifar-100-binary.tar.gz",
            url="https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
            size=168_513_733,
            sha256="58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
        ),
    ),
    homepage=_HOMEPAGE,
    records=_RECORDS,
)
