"""Downloading one file: resumed, retried, from the first URL that has it, and proved by its digest.

It serves the rooms of the checkpoints and of the data sets.
"""

from repro.downloading.fingerprint import Fingerprint, fingerprint, progress_bar, writing
from repro.downloading.transfer import DownloadError, Patience, download, print_to_stderr

__all__ = [
    "DownloadError",
    "Fingerprint",
    "Patience",
    "download",
    "fingerprint",
    "print_to_stderr",
    "progress_bar",
    "writing",
]
