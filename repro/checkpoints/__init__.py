"""TF-Slim checkpoints: where they come from, reading, restoring into a network, writing.

path = repro.checkpoints.locate("inception_v4")
report = repro.checkpoints.restore(model, path)
print(report)
"""

from repro.checkpoints.files import CheckpointFiles, find, sha256_of
from repro.checkpoints.location import default_checkpoint_dir, locate
from repro.checkpoints.manifest import ManifestEntry, entries, entry
from repro.checkpoints.reader import CheckpointReader
from repro.checkpoints.restore import RestoreReport, restore
from repro.checkpoints.writer import write, write_network

__all__ = [
    "CheckpointFiles",
    "CheckpointReader",
    "ManifestEntry",
    "RestoreReport",
    "default_checkpoint_dir",
    "entries",
    "entry",
    "find",
    "locate",
    "restore",
    "sha256_of",
    "write",
    "write_network",
]
