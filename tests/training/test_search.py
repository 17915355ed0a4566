import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import optuna
import pytest
import sqlalchemy
from optuna.trial import TrialState

import repro.training
from repro import UserError
from repro.training import search, search_storage, search_study
from repro.training.errors import DivergedError
from repro.training.grid import GridPoint, PointResult, choose, grid
from repro.training.search import SearchEvent, run_search
from repro.training.worker import Worker, this_process
from tests.postgresql import PostgresqlServer, postgresql_server

POINTS = grid([1e-3, 1e-2, 1e-1], [0.0, 10**-4.5])
SECONDS = 60  # enough for anything that is waited for here; nothing is timed

# A process of a search. It writes "begin INDEX" and "end INDEX" lines, waits for the file "go", and
# stops for ever in the point that it is told. TensorFlow stays out: only the search is imported.
WORKER = """
import json, os, sys, time, types
from pathlib import Path

training = types.ModuleType("repro.training")
training.__path__ = [sys.argv[1]]
sys.modules["repro.training"] = training
from repro.training.grid import GridPoint
from repro.training.search import run_search

storage, folder, hang_at = sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])
points = [GridPoint(*values) for values in json.loads(sys.argv[5])]

def say(text):
    with (folder / "log").open("a") as log:
        log.write(text + "\\n")

def run_point(point):
    index = points.index(point)
    say(f"begin {index}")
    if index == hang_at:
        time.sleep(3600)
    time.sleep(float(sys.argv[6]))
    say(f"end {index}")
    return 50 + 30 * point.learning_rate - 1e4 * point.weight_decay_ratio

say("ready")
while not (folder / "go").exists():
    time.sleep(0.001)
results = run_search(
    points, run_point, study_name="grid", storage=storage, poll_seconds=0.05, on_event=print
)
print(json.dumps([[r.point.learning_rate, r.point.weight_decay_ratio, r.percent] for r in results]))
"""


def percent_of(point: GridPoint) -> float:
    """As the worker's."""
    return 50 + 30 * point.learning_rate - 1e4 * point.weight_decay_ratio


