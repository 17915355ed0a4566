"""Runs code that fetches in a process of its own, without the seconds that TensorFlow takes."""

import subprocess
import sys
from pathlib import Path

import repro

CHECKOUT = Path(repro.__file__).resolve().parents[1]
_BEGIN = f"""
import sys, types
sys.path.insert(0, {str(CHECKOUT)!r})
room = types.ModuleType("repro.checkpoints")  # in place of __init__.py, which imports TensorFlow
room.__path__ = [{str(CHECKOUT / "repro" / "checkpoints")!r}]
sys.modules["repro.checkpoints"] = room
"""


def start(code: str, *arguments: str, **options) -> subprocess.Popen:
    """Starts the code, with the arguments in sys.argv[1:]."""
    return subprocess.Popen(
        [sys.executable, "-c", _BEGIN + code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def run(code: str, *arguments: str) -> str:
    """Runs the code and returns what it printed; fails if it does."""
    process = start(code, *arguments)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out
