import os
import signal
from collections import Counter

import pytest

from repro import UserError
from repro.training import search_storage, search_study
from repro.training.grid import GridPoint
from repro.training.search import SearchEvent, run_search
from repro.training.search_process import Worker, this_process
from tests.training.searches import (
    EXPECTED,
    POINTS,
    percent_of,
    run_here,
    states_of_points,
)

pytestmark = pytest.mark.usefixtures("no_search_waits_for_ever")


def test_a_server_that_restarts_ends_no_search(server, monkeypatch):
    monkeypatch.setattr(search_storage, "RETRY_SECONDS", 0.05)
    storage, events = server.create_database(), []

    def run_point(point: GridPoint) -> float:
        if point == POINTS[1]:
            server.stop()
        return percent_of(point)

    def on_event(event: SearchEvent) -> None:
        events.append(event)
        if event.kind == "outage":
            server.start()

    results = run_search(
        POINTS, run_point, study_name="grid", storage=storage, poll_seconds=0.05, on_event=on_event
    )
    assert results == EXPECTED
    assert Counter(event.kind for event in events)["outage"] == 1
    assert states_of_points(storage) == {i: {"COMPLETE": 1} for i in range(len(POINTS))}


def test_a_search_that_a_server_ended_by_staying_away_goes_on_when_it_is_back(server, monkeypatch):
    storage = server.create_database()
    ours = this_process()
    ended = Worker(ours.host, ours.pid, ours.machine, "1")  # as this process would be by then
    monkeypatch.setattr(search_study, "this_process", lambda: ended)
    monkeypatch.setattr(search_storage, "OUTAGE_SECONDS", 0)

    def run_point(point: GridPoint) -> float:
        server.stop()
        return percent_of(point)

    try:
        with pytest.raises(UserError, match="Is the server running"):
            run_here(storage, run_point)
    finally:
        server.start()
    assert run_here(storage) == EXPECTED


def test_an_interrupted_point_says_so_where_the_database_is_away(server):
    storage, events = server.create_database(), []

    def run_point(_: GridPoint) -> float:
        server.stop()
        raise KeyboardInterrupt

    try:
        with pytest.raises(KeyboardInterrupt):
            run_here(storage, run_point, events)
    finally:
        server.start()
    assert events[-1].kind == "put_back"
    assert "could not be put back" in str(events[-1])


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("search.db", "--storage is not a URL"),
        ("postgresql://me:hush@host:port/name", "--storage is not a URL"),
        ("mysql://me:hush@host/name", "of the kind mysql"),
        ("postgres://me:hush@host/name", "of the kind postgres[.]"),
        ("postgresql+carrier_pigeon://me:hush@host/name", "of an unknown kind"),
        ("postgresql+psycopg9://me:hush@host/name", "of an unknown kind"),
        ("postgresql+pg8000://me:hush@host/name", "needs the Python package pg8000"),
        ("postgresql://me:hush@127.0.0.1:1/name?password=hush", "Connection refused"),
        ("postgresql://me:hush@/name?host=/nowhere", "me:[*]{3}@/name cannot be used"),
        ("sqlite://", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
        ("sqlite:////no/such/folder/search.db", "a folder that does not exist"),
        ("sqlite:////proc/search.db", "in a folder that can be written"),
    ],
)
def test_a_storage_that_cannot_be_opened_is_named_without_its_password(url, said):
    with pytest.raises(UserError, match=said) as raised:
        run_here(url)
    assert "--storage" in str(raised.value)
    assert "hush" not in str(raised.value)


def test_a_database_that_the_server_does_not_have_is_named(server):
    with pytest.raises(UserError, match='database "nothing" does not exist'):
        run_here(server.url("nothing"))


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + bytes(84)])
def test_a_damaged_file_is_said_to_be_damaged(sqlite, tmp_path, content):
    (tmp_path / "search.db").write_bytes(content)
    with pytest.raises(UserError, match="cannot be used") as raised:
        run_here(sqlite)
    assert "search.db" in str(raised.value)


def test_a_folder_in_the_files_place_is_refused(sqlite, tmp_path):
    (tmp_path / "search.db").mkdir()
    with pytest.raises(UserError, match="unable to open database file"):
        run_here(sqlite)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_file_that_cannot_be_written_is_refused(sqlite, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run_here(sqlite, lambda _: signal.raise_signal(signal.SIGINT))
    (tmp_path / "search.db").chmod(0o400)
    with pytest.raises(UserError, match="readonly"):
        run_here(sqlite)


def test_a_path_may_hold_any_character(tmp_path):
    folder = tmp_path / "my {results} 100%"
    folder.mkdir()
    assert run_here(f"sqlite:///{folder}/search.db") == EXPECTED
    assert sorted(path.name for path in folder.iterdir()) == ["search.db", "search.db.lock"]
