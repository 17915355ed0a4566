"""Which features of a TFDS data set are the image, the label and the id."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from repro import UserError

ID_FEATURES = ("id", "image_id", "image/id", "file_name", "filename", "image/filename")


@dataclass(frozen=True, eq=False)
class Fields:
    """Which of the record's features are read.

    Attributes:
      image: an image.
      label: a ClassLabel.
      identifier: of strings or integers; None if there is none.
    """

    image: str
    label: str
    identifier: str | None


def choose_fields(name: str, info: tfds.core.DatasetInfo) -> Fields:
    """Chooses the features to read.

    Args:
      name: of the data set, for messages.
      info: of the data set.

    Raises:
      UserError: the data set is none of images with one label each.
    """
    if not isinstance(info.features, tfds.features.FeaturesDict):
        raise UserError(f"--dataset={name} has records of {info.features}, not a label.")
    features = dict(info.features.items())
    image, label = "image", "label"
    keys = info.supervised_keys
    if not {image, label} <= features.keys() and keys and len(keys) == 2:
        image, label = keys
    has = f"It has {', '.join(sorted(features))}."
    for wanted, kind in ((image, tfds.features.Image), (label, tfds.features.ClassLabel)):
        found = features.get(wanted) if isinstance(wanted, str) else None
        if isinstance(found, kind):
            continue
        what = _what_it_is(features, found)
        raise UserError(
            f"--dataset={name} cannot be used for classification: it needs the feature {wanted!r} "
            f"to be one {kind.__name__}{what}. {has}"
        )
    if features[image].np_dtype != np.uint8:
        raise UserError(
            f"--dataset={name} has images of {np.dtype(features[image].np_dtype)}; only 8 bits "
            "a channel are supported."
        )
    identifier = next((key for key in ID_FEATURES if _is_text_or_integer(features.get(key))), None)
    return Fields(image, label, identifier)


def _what_it_is(features: Mapping[str, object], found: object) -> str:
    if isinstance(found, tfds.features.Sequence) or "labels" in features:
        return ", but an image has several labels"
    if any(isinstance(feature, tfds.features.Sequence) for feature in features.values()):
        return ", but it is a set of objects in images (detection)"
    return f", not {type(found).__name__}" if found is not None else ""


def _is_text_or_integer(feature: object) -> bool:
    if isinstance(feature, tfds.features.Text):
        return True
    return (
        isinstance(feature, tfds.features.Scalar | tfds.features.Tensor)
        and feature.shape == ()
        and (feature.np_dtype == np.int64 or feature.tf_dtype == tf.string)
    )
