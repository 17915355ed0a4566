"""All runs of a folder become one table; what cannot be in it is named and left out."""

import json
import os
from pathlib import Path

import pytest

from repro import UserError
from repro._files import file_name
from repro.results import RunMetrics
from repro.results.cell_result import PAPER_BUDGET
from repro.results.collection import collect
from tests.results.runs import CELL, write_run

STEPS, BATCH_SIZE = PAPER_BUDGET
FULL = {"steps": STEPS, "batch_size": BATCH_SIZE}


def only_value(results_dir: Path) -> float:
    (cell,) = collect(results_dir).cells
    return cell.value


def touch(folder: Path, seconds: int) -> None:
    os.utime(folder / "metrics.json", (seconds, seconds))


def test_a_folder_that_is_not_there_or_is_empty_has_no_runs(tmp_path):
    for folder in (tmp_path, tmp_path / "absent"):
        found = collect(folder)
        assert (found.cells, found.problems, found.runs, found.incomplete) == ((), (), (), ())


def test_every_run_is_a_row_with_its_folder_and_metrics(tmp_path):
    first = write_run(tmp_path, value=88.8, n_test=3333, n_test_complete=3333)
    second = write_run(tmp_path, dataset="folder:/my data", paper_value=None, value=50.0)
    third = write_run(tmp_path, setting="knn", value=60.0)
    found = collect(tmp_path)
    assert not found.problems
    assert [cell.folder for cell in found.cells] == [first, second, third]
    assert [cell.cell for cell in found.cells][:2] == [
        CELL,
        ("inception_v4", "folder:/my data", "finetune"),
    ]
    assert found.cells[0].metrics == RunMetrics.from_json((first / "metrics.json").read_text())
    frame = found.to_frame()
    assert list(frame["value"]) == [88.8, 50.0, 60.0]
    assert list(frame["folder"]) == [first, second, third]


def test_runs_on_validation_and_of_studies_are_no_cells(tmp_path):
    write_run(tmp_path, "a", eval_split="validation")
    write_run(tmp_path, "b", study="convergence")
    write_run(tmp_path, "c", study="dataset_size", per_class=5, subset=0)
    found = collect(tmp_path)
    assert (found.cells, found.problems) == ((), ())
    assert len(found.runs) == 3


def test_a_run_without_a_result_is_incomplete(tmp_path):
    complete = write_run(tmp_path, "complete")
    (complete / "flags.txt").touch()
    begun = complete.with_name("begun")
    begun.mkdir()
    (begun / "flags.txt").touch()
    assert collect(tmp_path).incomplete == (begun,)


def test_the_newest_of_equal_runs_counts_and_the_others_are_named(tmp_path):
    values = {"a": 90.0, "b": 80.0, "c": 85.0}
    for time, (name, value) in enumerate(values.items()):
        touch(write_run(tmp_path, name, value=value, seed=time), time)
    found = collect(tmp_path)
    assert only_value(tmp_path) == 85.0
    assert found.problems == (
        "3 runs of inception_v4 on aircraft, finetune: c (85.00%) counts, the newest; not b "
        "(80.00%), a (90.00%).",
    )
    touch(tmp_path / "finetune/aircraft/inception_v4/b", 9)
    assert only_value(tmp_path) == 80.0


@pytest.mark.parametrize(
    ("better", "worse", "reason"),
    [
        ({}, {"n_test": 3000}, "on the complete test set"),
        ({"hyperparameters": FULL}, {"hyperparameters": FULL | {"steps": 500}}, "budget"),
        ({"hyperparameters": FULL}, {"hyperparameters": FULL | {"steps": 39_062}}, "budget"),
        ({"details": {"grid": []}}, {"details": {}}, "chosen by a search"),
    ],
)
def test_a_run_nearer_to_the_protocol_counts_before_a_newer_and_better_one(
    tmp_path, better, worse, reason
):
    whole = {"n_test": 3333, "n_test_complete": 3333}
    touch(write_run(tmp_path, "older", value=70.0, **whole | better), 1)
    touch(write_run(tmp_path, "newer", value=90.0, **whole | worse), 2)
    assert only_value(tmp_path) == 70.0
    (problem,) = collect(tmp_path).problems
    assert reason in problem and "newer (90.00%)" in problem


def test_a_copy_of_a_run_is_left_out(tmp_path):
    original = write_run(tmp_path, "original")
    copy = original.with_name("second")
    copy.mkdir()
    (copy / "metrics.json").write_text((original / "metrics.json").read_text())
    found = collect(tmp_path)
    assert [cell.folder for cell in found.cells] == [original]
    assert "inception_v4/second is a copy of original" in found.problems[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "damaged"),
        ("{", "damaged"),
        ("[]", "damaged"),
        ("{}", "has no 'difference'"),
        ('{"difference": 1, "model": "a"}', "damaged"),
        (b"\xff\xfe\x00", "damaged"),
    ],
)
def test_a_file_that_is_no_result_is_named_and_the_rest_goes_on(tmp_path, text, words):
    write_run(tmp_path, "good", value=88.0)
    broken = write_run(tmp_path, "broken")
    (broken / "metrics.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert only_value(tmp_path) == 88.0
    (problem,) = collect(tmp_path).problems
    assert str(broken / "metrics.json") in problem and words in problem


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("value", float("nan")),
        ("value", 100.5),
        ("value", -1.0),
        ("value", "88"),
        ("value", None),
        ("value", True),
        ("n_test", 0),
        ("n_test", 1.5),
        ("n_test_complete", "all"),
        ("setting", "guessing"),
        ("eval_split", "train"),
        ("model", 3),
        ("dataset", ["aircraft"]),
        ("hyperparameters", None),
        ("details", []),
    ],
)
def test_a_field_that_cannot_be_is_named_and_the_rest_goes_on(tmp_path, field, value):
    write_run(tmp_path, "good", value=88.0)
    folder = write_run(tmp_path, "odd")
    fields = json.loads((folder / "metrics.json").read_text())
    (folder / "metrics.json").write_text(json.dumps(fields | {field: value}))
    assert only_value(tmp_path) == 88.0
    (problem,) = collect(tmp_path).problems
    assert "inception_v4/odd/metrics.json" in problem and field in problem


def test_exactly_0_and_100_percent_are_results(tmp_path):
    write_run(tmp_path, value=100.0)
    write_run(tmp_path, dataset="pets", value=0.0)
    assert [cell.value for cell in collect(tmp_path).cells] == [100.0, 0.0]


def test_a_run_that_lies_in_the_folder_of_another_cell_is_left_out(tmp_path):
    folder = write_run(tmp_path)
    moved = tmp_path / "finetune" / "pets" / "inception_v4" / "run"
    moved.parent.mkdir(parents=True)
    folder.rename(moved)
    found = collect(tmp_path)
    assert not found.cells
    assert "is of finetune/aircraft/inception_v4" in found.problems[0]


def test_a_folder_within_a_results_folder_is_refused_with_the_right_one(tmp_path):
    folder = write_run(tmp_path)
    for inner in (folder, *list(folder.parents)[:3]):
        with pytest.raises(UserError, match="lies within a folder of results"):
            collect(inner)


def test_a_file_is_no_results_folder(tmp_path):
    file = tmp_path / "results.csv"
    file.touch()
    with pytest.raises(UserError, match="is a file"):
        collect(file)


def test_the_folder_of_a_made_up_run_is_where_a_real_one_would_be(tmp_path):
    folder = write_run(tmp_path, dataset="folder:/my data")
    expected = Path("finetune", file_name("folder:/my data"), "inception_v4", "run")
    assert folder.relative_to(tmp_path) == expected
