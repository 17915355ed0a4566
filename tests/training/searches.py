"""A small grid whose percentages are known, searched in the calling process."""

from collections import Counter
from collections.abc import Callable

import optuna
import sqlalchemy

from repro.training.grid import GridPoint, PointResult, grid
from repro.training.search import SearchEvent, run_search

POINTS = grid([1e-3, 1e-2, 1e-1], [0.0, 10**-4.5])
SECONDS = 60  # enough for anything that is waited for here; nothing is timed


def percent_of(point: GridPoint) -> float:
    """Returns what a point has on validation."""
    return 50 + 30 * point.learning_rate - 1e4 * point.weight_decay_ratio


EXPECTED = [PointResult(point, percent_of(point)) for point in POINTS]


def run_here(
    storage: str,
    run_point: Callable[[GridPoint], float] = percent_of,
    events: list[SearchEvent] | None = None,
    **options: object,
) -> list[PointResult]:
    """Searches all points in this process; collects the events if a list is given for them."""
    told = [].append if events is None else events.append
    arguments = {"study_name": "grid", "poll_seconds": 0.05} | options
    return run_search(POINTS, run_point, storage=storage, on_event=told, **arguments)


def trials_in(storage: str, name: str = "grid") -> list[optuna.trial.FrozenTrial]:
    """Returns a study's trials as Optuna itself reads them."""
    if storage.startswith("postgresql:"):
        storage = storage.replace(":", "+psycopg2:", 1)
    return optuna.load_study(study_name=name, storage=storage).trials


def states_of_points(storage: str) -> dict[int, Counter[str]]:
    """Returns how many trials of each state every point has, by its place in the grid."""
    found: dict[int, Counter[str]] = {}
    for trial in trials_in(storage):
        found.setdefault(trial.user_attrs["point"], Counter())[trial.state.name] += 1
    return found


def let_heartbeats_be_old(storage: str) -> None:
    """Makes all processes seem to have given no sign of life for long."""
    engine = sqlalchemy.create_engine(storage.replace("postgresql:", "postgresql+psycopg2:"))
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE trial_heartbeats SET heartbeat = '2020-01-01 00:00:00'")
    engine.dispose()
