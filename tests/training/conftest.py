"""Databases for searches."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgresql import PostgresqlServer, postgresql_server
from tests.training.searches import SECONDS


@pytest.fixture
def no_search_waits_for_ever() -> Iterator[None]:
    """Ends a test that would hang."""

    def fail(*_: object) -> None:
        raise TimeoutError(f"waited for {5 * SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(5 * SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresqlServer]:
    with postgresql_server() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "postgresql":
        return request.getfixturevalue("server").create_database()
    return f"sqlite:///{tmp_path}/search.db"


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/search.db"
