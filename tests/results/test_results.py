"""A run folder is complete or not, and never half of either."""

import json

import numpy as np
import pandas as pd
import pytest

from repro import UserError
from repro.results import Predictions, RunFolder, RunMetrics
from repro.results.reading import closing_table, read_runs

SETTINGS = {"steps": 10, "seed": 0, "eval_split": "test"}


def metrics(**changes) -> RunMetrics:
    values = {
        "model": "inception_v4",
        "dataset": "aircraft",
        "setting": "finetune",
        "metric": "mean_per_class",
        "value": 88.8125,
        "eval_split": "test",
        "n_test": 3333,
        "n_train": 6667,
        "paper_value": 89.3,
        "hyperparameters": {"learning_rate": 0.01},
        "seed": 0,
        "split_sha256": {"test": "abc"},
        "checkpoint_sha256": None,
        "seconds": 1.5,
    }
    return RunMetrics(**(values | changes))


def predictions() -> Predictions:
    scores = np.array([[0.1, 0.9], [2.0, 2.0], [3.0, -1.0]], np.float32)
    return Predictions(np.array(["a", "b", "c"]), np.array([1, 1, 0]), scores)


@pytest.fixture
def folder(tmp_path) -> RunFolder:
    made = RunFolder(tmp_path, "finetune", "aircraft", "inception_v4", SETTINGS, {"steps": "steps"})
    made.create()
    return made


def test_metrics_json_has_the_designs_fields_and_comes_back_the_same():
    fields = json.loads(metrics().to_json())
    assert fields["difference"] == pytest.approx(-0.4875)
    assert {
        "model",
        "dataset",
        "setting",
        "metric",
        "value",
        "n_test",
        "n_train",
        "paper_value",
    } | {
        "hyperparameters",
        "seed",
        "split_sha256",
        "checkpoint_sha256",
        "versions",
        "seconds",
    } <= set(fields)
    assert RunMetrics.from_json(metrics().to_json()) == metrics()


def test_what_a_result_was_measured_on_is_said_where_images_are_missing():
    partial = metrics(n_test=1855, n_test_complete=2443)
    assert "on 1,855 of 2,443 test images" in str(partial)
    assert "on 3,333 test images" in str(metrics(n_test_complete=3333))


def test_the_line_of_a_result_names_the_papers_number_only_for_the_test():
    assert str(metrics()).endswith("3,333 test images (paper: 89.3%, difference: -0.5)")
    assert "no such cell" in str(metrics(paper_value=None))
    assert "test results only" in str(metrics(eval_split="validation"))


def test_the_folder_is_named_by_its_settings(tmp_path, folder):
    assert folder.path.parent == tmp_path / "finetune" / "aircraft" / "inception_v4"
    assert folder.path.name.startswith("steps10_")
    other = RunFolder(tmp_path, "finetune", "aircraft", "inception_v4", SETTINGS | {"seed": 1})
    assert other.path != folder.path


def test_a_run_is_complete_once_its_result_is_written(folder):
    assert folder.metrics is None
    folder.write_result(metrics(), predictions())
    assert folder.metrics == metrics()
    table = pd.read_parquet(folder.path / "predictions.parquet")
    assert table.to_dict("list") == {
        "id": ["a", "b", "c"],
        "label": [1, 1, 0],
        "prediction": [1, 0, 0],
        "score": pytest.approx([0.9, 2.0, 3.0]),
    }


def test_a_crash_while_writing_leaves_the_old_state(folder, monkeypatch):
    folder.write_result(metrics(), predictions())
    before = {path.name: path.read_bytes() for path in folder.path.iterdir()}

    def crash(_, path):
        path.write_text("half a fi")
        raise KeyboardInterrupt

    monkeypatch.setattr(Predictions, "write", crash)
    with pytest.raises(KeyboardInterrupt):
        folder.write_result(metrics(value=1.0), predictions())
    assert {path.name: path.read_bytes() for path in folder.path.iterdir()} == before


def test_several_labels_are_kept_with_all_their_scores(tmp_path):
    labels = np.array([[1, 0, -1], [-1, -1, 1]])
    scores = np.arange(6, dtype=np.float32).reshape(2, 3)
    path = tmp_path / "predictions.parquet"
    Predictions(np.array(["x", "y"]), labels, scores).write(path)
    table = pd.read_parquet(path)
    np.testing.assert_array_equal(np.stack(table["labels"]), labels)
    np.testing.assert_array_equal(np.stack(table["scores"]), scores)


def test_a_folder_that_cannot_be_made_names_the_flag(tmp_path):
    (tmp_path / "finetune").write_text("in the way")
    with pytest.raises(UserError, match=r"finetune.*--results_dir"):
        RunFolder(tmp_path, "finetune", "aircraft", "inception_v4", SETTINGS).create()


def test_the_closing_table_shows_all_runs_of_the_cell(tmp_path, folder):
    folder.write_result(metrics(), predictions())
    for setting, value in (("logistic_regression", 46.3), ("random_init", 12.0)):
        other = RunFolder(tmp_path, setting, "aircraft", "inception_v4", SETTINGS)
        other.create()
        other.write_result(metrics(setting=setting, value=value), predictions())
    assert [run.setting for _, run in read_runs(tmp_path, "aircraft", "inception_v4")] == [
        "logistic_regression",
        "finetune",
        "random_init",
    ]
    lines = closing_table(tmp_path, folder.path, metrics()).splitlines()
    (marked,) = [line for line in lines if line.startswith("->")]
    assert "fine-tuned" in marked
    assert "88.81%" in marked
    assert len(lines) == 7
