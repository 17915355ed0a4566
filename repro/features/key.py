"""Everything that features depend on, and the name that is made of it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import metadata
from typing import Any

import keras
import tensorflow as tf

from repro import preprocessing

# Of the cache's files, and of what leads from a preprocessed picture to its features: networks,
# folding, the layer that is taken. To be raised by 1 with every change that changes a feature.
VERSION = 1

# TensorFlow decodes the pictures, resizes and computes; Keras runs the graph. No other library
# touches a number on the way (Pillow converts a person's own odd formats, by lossless rules).
_PACKAGES = ("tensorflow", "keras")


def library_versions() -> dict[str, str]:
    """Returns the versions of the libraries that compute features."""
    return {name: metadata.version(name) for name in _PACKAGES}


def device_of(strategy: tf.distribute.Strategy) -> str:
    """Returns the first device that a strategy computes on, such as "/device:GPU:0"."""
    try:
        return strategy.extended.worker_devices[0]
    except RuntimeError:  # TensorFlow's default strategy leaves it to TensorFlow
        devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        return devices[0].name


def precision_of(strategy: tf.distribute.Strategy) -> str:
    """Returns what numbers are multiplied in: Keras' policy, and a GPU's or TPU's own rounding.

    A GPU of 2020 or later multiplies float32 as TensorFloat-32 unless that is switched off, and a
    TPU as bfloat16; both change features by about a thousandth.
    """
    policy = keras.config.dtype_policy().name
    device = device_of(strategy)
    if ":TPU:" in device:
        return f"{policy}, bfloat16 products"
    if ":GPU:" in device and tf.config.experimental.tensor_float_32_execution_enabled():
        return f"{policy}, TensorFloat-32 products"
    return policy


@dataclass(frozen=True)
class FeatureKey:
    """What the features of a split depend on, in words.

    The device, the strategy and the size of the batches are not part of it: they change the order
    of sums, and features by less than 1e-5 of their size.

    Attributes:
      network: a name of `networks.NETWORKS`.
      checkpoint_sha256: of its weights.
      image_size: height and width of the network's input.
      preprocessing: its kind, "inception" or "vgg".
      dataset: a name of `--dataset`.
      split: a name of `datasets.SPLITS`.
      split_sha256: `Examples.sha256`, of the ids.
      data_sha256: `Examples.data_sha256`.
      precision: of `precision_of`.
      preprocessing_version: of the library's code.
      features_version: of the library's code.
      libraries: versions of those that compute.
    """

    network: str
    checkpoint_sha256: str
    image_size: int
    preprocessing: str
    dataset: str
    split: str
    split_sha256: str
    data_sha256: str
    precision: str
    preprocessing_version: int = preprocessing.VERSION
    features_version: int = VERSION
    libraries: Mapping[str, str] = field(default_factory=library_versions)

    def words(self) -> dict[str, Any]:
        """Returns the key as JSON has it."""
        return asdict(self) | {"libraries": dict(self.libraries)}

    @property
    def sha256(self) -> str:
        """Digest of all of it."""
        text = json.dumps(self.words(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()
