"""The search of a grid by any number of processes, as an Optuna study (A.5)."""

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal

from absl import logging

from repro import UserError
from repro.training.errors import DivergedError
from repro.training.grid import GridPoint, PointResult
from repro.training.search_process import Worker
from repro.training.search_storage import STORAGE_ERRORS, SearchStorage
from repro.training.search_study import Claim, SearchStudy, Turn

MESSAGE_SECONDS = 600.0  # between two messages of a process that only waits

EventKind = Literal[
    "started", "finished", "diverged", "put_back", "abandoned", "lost", "waiting", "outage"
]


@dataclass(frozen=True)
class SearchEvent:
    """Something that happened in a search; as a string, a sentence about it.

    Attributes:
      kind: "abandoned" is a point whose process died and that waits again, "lost" one that was
        given away because this process seemed dead, "waiting" that all points left run elsewhere.
      text: the sentence.
      point: the point that it is about, if it is about one.
      result: the point's, of the kinds "finished" and "diverged".
    """

    kind: EventKind
    text: str
    point: GridPoint | None = None
    result: PointResult | None = None

    def __str__(self) -> str:
        return self.text


def run_search(
    points: Sequence[GridPoint],
    run_point: Callable[[GridPoint], float],
    *,
    study_name: str,
    storage: str,
    settings: Mapping[str, Any] | None = None,
    heartbeat_seconds: int = 60,
    poll_seconds: float = 5.0,
    on_event: Callable[[SearchEvent], object] = lambda _: None,
) -> list[PointResult]:
    """Runs those points of a grid that no other process runs, until all are finished.

    Processes that are given the same arguments share the work, on any number of machines. One that
    is started again goes on where the search was. The point of a process that died is taken up
    again: at once if it was on this machine, else when its heartbeat has been missing three times.

    Args:
      points: of the grid, each once; they are begun in this order.
      run_point: trains with a point's hyperparameters and returns the percentage on validation. It
        is called again for a point whose attempt was cut short, in this process or another, and
        should go on where that was. `DivergedError` from it is a result; after any other exception
        the point waits again and the exception goes on.
      study_name: of the Optuna study.
      storage: SQLAlchemy URL of its database: sqlite:///PATH; for many machines postgresql://...
      settings: JSON values that all points have in common; a study with others is refused.
      heartbeat_seconds: between two signs of life in the database.
      poll_seconds: between two looks whether a point that runs elsewhere is finished.
      on_event: told what happens, in this thread.

    Returns:
      A result for each point, in their order.

    Raises:
      UserError: the database cannot be used, or has another study of that name.
    """
    if not points or len(set(points)) != len(points):
        raise ValueError("A search needs points, and each of them once.")
    search = _Search(
        tuple(points), study_name, storage, settings or {}, heartbeat_seconds, on_event
    )
    waiting = _Waiting(on_event)
    while True:
        turn = search.claim()
        if turn.claim is not None:
            search.run(turn.claim, turn.finished, run_point)
            waiting = _Waiting(on_event)
        elif turn.elsewhere:
            waiting.tell(turn.elsewhere)
            time.sleep(poll_seconds)
        else:
            return search.results()


class _Search:
    """This process's part of a search."""

    def __init__(
        self,
        points: tuple[GridPoint, ...],
        study_name: str,
        storage: str,
        settings: Mapping[str, Any],
        heartbeat_seconds: int,
        on_event: Callable[[SearchEvent], object],
    ):
        self._points = points
        self._heartbeat_seconds = heartbeat_seconds
        self._on_event = on_event
        database = SearchStorage(
            storage, heartbeat_seconds, lambda text: on_event(SearchEvent("outage", text))
        )
        self._study = SearchStudy(database, study_name, points, settings)

    def claim(self) -> Turn:
        """Takes a point to run, if one waits."""
        turn = self._study.claim()
        for index, reason in turn.abandoned.items():
            self._tell("abandoned", index, f"waits again: {reason}")
        return turn

    def results(self) -> list[PointResult]:
        """Returns the results of all points, which must be finished."""
        return self._study.results()

    def run(self, claim: Claim, finished: int, run_point: Callable[[GridPoint], float]) -> None:
        """Runs a point and records its result, or puts it back."""
        point = self._points[claim.index]
        self._tell("started", claim.index, f"begins; {finished} are finished")
        try:
            with _Heartbeat(lambda: self._study.beat(claim), self._heartbeat_seconds):
                result = _result(point, run_point)
        except BaseException as error:
            self._put_back(claim, error)
            raise
        if not self._study.finish(claim, result.percent, result.reason):
            self._tell(
                "lost",
                claim.index,
                "was given to another process, since this one seemed dead: its result counts",
            )
        elif result.diverged:
            self._tell("diverged", claim.index, f"diverged: {result.reason}", result)
        else:
            text = f"has {result.percent:.2f}% on validation"
            self._tell("finished", claim.index, text, result)

    def _put_back(self, claim: Claim, error: BaseException) -> None:
        reason = f"{type(error).__name__}: {error}".removesuffix(": ")
        try:
            self._study.put_back(claim, reason)
        except UserError as second:
            text = f"could not be put back and will wait when this process is gone: {second}"
            self._tell("put_back", claim.index, text)
        else:
            self._tell("put_back", claim.index, "waits again")

    def _tell(
        self, kind: EventKind, index: int, text: str, result: PointResult | None = None
    ) -> None:
        point = self._points[index]
        where = f"Point {index + 1} of {len(self._points)} ({point})"
        self._on_event(SearchEvent(kind, f"{where} {text.rstrip('.')}.", point, result))


class _Waiting:
    """Says now and then for what a process waits."""

    def __init__(self, on_event: Callable[[SearchEvent], object]):
        self._on_event = on_event
        self._next_message = -math.inf

    def tell(self, elsewhere: dict[int, Worker]) -> None:
        if time.monotonic() < self._next_message:
            return
        self._next_message = time.monotonic() + MESSAGE_SECONDS
        listed = "; ".join(f"{index + 1} in {worker}" for index, worker in elsewhere.items())
        self._on_event(
            SearchEvent("waiting", f"Waiting for points that other processes run: {listed}.")
        )


class _Heartbeat:
    """A context in which a thread says again and again that this process is alive.

    Optuna's own thread, which is not public, ends at the first error of the database.
    """

    def __init__(self, beat: Callable[[], None], seconds: float):
        self._beat = beat
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            try:
                self._beat()
            except STORAGE_ERRORS as error:
                reason = str(error.__cause__ or error).strip().splitlines()[0]
                logging.warning("The search's heartbeat was not recorded: %s", reason)


def _result(point: GridPoint, run_point: Callable[[GridPoint], float]) -> PointResult:
    try:
        percent = float(run_point(point))
    except DivergedError as error:
        return PointResult(point, None, str(error))
    if not math.isfinite(percent):
        return PointResult(point, None, f"The metric on validation is {percent}.")
    return PointResult(point, percent)
