import optuna
import pytest

from repro import UserError
from repro.training.grid import GridPoint
from repro.training.search import run_search
from tests.training.searches import EXPECTED, POINTS, percent_of, run_here

pytestmark = pytest.mark.usefixtures("no_search_waits_for_ever")


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
