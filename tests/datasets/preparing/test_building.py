"""TFDS's own test case, on each builder and the archives that the suite writes for it."""

import tempfile
from pathlib import Path
from typing import ClassVar

import pytest
import tensorflow_datasets as tfds

from repro.datasets.aircraft import ReproAircraft
from repro.datasets.birdsnap import ReproBirdsnap
from repro.datasets.caltech101 import ReproCaltech101
from repro.datasets.cars import ReproCars
from repro.datasets.sun397 import ReproSun397
from tests.datasets import archives, archives_own

pytest.importorskip("dill", reason="tfds.testing.DatasetBuilderTestCase needs dill")


class _Case(tfds.testing.DatasetBuilderTestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.EXAMPLE_DIR = folder.name
        cls.write(Path(folder.name))
        super().setUpClass()


class AircraftTest(_Case):
    DATASET_CLASS = ReproAircraft
    SPLITS: ClassVar = {"train": 6, "validation": 6, "test": 6}

    @staticmethod
    def write(folder: Path) -> None:
        archives.write_aircraft_archive(folder / "fgvc-aircraft-2013b.tar.gz")


class BirdsnapTest(_Case):
    DATASET_CLASS = ReproBirdsnap
    SPLITS: ClassVar = {"train": 20, "test": 8}
    write = staticmethod(archives_own.write_birdsnap)


class Caltech101Test(_Case):
    DATASET_CLASS = ReproCaltech101
    SPLITS: ClassVar = {"train": 90, "test": 9}

    @staticmethod
    def write(folder: Path) -> None:
        archives.write_nested_caltech_zip(folder / "caltech-101.zip", archives.caltech_files())


class CarsTest(_Case):
    DATASET_CLASS = ReproCars
    SPLITS: ClassVar = {"train": 15, "test": 6}
    write = staticmethod(archives_own.write_cars)


class Sun397Test(_Case):
    DATASET_CLASS = ReproSun397
    SPLITS: ClassVar = {"train": 15, "test": 6}
    write = staticmethod(archives_own.write_sun397)


del _Case  # is no test of its own
