"""Runs a command of the project inside the test's process, as if from the shell."""

from dataclasses import dataclass
from types import ModuleType

import pytest
from absl import flags
from absl.testing import flagsaver

from repro import _command


@dataclass(frozen=True)
class Outcome:
    """What a command did."""

    status: int
    out: str
    err: str

    @property
    def last_line(self) -> str:
        return self.out.strip().splitlines()[-1]


def run_command(capsys: pytest.CaptureFixture, command: ModuleType, *arguments: str) -> Outcome:
    """Parses the arguments as the shell's and runs the command; flags are put back afterwards."""
    capsys.readouterr()
    with flagsaver.flagsaver():
        flags.FLAGS.unparse_flags()
        argv = [command.__name__, "--noprogress", *arguments]
        rest = flags.FLAGS(_command.with_flag_files_first(argv))
        status = _command.execute(command.main, rest)
    captured = capsys.readouterr()
    return Outcome(status, captured.out, captured.err)
