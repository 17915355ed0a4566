"""Every command of the package starts, and says what it is."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import repro
from repro._words import patterns_of

COMMANDS = sorted(
    path.stem for path in Path(repro.__file__).parent.glob("*.py") if not path.stem.startswith("_")
)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_a_main_and_shows_how_to_call_it(name):
    command = importlib.import_module(f"repro.{name}")
    assert callable(command.main)
    for pattern in patterns_of(command.main):
        assert f"python -m repro.{name} {pattern}".rstrip() in command.__doc__


def test_a_flag_that_does_not_exist_is_named_without_a_traceback():
    process = subprocess.run(
        [sys.executable, "-m", "repro.finetune", "--modle=inception_v4"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode != 0
    assert "modle" in process.stderr
    assert "model" in process.stderr
    assert "Traceback" not in process.stderr
