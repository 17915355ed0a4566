import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

import repro.training
from repro.training import search_storage, search_study
from repro.training.grid import GridPoint, PointResult, choose
from repro.training.search import SearchEvent, run_search
from repro.training.search_process import Worker
from tests.training.searches import (
    EXPECTED,
    POINTS,
    SECONDS,
    let_heartbeats_be_old,
    percent_of,
    run_here,
    states_of_points,
)

pytestmark = pytest.mark.usefixtures("no_search_waits_for_ever")

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


@pytest.fixture
def workers(storage: str, tmp_path: Path) -> Iterator[Workers]:
    started = Workers(storage, tmp_path)
    yield started
    started.end()


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
            let_heartbeats_be_old(storage)

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
