"""The database that the processes of a search share, and the lock that they take in turn.

Optuna makes its tables, takes a waiting trial and puts a failed one back without regard to other
processes that do so at the same instant: on SQLite two can take the same trial. Here each such
action is done under a lock, which the system or the server takes back from a process that dies.
"""

import hashlib
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import optuna
import sqlalchemy
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import SQLAlchemyError as DatabaseError

from repro import UserError, _files

STORAGE_ERRORS = (DatabaseError, optuna.exceptions.StorageInternalError, OSError)

OUTAGE_SECONDS = 300.0  # a server that restarts is waited for so long
RETRY_SECONDS = 2.0
SQLITE_SECONDS = 120.0  # a file that another process writes is waited for so long
GRACE = 3  # heartbeats that a process may miss before it is taken for dead

_ALLOWED = "Give sqlite:///PATH or postgresql://USER:PASSWORD@HOST/DATABASE."
_DRIVERS = {"postgresql": "postgresql+psycopg2"}  # SQLAlchemy's default depends on its version
_T = TypeVar("_T")


class SearchStorage:
    """An open database of Optuna studies.

    Args:
      storage: SQLAlchemy URL of an SQLite file or a PostgreSQL server.
      heartbeat_seconds: between two signs of life of a process that runs a trial.
      on_outage: called with a sentence when a server is away for a while.

    Attributes:
      rdb: Optuna's storage.
      shown: the URL without its password.

    Raises:
      UserError: the database cannot be opened.
    """

    def __init__(self, storage: str, heartbeat_seconds: int, on_outage: Callable[[str], None]):
        self._url = _parsed(storage)
        self._is_server = self._url.get_backend_name() != "sqlite"
        self.shown = (
            self._url.set(query={}).render_as_string(hide_password=True)  # a query may have one too
            if self._is_server
            else storage
        )
        self._grace_seconds = GRACE * heartbeat_seconds
        self._on_outage = on_outage
        self._last_outage = -float("inf")
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        try:
            self._lock = _advisory_lock(self._url) if self._is_server else _file_lock(self._url)
            with self._lock(""):
                self.rdb = self._open(heartbeat_seconds)
        except ImportError as error:
            raise UserError(
                f"--storage={self.shown} needs the Python package {error.name}, which is not "
                'installed: pip install -e ".[postgresql]".'
            ) from error
        except NoSuchModuleError as error:
            raise UserError(f"--storage={self.shown} is of an unknown kind. {_ALLOWED}") from error
        except (*STORAGE_ERRORS, RuntimeError) as error:  # RuntimeError: tables of another Optuna
            raise self._user_error(error) from error

    def exclusively(self, name: str, action: Callable[[], _T], *, patient: bool = True) -> _T:
        """Calls `action` while no other process calls one for the same name, and returns its value.

        Args:
          name: of the study.
          action: uses `rdb`; is called again after an outage, so its repetition must do no harm.
          patient: whether to wait for a server that is away.

        Raises:
          UserError: the database cannot be used.
        """
        give_up = time.monotonic() + (OUTAGE_SECONDS if patient and self._is_server else 0)
        while True:
            try:
                with self._lock(name):
                    return action()
            except STORAGE_ERRORS as error:
                now = time.monotonic()
                if now >= give_up or not _is_outage(error):
                    raise self._user_error(error) from error
                if not self.heartbeats_are_doubtful:
                    self._on_outage(f"--storage={self.shown} is away: {self._reason(error)}.")
                self._last_outage = now
                time.sleep(RETRY_SECONDS)

    @staticmethod
    def fail_stale_trials(study: optuna.Study) -> None:
        """Ends the trials whose heartbeats are missing."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            optuna.storages.fail_stale_trials(study)

    @property
    def heartbeats_are_doubtful(self) -> bool:
        """Whether a server was away, so that processes that live could not say so."""
        return time.monotonic() - self._last_outage < self._grace_seconds

    def _open(self, heartbeat_seconds: int) -> optuna.storages.RDBStorage:
        arguments: dict[str, Any] = {"timeout": SQLITE_SECONDS}
        if self._is_server:
            arguments = _server_arguments(self._url)
        url = self._url.render_as_string(hide_password=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return optuna.storages.RDBStorage(
                url.replace("{", "{{").replace("}", "}}"),  # Optuna formats it
                # No connection is held while a point runs, so that a server can have many workers.
                {"poolclass": sqlalchemy.NullPool, "connect_args": arguments},
                heartbeat_interval=heartbeat_seconds,
                grace_period=self._grace_seconds,
            )

    def _user_error(self, error: Exception) -> UserError:
        hint = (
            "Is the server running, and may this user make tables in the database?"
            if self._is_server
            else "It must be an SQLite file, or a new name, in a folder that can be written."
        )
        return UserError(f"--storage={self.shown} cannot be used: {self._reason(error)}. {hint}")

    def _reason(self, error: Exception) -> str:
        if isinstance(error, optuna.exceptions.StorageInternalError):
            error = error.__cause__ or error
        cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
        lines = str(cause).strip().splitlines() or [type(cause).__name__]
        secret = self._url.password
        return (lines[0].replace(str(secret), "***") if secret else lines[0]).rstrip(".")


def _parsed(storage: str) -> sqlalchemy.URL:
    try:
        url = sqlalchemy.make_url(storage)
    except (ArgumentError, ValueError):
        # Not shown: where the URL cannot be read, nobody knows which part of it is the password.
        raise UserError(f"--storage is not a URL that can be read. {_ALLOWED}") from None
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise UserError(f"--storage cannot be of the kind {url.drivername}. {_ALLOWED}")
    if url.get_backend_name() == "sqlite":
        name = url.database or ""
        if name in ("", ":memory:") or name.startswith("file:"):
            raise UserError(f"--storage={storage} must name a file. {_ALLOWED}")
        if not Path(name).absolute().parent.is_dir():
            raise UserError(
                f"--storage={storage} lies in a folder that does not exist. Make the folder "
                "first, or give another path; an absolute one has four slashes: sqlite:////PATH."
            )
    return url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))


def _is_outage(error: Exception) -> bool:
    return isinstance(error, OperationalError) or isinstance(error.__cause__, OperationalError)


def _server_arguments(url: sqlalchemy.URL) -> dict[str, Any]:
    ours = {"connect_timeout": 10, "application_name": "repro"}
    return {name: value for name, value in ours.items() if name not in url.query}


def _file_lock(url: sqlalchemy.URL) -> Callable[[str], Any]:
    # Beside the database: a lock on SQLite's own file would be lost with any other handle on it.
    path = Path(url.database).absolute()
    path = path.with_name(path.name + ".lock")

    @contextmanager
    def lock(name: str) -> Iterator[None]:
        del name  # SQLite writes for one process at a time anyhow
        with path.open("ab") as file:
            _files.lock(file, on_wait=lambda: None)
            yield

    return lock


def _advisory_lock(url: sqlalchemy.URL) -> Callable[[str], Any]:
    engine = sqlalchemy.create_engine(
        url, poolclass=sqlalchemy.NullPool, connect_args=_server_arguments(url)
    )

    @contextmanager
    def lock(name: str) -> Iterator[None]:
        digest = hashlib.sha256(f"repro search {name}".encode()).digest()
        key = int.from_bytes(digest[:8], "big", signed=True)
        with engine.begin() as connection:  # which gives the lock back at its end
            connection.execute(sqlalchemy.text("SET LOCAL lock_timeout = '60s'"))
            connection.execute(sqlalchemy.text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
            yield

    return lock
