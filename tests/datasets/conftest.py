import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from repro import datasets
from repro.datasets import registry
from repro.datasets.declaration import DatasetSpec, ExpectedSplit
from tests.shared import shared_path


@pytest.fixture(scope="session")
def digits_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds the prepared digits."""
    data_dir = tmp_path_factory.mktemp("digits")
    datasets.prepare("digits", data_dir)
    return data_dir


@pytest.fixture(scope="session")
def caltech101_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds the real Caltech-101, prepared."""
    archive = shared_path("data/caltech101/101_ObjectCategories.tar")
    data_dir = tmp_path_factory.mktemp("caltech101")
    datasets.prepare("caltech101", data_dir, manual_dir=archive.parent)
    return data_dir


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Callable[..., DatasetSpec]:
    """Declares a data set anew: `declare("aircraft", expected={"train": 6, ...})`."""

    def change(name: str, expected: dict[str, int], **changes: object) -> DatasetSpec:
        splits = {split: ExpectedSplit(count) for split, count in expected.items()}
        spec = dataclasses.replace(registry.DATASETS[name], expected=splits, **changes)
        monkeypatch.setitem(registry.DATASETS, name, spec)
        return spec

    return change


@pytest.fixture
def examples_of() -> Callable[..., datasets.Examples]:
    """Makes examples from encoded images: `examples_of(images, spec="digits")`."""

    def make(images: Sequence[bytes], spec: str = "digits") -> datasets.Examples:
        return datasets.Examples(
            spec=registry.DATASETS[spec],
            split="train",
            ids=np.array([f"image_{index:04d}" for index in range(len(images))]),
            labels=np.arange(len(images), dtype=np.int64),
            images=images,
            class_names=("a", "b"),
        )

    return make


def tree_digest(folder: Path) -> str:
    """Returns a digest of all names and contents below a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(str(path.relative_to(folder)).encode())
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()