class Workers:
    """Processes that share a search, in a folder of their own."""

    def __init__(self, storage: str, folder: Path):
        self._arguments = storage, str(folder)
        self.log = folder / "log"
        self._go = folder / "go"
        self._processes: list[subprocess.Popen] = []

    def start(self, hang_at: int = -1, point_seconds: float = 0.02) -> subprocess.Popen:
        points = json.dumps([[p.learning_rate, p.weight_decay_ratio] for p in POINTS])
        process = subprocess.Popen(
            [
                *(sys.executable, "-c", WORKER, repro.training.__path__[0]),
                *(*self._arguments, str(hang_at), points, str(point_seconds)),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        self._processes.append(process)
        return process

    def let_go(self) -> None:
        """Lets all that are ready begin at the same instant."""
        self._wait_for(lambda: self.count("ready") == len(self._processes))
        self._go.touch()

    def wait_for_line(self, line: str) -> None:
        self._wait_for(lambda: self.count(line) > 0)

    def count(self, line: str) -> int:
        return self.log.read_text().splitlines().count(line) if self.log.exists() else 0

    def end(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
            process.stdout.close()

    @staticmethod
    def _wait_for(condition: Callable[[], bool]) -> None:
        give_up = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < give_up
            time.sleep(0.01)


def results_of(process: subprocess.Popen) -> list[PointResult]:
    output, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, output
    rows = json.loads(output.splitlines()[-1])
    return [PointResult(GridPoint(rate, ratio), percent) for rate, ratio, percent in rows]


def trials_in(storage: str, name: str = "grid") -> list[optuna.trial.FrozenTrial]:
    if storage.startswith("postgresql:"):
        storage = storage.replace(":", "+psycopg2:", 1)
    return optuna.load_study(study_name=name, storage=storage).trials


def states_of_points(storage: str) -> dict[int, Counter[str]]:
    found: dict[int, Counter[str]] = {}
    for trial in trials_in(storage):
        found.setdefault(trial.user_attrs["point"], Counter())[trial.state.name] += 1
    return found


@pytest.fixture(autouse=True)
def no_search_waits_for_ever() -> Iterator[None]:
    def fail(*_: object) -> None:
        raise TimeoutError(f"waited for {5 * SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(5 * SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
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


@pytest.fixture
def workers(storage: str, tmp_path: Path) -> Iterator[Workers]:
    started = Workers(storage, tmp_path)
    yield started
    started.end()


def run_here(
    storage: str,
    run_point: Callable[[GridPoint], float] = percent_of,
    events: list[SearchEvent] | None = None,
    **options: object,
) -> list[PointResult]:
    told = [].append if events is None else events.append
    arguments = {"study_name": "grid", "poll_seconds": 0.05} | options
    return run_search(POINTS, run_point, storage=storage, on_event=told, **arguments)


EXPECTED = [PointResult(point, percent_of(point)) for point in POINTS]


def test_one_process_runs_each_point_once_in_the_order_given(storage):
    ran = []

    def run_point(point: GridPoint) -> float:
        ran.append(point)
        return percent_of(point)

    assert run_here(storage, run_point) == EXPECTED
    assert ran == list(POINTS)
    assert run_here(storage, run_point) == EXPECTED
    assert len(ran) == len(POINTS)


def test_the_database_shows_each_points_hyperparameters_and_percentage(sqlite):
    run_here(sqlite)
    assert [(trial.params, trial.value) for trial in trials_in(sqlite)] == [
        (
            {"learning_rate": p.learning_rate, "weight_decay_ratio": p.weight_decay_ratio},
            percent_of(p),
        )
        for p in POINTS
    ]


def test_processes_that_start_at_the_same_instant_share_the_points(workers, storage):
    processes = [workers.start() for _ in range(3)]
    workers.let_go()
    for process in processes:
        assert results_of(process) == EXPECTED
    assert [workers.count(f"begin {i}") for i in range(len(POINTS))] == [1] * len(POINTS)
    assert states_of_points(storage) == {i: {"COMPLETE": 1} for i in range(len(POINTS))}


def test_a_killed_processs_point_is_taken_up_by_another(workers, storage):
    victim = workers.start(hang_at=0)
    workers.let_go()
    workers.wait_for_line("begin 0")
    survivor = workers.start()
    workers.wait_for_line("end 2")
    victim.kill()
    results = results_of(survivor)
    assert results == EXPECTED
    assert choose(results) == choose(EXPECTED)
    assert states_of_points(storage) == {
        0: {"FAIL": 1, "COMPLETE": 1},
        **{i: {"COMPLETE": 1} for i in range(1, len(POINTS))},
    }


@pytest.mark.slow
def test_random_kills_lose_no_point_and_double_none(workers, storage):
    random = Random(0)
    running = [workers.start(point_seconds=0.5) for _ in range(2)]
    workers.let_go()
    for _ in range(15):
        time.sleep(random.uniform(0.3, 0.8))  # from before the tables are made to the last point
        running.pop(random.randrange(len(running))).kill()
        running.append(workers.start(point_seconds=0.5))
    for process in running:
        assert results_of(process) == EXPECTED
    states = states_of_points(storage)
    assert sorted(states) == list(range(len(POINTS)))
    assert {found["COMPLETE"] for found in states.values()} == {1}
    assert {state for found in states.values() for state in found} == {"COMPLETE", "FAIL"}


def test_a_killed_process_that_is_started_again_goes_on_at_once(workers, storage):
    victim = workers.start(hang_at=3)
    workers.let_go()
    workers.wait_for_line("begin 3")
    victim.kill()
    victim.wait()
    ran, events = [], []

    def run_point(point: GridPoint) -> float:
        ran.append(POINTS.index(point))
        return percent_of(point)

    assert run_here(storage, run_point, events) == EXPECTED
    assert ran == [3, 4, 5]
    assert events[0].kind == "abandoned"
    assert "Point 4 of 6" in str(events[0])
    assert f"process {victim.pid} on {socket.gethostname()} died" in str(events[0])


def test_a_point_whose_process_gives_no_sign_of_life_is_taken_up(storage, monkeypatch):
    far_away = Worker("elsewhere", 7, "another machine", "0")
    monkeypatch.setattr(search_study, "this_process", lambda: far_away)
    with pytest.raises(SystemExit):  # a process that dies without a word
        _claim_and_die(storage)
    monkeypatch.undo()
    events = []
    seen = threading.Event()

    def on_event(event: SearchEvent) -> None:
        events.append(event)
        if event.kind == "waiting":
            seen.set()
            _let_heartbeats_be_old(storage)

    results = run_search(
        POINTS,
        percent_of,
        study_name="grid",
        storage=storage,
        poll_seconds=0.01,
        on_event=on_event,
    )
    assert results == EXPECTED
    assert seen.is_set()
    kinds = [event.kind for event in events]
    assert kinds.index("waiting") < kinds.index("abandoned")
    assert "1 in process 7 on elsewhere" in str(events[kinds.index("waiting")])
    assert "gave no sign of life" in str(events[kinds.index("abandoned")])


def _claim_and_die(storage: str) -> None:
    database = search_storage.SearchStorage(storage, 60, lambda _: None)
    study = search_study.SearchStudy(database, "grid", POINTS, {})
    assert study.claim().claim.index == 0
    raise SystemExit


def _let_heartbeats_be_old(storage: str) -> None:
    engine = sqlalchemy.create_engine(storage.replace("postgresql:", "postgresql+psycopg2:"))
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE trial_heartbeats SET heartbeat = '2020-01-01 00:00:00'")
    engine.dispose()


def test_a_heartbeat_is_given_while_a_point_runs(sqlite):
    def beats() -> list[str]:
        engine = sqlalchemy.create_engine(sqlite)
        with engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT heartbeat FROM trial_heartbeats").all()
        engine.dispose()
        return [beat for (beat,) in rows]

    def run_point(point: GridPoint) -> float:
        if point == POINTS[0]:
            _let_heartbeats_be_old(sqlite)
            give_up = time.monotonic() + SECONDS
            while beats() == ["2020-01-01 00:00:00"]:
                assert time.monotonic() < give_up
                time.sleep(0.02)
        return percent_of(point)

    assert run_here(sqlite, run_point, heartbeat_seconds=1) == EXPECTED
    assert threading.active_count() == len(threading.enumerate())
    assert "heartbeat" not in {thread.name for thread in threading.enumerate()}


def test_a_process_that_was_taken_for_dead_adds_no_second_result(sqlite):
    events = []

    def run_point(point: GridPoint) -> float:
        if point == POINTS[2] and not any(event.kind == "lost" for event in events):
            for trial in trials_in(sqlite):
                if trial.state is TrialState.RUNNING:  # what another process does to it
                    optuna.load_study(study_name="grid", storage=sqlite).tell(
                        trial.number, state=TrialState.FAIL
                    )
            return 99.0
        return percent_of(point)

    assert run_here(sqlite, run_point, events) == EXPECTED
    assert [event.point for event in events if event.kind == "lost"] == [POINTS[2]]
    assert states_of_points(sqlite)[2] == {"FAIL": 1, "COMPLETE": 1}


def test_a_diverged_point_is_a_result_and_never_chosen(sqlite):
    ran, events = [], []

    def run_point(point: GridPoint) -> float:
        ran.append(point)
        if point.learning_rate == 1e-1:
            raise DivergedError("The loss is nan between steps 3 and 4.")
        return percent_of(point)

    results = run_here(sqlite, run_point, events)
    assert [result.diverged for result in results] == [False] * 4 + [True] * 2
    assert {result.reason for result in results[4:]} == {"The loss is nan between steps 3 and 4."}
    assert choose(results).point == GridPoint(1e-2, 0.0)
    assert run_here(sqlite, run_point) == results
    assert len(ran) == len(POINTS)
    assert [event.result for event in events if event.kind == "diverged"] == results[4:]
    diverged = [trial for trial in trials_in(sqlite) if trial.state is TrialState.PRUNED]
    assert [trial.user_attrs["diverged"] for trial in diverged] == [results[4].reason] * 2


@pytest.mark.parametrize("percent", [float("nan"), float("inf")])
def test_a_metric_that_is_no_number_counts_as_diverged(sqlite, percent):
    results = run_here(sqlite, lambda point: percent if point == POINTS[0] else percent_of(point))
    assert [result.diverged for result in results] == [True] + [False] * 5


@pytest.mark.parametrize(
    "error",
    [
        KeyboardInterrupt(),
        repro.training.InterruptedRunError(7),
        UserError("The disk is full."),
        OSError(28, "No space left on device"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_point_that_is_cut_short_waits_again_and_is_the_next_to_run(sqlite, error):
    ran, events = [], []

    def run_point(point: GridPoint) -> float:
        ran.append(POINTS.index(point))
        if len(ran) == 3:
            raise error
        return percent_of(point)

    with pytest.raises(type(error)) as raised:
        run_here(sqlite, run_point, events)
    assert raised.value is error
    assert events[-1].kind == "put_back"
    trials = trials_in(sqlite)
    states = Counter(trial.state.name for trial in trials)
    assert states == {"COMPLETE": 2, "FAIL": 1, "WAITING": 4}
    failed = next(trial for trial in trials if trial.state is TrialState.FAIL)
    assert failed.user_attrs["failed"].startswith(type(error).__name__)
    assert run_here(sqlite, run_point) == EXPECTED
    assert ran == [0, 1, 2, 2, 3, 4, 5]


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


def test_a_study_of_other_settings_is_refused_and_the_difference_named(sqlite):
    run_here(sqlite, settings={"steps": 100, "seed": 0, "classes": (1, 2)})
    run_here(sqlite, settings={"classes": (1, 2), "seed": 0, "steps": 100})
    with pytest.raises(UserError, match=r"other settings \(steps 100 instead of 200\)"):
        run_here(sqlite, settings={"steps": 200, "seed": 0, "classes": (1, 2)})


def test_a_study_of_other_points_is_refused(sqlite):
    run_here(sqlite)
    with pytest.raises(UserError, match=r"other points \(6 there, 5 here\)"):
        run_search(POINTS[:-1], percent_of, study_name="grid", storage=sqlite)


def test_a_study_of_another_program_is_refused(sqlite):
    optuna.create_study(study_name="grid", storage=sqlite).ask()
    with pytest.raises(UserError, match="a study grid of another program"):
        run_here(sqlite)


def test_one_database_holds_many_studies(sqlite):
    run_here(sqlite)
    halved = run_here(sqlite, lambda point: percent_of(point) / 2, study_name="other")
    assert [result.percent for result in halved] == [result.percent / 2 for result in EXPECTED]
    assert run_here(sqlite) == EXPECTED


def test_a_study_that_is_deleted_during_the_search_ends_it_with_a_sentence(sqlite):
    def run_point(point: GridPoint) -> float:
        optuna.delete_study(study_name="grid", storage=sqlite)
        return percent_of(point)

    with pytest.raises(UserError, match="was deleted from --storage"):
        run_here(sqlite, run_point)


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


def test_points_that_repeat_are_an_error_of_the_caller(sqlite):
    for points in ([], [POINTS[0]] * 2):
        with pytest.raises(ValueError, match="each of them once"):
            run_search(points, percent_of, study_name="grid", storage=sqlite)


def test_nothing_is_printed_or_warned(sqlite, capfd, recwarn):
    run_here(sqlite)
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


def test_this_process_is_not_dead():
    assert not this_process().is_known_dead()


def test_a_process_is_dead_when_it_has_ended_even_if_nobody_asked_for_it():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
    ours = this_process()
    worker = Worker(ours.host, child.pid, ours.machine, fields[19])
    assert not worker.is_known_dead()
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert worker.is_known_dead()
    child.communicate()
    assert worker.is_known_dead()


def test_another_process_with_the_number_of_a_dead_one_is_told_from_it():
    ours = this_process()
    assert Worker(ours.host, ours.pid, ours.machine, "1").is_known_dead()


def test_of_a_process_on_another_machine_nothing_is_known():
    ours = this_process()
    assert not Worker("elsewhere", 2**22 + 1, "another start", "1").is_known_dead()
    assert not Worker(ours.host, 2**22 + 1, "", "").is_known_dead()


def test_waiting_is_said_once_in_a_while(monkeypatch):
    events = []
    waiting = search._Waiting(events.append)
    for _ in range(3):
        waiting.tell({0: this_process()})
    assert len(events) == 1
    monkeypatch.setattr(time, "monotonic", lambda: 1e9)
    waiting.tell({0: this_process()})
    assert len(events) == 2
