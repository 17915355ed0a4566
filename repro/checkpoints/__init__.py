"""Checkpoints, TF-Slim's and others: where they come from, reading, restoring, writing, converting.

path = repro.checkpoints.locate("inception_v4")
report = repro.checkpoints.restore(model, path)
print(report)
"""

from repro.checkpoints.conversion import Conversion, convert
from repro.checkpoints.fetch import Fetched, fetch
from repro.checkpoints.files import CheckpointFiles, find, sha256_of
from repro.checkpoints.identification import network_named, network_of, num_classes
from repro.checkpoints.location import default_checkpoint_dir, locate
from repro.checkpoints.manifest import ManifestEntry, entries, entry
from repro.checkpoints.opening import Reader, open_checkpoint
from repro.checkpoints.reader import CheckpointReader
from repro.checkpoints.restore import RestoreReport, restore, restore_from
from repro.checkpoints.verification import Verdict, verify
from repro.checkpoints.writer import write, write_network

__all__ = [
    "CheckpointFiles",
    "CheckpointReader",
    "Conversion",
    "Fetched",
    "ManifestEntry",
    "Reader",
    "RestoreReport",
    "Verdict",
    "convert",
    "default_checkpoint_dir",
    "entries",
    "entry",
    "fetch",
    "find",
    "locate",
    "network_named",
    "network_of",
    "num_classes",
    "open_checkpoint",
    "restore",
    "restore_from",
    "sha256_of",
    "verify",
    "write",
    "write_network",
]
