"""Finds the folder of shared facts, goldens, checkpoints and data that lies beside the checkout."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def shared_path(relative: str) -> Path:
    """Returns a path in the shared folder, or skips the calling test with the reason."""
    path = SHARED / relative
    if not path.exists():
        pytest.skip(f"needs {relative} of the shared folder, which is not beside this checkout")
    return path
