"""Starts a PostgreSQL server of Debian's package for a test."""

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROLE = "postgres"
_DEBIAN = Path("/usr/lib/postgresql")
_SECONDS_TO_START = 60


class PostgresqlServer:
    """A server that is reachable through a socket in its own folder alone."""

    def __init__(self, programs: Path, folder: Path):
        self._programs = programs
        self._folder = folder
        self._data = folder / "data"
        self._numbers = itertools.count()
        self._process: subprocess.Popen | None = None
        # As root the server refuses to run.
        self._as_user = {"user": None, "group": None, "extra_groups": None}
        if os.geteuid() == 0:
            account = pwd.getpwnam("nobody")
            self._as_user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
            os.chown(folder, account.pw_uid, account.pw_gid)
        self._run("initdb", "--pgdata", self._data, "--username", ROLE, "--auth=trust", "--no-sync")

    def create_database(self) -> str:
        """Makes an empty database and returns its SQLAlchemy URL."""
        name = f"database_{next(self._numbers)}"
        self._run("createdb", "--host", self._folder, "--username", ROLE, name)
        return self.url(name)

    def url(self, database: str) -> str:
        """Returns the SQLAlchemy URL of a database."""
        return f"postgresql://{ROLE}@/{database}?host={self._folder}"

    def start(self) -> None:
        """Starts the server and returns when it answers."""
        log = (self._folder / "log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [
                    *("setpriv", "--pdeathsig", "INT"),  # it does not outlive the tests
                    self._programs / "postgres",
                    *("-D", self._data, "-k", self._folder),
                    *("-c", "listen_addresses=", "-c", "fsync=off"),
                ],
                cwd=self._folder,
                stdout=log,
                stderr=log,
                **self._as_user,
            )
        give_up = time.monotonic() + _SECONDS_TO_START
        ready = [self._programs / "pg_isready", "--quiet", "--host", self._folder]
        while subprocess.run(ready, check=False).returncode != 0:
            if self._process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError((self._folder / "log").read_text())
            time.sleep(0.05)

    def stop(self) -> None:
        """Stops the server, whoever is connected, if it runs."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
            self._process.wait()
            self._process = None

    def _run(self, program: str, *arguments: object) -> None:
        subprocess.run(
            [self._programs / program, *map(str, arguments)],
            cwd=self._folder,
            check=True,
            capture_output=True,
            **self._as_user,
        )


@contextmanager
def postgresql_server() -> Iterator[PostgresqlServer]:
    """A context with a running server, or one that skips the calling test with the reason."""
    programs = _programs()
    if programs is None:
        pytest.skip("needs a PostgreSQL server: apt-get install postgresql")
    # Not pytest's folder, which the server's user may not enter, and whose name may be too long for
    # a socket.
    with tempfile.TemporaryDirectory(prefix="postgresql-", dir="/tmp") as folder:
        server = PostgresqlServer(programs, Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _programs() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent  # of a link, where the other programs are
    versions = [path.parent for path in _DEBIAN.glob("*/bin/initdb")]
    return max(versions, key=lambda path: float(path.parent.name), default=None)
