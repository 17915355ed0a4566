"""Real photos through the real ImageNet checkpoints: what the original code gave for them."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from repro import checkpoints, networks, preprocessing
from tests.networks.goldens import relative_l2
from tests.shared import shared_path

CHECKPOINTS = {224: "mobilenet_v1_0.25_224", 128: "mobilenet_v1_0.25_128"}  # V2 format, V1 format


@pytest.fixture(scope="module")
def expected() -> dict[str, np.ndarray]:
    return dict(np.load(shared_path("golden/mobilenet_v1_0.25_imagenet_samples.npz")))


@pytest.mark.parametrize("size", CHECKPOINTS)
def test_logits_and_features_of_fifty_photos_are_the_originals(size, expected):
    model = networks.create("mobilenet_v1_0.25", 1001, (size, size, 3))
    report = checkpoints.restore(model, shared_path(f"checkpoints/{CHECKPOINTS[size]}"))
    assert len(report.restored) == 137
    photos = _preprocessed(shared_path("data/imagenet_samples"), expected["names"], size)
    both = keras.Model(model.inputs[0], [model.graph.logits, model.graph.features])
    logits, features = (np.asarray(output) for output in both(photos, training=False))

    name = CHECKPOINTS[size]
    assert relative_l2(logits, expected[f"{name}/logits"]) < 1e-4
    assert relative_l2(features, expected[f"{name}/features"]) < 1e-4
    np.testing.assert_array_equal(logits.argmax(1), expected[f"{name}/logits"].argmax(1))


def _preprocessed(folder: Path, names: np.ndarray, size: int) -> tf.Tensor:
    images = []
    for name in names:
        path = folder / str(name)
        if not path.exists():
            (path,) = folder.glob(f"{name}*")
        image = tf.io.decode_jpeg(path.read_bytes(), channels=3)
        images.append(preprocessing.inception.preprocess_for_eval(image, size, size))
    return tf.stack(images)
