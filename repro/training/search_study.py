"""A search as an Optuna study: which point waits, runs, is finished, and in which process.

A trial of the study is one attempt at a point, whose place in the grid is the trial's user
attribute "point". A point is finished by a trial that is COMPLETE (its value is the percentage) or
PRUNED (it diverged). An attempt that ended without a result is a FAIL, and every point without any
other trial is put into the queue again: so nothing has to be done at the moment of a crash.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

import optuna
from optuna.distributions import FloatDistribution
from optuna.trial import FrozenTrial, TrialState

from repro import UserError
from repro.training.grid import GridPoint, PointResult
from repro.training.search_process import Worker, this_process
from repro.training.search_storage import SearchStorage

_SEARCH = "search"  # the study's user attribute that says what is searched
_POINT, _WORKER, _DIVERGED, _FAILED = "point", "worker", "diverged", "failed"  # a trial's
_T = TypeVar("_T")


@dataclass(frozen=True)
class Claim:
    """A point that this process is to run: its place in the grid, and the trial of this attempt."""

    index: int
    trial_id: int


@dataclass(frozen=True)
class Turn:
    """What a process finds when it asks for work.

    Attributes:
      claim: the point to run, or None.
      finished: how many points are finished.
      elsewhere: the workers of the points that run, by the points' places in the grid.
      abandoned: why points that ran wait again, by their places.
    """

    claim: Claim | None
    finished: int
    elsewhere: dict[int, Worker] = field(default_factory=dict)
    abandoned: dict[int, str] = field(default_factory=dict)


class SearchStudy:
    """The study of one grid; any number of processes may have it open.

    Args:
      storage: where it is kept.
      name: of the study; it is made if it does not exist.
      points: of the grid, each once.
      settings: what all points have in common, JSON values; a study of others is refused.

    Raises:
      UserError: the study exists and is not of these points and settings.
    """

    def __init__(
        self,
        storage: SearchStorage,
        name: str,
        points: Sequence[GridPoint],
        settings: Mapping[str, Any],
    ):
        self._storage = storage
        self._name = name
        self._points = points
        rates = [point.learning_rate for point in points]
        ratios = [point.weight_decay_ratio for point in points]
        self._distributions = {
            "learning_rate": FloatDistribution(min(rates), max(rates), log=True),
            "weight_decay_ratio": FloatDistribution(min(ratios), max(ratios)),
        }
        declared = {"points": [asdict(point) for point in points], "settings": dict(settings)}
        self._declared = json.loads(json.dumps(declared))  # tuples become lists, as in the database
        self._exclusively(self._make)

    def claim(self) -> Turn:
        """Takes the first waiting point, if there is one."""
        return self._exclusively(self._claim)

    def beat(self, claim: Claim) -> None:
        """Says that this process is alive and runs the point."""
        self._storage.rdb.record_heartbeat(claim.trial_id)

    def finish(self, claim: Claim, percent: float | None, reason: str) -> bool:
        """Records a result; see `PointResult`.

        Returns:
          Whether it counts: False if this process was taken for dead and the point given away.
        """

        def record() -> bool:
            rdb = self._storage.rdb
            state = rdb.get_trial(claim.trial_id).state
            if state is not TrialState.RUNNING:
                return state is not TrialState.FAIL
            if percent is None:
                rdb.set_trial_user_attr(claim.trial_id, _DIVERGED, reason)
                rdb.set_trial_state_values(claim.trial_id, TrialState.PRUNED)
            else:
                rdb.set_trial_state_values(claim.trial_id, TrialState.COMPLETE, [percent])
            return True

        return self._exclusively(record)

    def put_back(self, claim: Claim, reason: str) -> None:
        """Lets the point wait again after an attempt that gave no result, at once or not at all."""

        def fail_and_enqueue() -> None:
            if self._storage.rdb.get_trial(claim.trial_id).state is TrialState.RUNNING:
                self._fail(claim.trial_id, reason)
            self._enqueue_missing()

        self._exclusively(fail_and_enqueue, patient=False)

    def results(self) -> list[PointResult]:
        """Returns the results of all points, in their order; all must be finished."""
        trials = self._exclusively(self._trials)
        return [
            PointResult(point, trial.value, trial.user_attrs.get(_DIVERGED, ""))
            for point, trial in zip(self._points, map(trials.get, range(len(trials))), strict=True)
        ]

    def _exclusively(self, action: Callable[[], _T], *, patient: bool = True) -> _T:
        try:
            return self._storage.exclusively(self._name, action, patient=patient)
        except KeyError as error:
            if self._name in optuna.get_all_study_names(self._storage.rdb):
                raise
            raise UserError(
                f"The study {self._name} was deleted from --storage={self._storage.shown} during "
                "the search. Start the search again."
            ) from error

    def _make(self) -> None:
        self._study = optuna.create_study(
            storage=self._storage.rdb,
            study_name=self._name,
            direction="maximize",
            load_if_exists=True,
        )
        self._study_id = self._storage.rdb.get_study_id_from_name(self._name)
        found = self._study.user_attrs.get(_SEARCH)
        if found is None and not self._study.get_trials(deepcopy=False):
            self._study.set_user_attr(_SEARCH, self._declared)
        elif found != self._declared:
            raise UserError(
                f"--storage={self._storage.shown} has a study {self._name} of "
                f"{_difference(found, self._declared)}. Give another --storage, or delete it: "
                f"optuna delete-study --study-name {self._name} --storage URL."
            )

    def _claim(self) -> Turn:
        abandoned = self._fail_abandoned()
        self._enqueue_missing()
        trials = self._trials()
        finished = sum(trial.state.is_finished() for trial in trials.values())
        for index, trial in sorted(trials.items()):
            if trial.state is TrialState.WAITING:
                claim = Claim(index, self._id_of(trial))
                # In this order: a trial that runs without a heartbeat would run for ever.
                rdb = self._storage.rdb
                rdb.set_trial_user_attr(claim.trial_id, _WORKER, asdict(this_process()))
                rdb.record_heartbeat(claim.trial_id)
                rdb.set_trial_state_values(claim.trial_id, TrialState.RUNNING)
                return Turn(claim, finished, abandoned=abandoned)
        running = {i: trial for i, trial in trials.items() if trial.state is TrialState.RUNNING}
        workers = {index: _worker(trial) for index, trial in sorted(running.items())}
        return Turn(None, finished, workers, abandoned)

    def _fail_abandoned(self) -> dict[int, str]:
        """Ends the trials of processes that are gone or have given no sign of life for long."""
        running = {
            index: trial
            for index, trial in self._trials().items()
            if trial.state is TrialState.RUNNING
        }
        abandoned = {}
        for index, trial in running.items():
            worker = _worker(trial)
            if worker.is_known_dead():
                abandoned[index] = f"{worker} died"
                self._fail(self._id_of(trial), abandoned[index])
        if not self._storage.heartbeats_are_doubtful:
            self._storage.fail_stale_trials(self._study)
            for index in running.keys() - self._trials().keys() - abandoned.keys():
                abandoned[index] = f"{_worker(running[index])} gave no sign of life"
        return abandoned

    def _enqueue_missing(self) -> None:
        trials = self._trials()
        for index, point in enumerate(self._points):
            if index not in trials:
                self._study.add_trial(
                    optuna.create_trial(
                        state=TrialState.WAITING,
                        params=asdict(point),
                        distributions=self._distributions,
                        user_attrs={_POINT: index},
                    )
                )

    def _trials(self) -> dict[int, FrozenTrial]:
        """Returns the trial that counts of every point that has one."""
        trials = self._storage.rdb.get_all_trials(self._study_id, deepcopy=False)
        return {
            trial.user_attrs[_POINT]: trial
            for trial in sorted(trials, key=lambda trial: trial.state.is_finished())
            if trial.state is not TrialState.FAIL and _POINT in trial.user_attrs
        }

    def _fail(self, trial_id: int, reason: str) -> None:
        self._storage.rdb.set_trial_user_attr(trial_id, _FAILED, reason)
        self._storage.rdb.set_trial_state_values(trial_id, TrialState.FAIL)

    def _id_of(self, trial: FrozenTrial) -> int:
        return self._storage.rdb.get_trial_id_from_study_id_trial_number(
            self._study_id, trial.number
        )


def _worker(trial: FrozenTrial) -> Worker:
    return Worker(**trial.user_attrs[_WORKER])


def _difference(found: dict[str, Any] | None, declared: dict[str, Any]) -> str:
    """Returns how another search differs from the declared one, in words."""
    if found is None:
        return "another program"
    there, here = found["settings"], declared["settings"]
    differing = [
        f"{name} {there.get(name, 'not given')} instead of {here.get(name, 'not given')}"
        for name in sorted(there.keys() | here.keys())
        if there.get(name) != here.get(name)
    ]
    if differing:
        return f"other settings ({'; '.join(differing)})"
    return f"other points ({len(found['points'])} there, {len(declared['points'])} here)"
