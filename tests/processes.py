"""Real processes that start at once: forked from one that has imported TensorFlow already.

The importing takes seconds, which tests that start many cannot afford. Nothing of TensorFlow is
initialized before the fork, so a process is what the shell would have started.
"""

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

SECONDS = 600  # enough for anything that is waited for; nothing is timed


@dataclass
class Process:
    """One of them.

    Attributes:
      pid: its number.
      output: file of its stdout and stderr.
    """

    pid: int
    output: Path
    _starter: "Starter"
    _status: int | None = None

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        os.kill(self.pid, how)

    @property
    def status(self) -> int | None:
        """As `subprocess.Popen.poll` gives it: minus the signal that ended it; None if it runs."""
        if self._status is None:
            self._status = self._starter.ask({"status_of": self.pid})
        return self._status

    def wait(self) -> int:
        """Returns the status at the end."""
        self.wait_for(lambda: False)
        return self.status

    def wait_for(self, happened) -> None:
        """Waits until something has happened or the process has ended."""
        end = time.monotonic() + SECONDS
        while not happened() and self.status is None:
            if time.monotonic() > end:
                raise TimeoutError(f"waited for {SECONDS} seconds: {self.text}")
            time.sleep(0.02)

    @property
    def text(self) -> str:
        """What it has written so far."""
        return self.output.read_text()


class Starter:
    """Starts processes that run a function of this checkout.

    Args:
      folder: for what they write.
      *modules: to import before.
    """

    def __init__(self, folder: Path, *modules: str):
        self._folder = folder
        self._count = 0
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.processes", *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ
            | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "TF_CPP_MIN_LOG_LEVEL": "2"},
        )
        self._started: list[Process] = []

    def start(
        self, module: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> Process:
        """Returns a new process, as `python -m module arguments` would be.

        Args:
          module: a command of `repro`, or another module with a function `main`.
          *arguments: after the name.
          environment: variables besides those of this process.
        """
        self._count += 1
        output = self._folder / f"output_{self._count}"
        order = {
            "module": module,
            "arguments": arguments,
            "environment": dict(environment or {}),
            "output": str(output),
        }
        process = Process(self.ask(order), output, self)
        self._started.append(process)
        return process

    def ask(self, order: dict) -> int | None:
        """Sends an order to the server and returns its answer."""
        self._server.stdin.write(json.dumps(order) + "\n")
        self._server.stdin.flush()
        return json.loads(self._server.stdout.readline())

    def close(self) -> None:
        """Ends what still runs."""
        for process in self._started:
            if process.status is None:
                process.kill()
                process.wait()
        self._server.communicate()


@contextlib.contextmanager
def starter(folder: Path, *modules: str) -> Iterator[Starter]:
    """A `Starter`, closed at the end."""
    opened = Starter(folder, *modules)
    try:
        yield opened
    finally:
        opened.close()


def _serve(modules: list[str]) -> None:
    for module in modules:
        importlib.import_module(module)
    for line in sys.stdin:
        order = json.loads(line)
        if "status_of" in order:
            pid, status = os.waitpid(order["status_of"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = _fork(order)
        print(json.dumps(answer), flush=True)


def _fork(order: dict) -> int:
    pid = os.fork()
    if pid:
        return pid
    output = os.open(order["output"], os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    os.environ.update(order["environment"])
    sys.argv = [order["module"], *order["arguments"]]
    module = importlib.import_module(order["module"])
    if order["module"].startswith("repro."):
        from repro import _command

        _command.run(module.main)  # which exits
    module.main()
    sys.exit(0)


if __name__ == "__main__":
    _serve(sys.argv[1:])
