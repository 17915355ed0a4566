from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from repro import datasets
from repro.datasets import rendered
from repro.datasets.rendering import CLASS_NAMES, draw
from repro.datasets.splits import digest

FEW = {"train": range(2), "validation": range(100, 101), "test": range(110, 111)}


@pytest.fixture
def rendered_dir(tmp_path, monkeypatch, declare) -> Path:
    """Holds four instances of every class, prepared: all would take a minute."""
    monkeypatch.setattr(rendered, "INSTANCES", FEW)
    declare("rendered", {split: 200 * len(instances) for split, instances in FEW.items()})
    datasets.prepare("rendered", tmp_path)
    return tmp_path


def test_rendered_is_prepared_without_an_archive(rendered_dir):
    for split, count in {"train": 400, "validation": 200, "test": 200}.items():
        examples = datasets.load("rendered", split, rendered_dir)
        assert len(examples) == len(examples.images) == count
        assert examples.class_names == CLASS_NAMES
        assert np.all(np.bincount(examples.labels) == len(FEW[split]))


def test_a_record_holds_the_drawing_that_its_id_names(rendered_dir):
    examples = datasets.load("rendered", "test", rendered_dir)
    for row in (0, 77, 199):
        name, instance = examples.ids[row].split("/")
        assert CLASS_NAMES.index(name) == examples.labels[row]
        picture = tf.io.decode_jpeg(examples.images[row], channels=3).numpy()
        drawing = draw(examples.labels[row], int(instance))
        assert np.abs(picture.astype(float) - drawing).mean() < 12


def test_the_declared_splits_are_those_of_all_instances():
    for split, expected in datasets.spec("rendered").expected.items():
        ids = [f"{name}/{i:04d}" for name in CLASS_NAMES for i in rendered.INSTANCES[split]]
        assert (len(ids), digest(ids)) == (expected.count, expected.sha256)
