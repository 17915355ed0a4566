"""Which process runs a point of a search, and whether that process is known to be dead."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_ENDED = "ZX"  # states of a process that is killed and that its parent has not asked for yet


@dataclass(frozen=True)
class Worker:
    """A process, so described that another one on the same machine can tell whether it lives.

    Attributes:
      host: name of the machine, for people.
      pid: the process's number on it.
      machine: this start of this machine (and, in a container, this container); "" if unknown.
      started: when the process began, in the kernel's ticks; "" if unknown.
    """

    host: str
    pid: int
    machine: str
    started: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"

    def is_known_dead(self) -> bool:
        """Returns whether the process is surely gone; False where this machine cannot know."""
        if not self.machine or self.machine != _machine():
            return False
        try:
            os.kill(self.pid, 0)  # asks only
            state, started = _state_and_start(self.pid)
        except (ProcessLookupError, FileNotFoundError):
            return True
        except PermissionError:
            return False  # another user's, alive
        return state in _ENDED or started != self.started


def this_process() -> Worker:
    """Returns the process that asks."""
    machine = _machine()
    pid = os.getpid()
    started = _state_and_start(pid)[1] if machine else ""
    return Worker(socket.gethostname(), pid, machine, started)


def _machine() -> str:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""  # a system without /proc: heartbeats alone tell who is dead


def _state_and_start(pid: int) -> tuple[str, str]:
    """Returns a process's state, one letter, and when it began (proc_pid_stat(5), 3 and 22)."""
    text = (_PROC / str(pid) / "stat").read_text()
    fields = text.rpartition(")")[2].split()  # the name before it may hold anything
    return fields[0], fields[19]
