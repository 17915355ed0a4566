"""The data sets of the paper's Table 1: declarations, splits, prepared data, the input pipeline.

examples = load("digits", "train", data_dir)
batches = training_batches(examples, preprocess, batch_size=256, num_steps=1000, seed=0)
"""

from repro.datasets.declaration import SPLITS, DatasetSpec
from repro.datasets.examples import Examples, load
from repro.datasets.pipeline import (
    evaluation_batches,
    naming_bad_images,
    training_batches,
    undecodable,
)
from repro.datasets.prepare import prepare
from repro.datasets.registry import DATASETS, spec
from repro.datasets.sharing import Share, distribute, several_workers
from repro.datasets.splits import digest, hold_out
from repro.datasets.subsets import few_per_class

__all__ = [
    "DATASETS",
    "SPLITS",
    "DatasetSpec",
    "Examples",
    "Share",
    "digest",
    "distribute",
    "evaluation_batches",
    "few_per_class",
    "hold_out",
    "load",
    "naming_bad_images",
    "prepare",
    "several_workers",
    "spec",
    "training_batches",
    "undecodable",
]
