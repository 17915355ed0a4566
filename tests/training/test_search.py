import threading
import time
from collections import Counter

import optuna
import pytest
import sqlalchemy
from optuna.trial import TrialState

import repro.training
from repro import UserError
from repro.training import search
from repro.training.errors import DivergedError
from repro.training.grid import GridPoint, choose
from repro.training.search import run_search
from repro.training.search_process import this_process
from tests.training.searches import (
    EXPECTED,
    POINTS,
    SECONDS,
    let_heartbeats_be_old,
    percent_of,
    run_here,
    states_of_points,
    trials_in,
)

pytestmark = pytest.mark.usefixtures("no_search_waits_for_ever")


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


def test_a_heartbeat_is_given_while_a_point_runs(sqlite):
    def beats() -> list[str]:
        engine = sqlalchemy.create_engine(sqlite)
        with engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT heartbeat FROM trial_heartbeats").all()
        engine.dispose()
        return [beat for (beat,) in rows]

    def run_point(point: GridPoint) -> float:
        if point == POINTS[0]:
            let_heartbeats_be_old(sqlite)
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


def test_points_that_repeat_are_an_error_of_the_caller(sqlite):
    for points in ([], [POINTS[0]] * 2):
        with pytest.raises(ValueError, match="each of them once"):
            run_search(points, percent_of, study_name="grid", storage=sqlite)


def test_nothing_is_printed_or_warned(sqlite, capfd, recwarn):
    run_here(sqlite)
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


def test_waiting_is_said_once_in_a_while(monkeypatch):
    events = []
    waiting = search._Waiting(events.append)
    for _ in range(3):
        waiting.tell({0: this_process()})
    assert len(events) == 1
    monkeypatch.setattr(time, "monotonic", lambda: 1e9)
    waiting.tell({0: this_process()})
    assert len(events) == 2
