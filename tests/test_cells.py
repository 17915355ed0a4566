"""Many cells in one process: what can run does, what is done is skipped, what lacks is said."""

import json
from pathlib import Path

import pytest

from repro import _cells, _fixed_features, checkpoints, datasets, logistic_regression, networks
from repro.datasets import decoding, pipeline
from tests.commands import Outcome, run_command

NETWORKS = "mobilenet_v1_0.25", "mobilenet_v1_0.5"


@pytest.fixture(scope="module")
def checkpoint_dir(tmp_path_factory) -> Path:
    """Two small networks with the weights they were initialized with."""
    folder = tmp_path_factory.mktemp("checkpoints")
    for name in NETWORKS:
        (folder / name).mkdir()
        checkpoints.write_network(folder / name / "model.ckpt", networks.create(name, 3))
    return folder


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def run(capsys, tmp_path, checkpoint_dir, data_dir):
    def run(*arguments: str) -> Outcome:
        return run_command(
            capsys,
            logistic_regression,
            "--image_size=32",
            "--classifier=knn",
            f"--checkpoint_dir={checkpoint_dir}",
            f"--data_dir={data_dir}",
            f"--results_dir={tmp_path / 'results'}",
            *arguments,
        )

    return run


def test_all_of_table_5_is_156_cells_and_what_each_is_missing_is_said(run):
    outcome = run("--model=all", "--dataset=all")
    assert outcome.status == _cells.MISSING
    assert outcome.last_line == "156 cells: 156 missing something."
    for dataset in ("food101", "flowers", "voc2007"):
        assert f"python -m repro.dataset prepare {dataset}" in outcome.out
    assert "digits" not in outcome.out


def test_a_network_without_a_checkpoint_is_missing_and_the_others_run(run, tmp_path):
    outcome = run("--model=inception_v4,mobilenet_v1_0.25", "--dataset=digits,pets")
    assert outcome.status == _cells.MISSING
    assert outcome.last_line == "4 cells: 1 done, 3 missing something."
    assert "python -m repro.checkpoint fetch inception_v4 --checkpoint_dir=" in outcome.out
    assert "python -m repro.dataset prepare pets" in outcome.out
    (path,) = (tmp_path / "results").glob("knn/*/*/*/metrics.json")
    features = json.loads(path.read_text())["details"]["features"]
    assert set(features) == {"train", "validation", "test"}
    assert features["test"]["images_per_second"] > 0


def test_what_is_done_is_skipped_and_a_cell_s_flags_repeat_that_cell(
    run, capsys, tmp_path, monkeypatch
):
    arguments = f"--model={','.join(NETWORKS)}", "--dataset=digits"
    first = run(*arguments)
    assert (first.status, first.last_line) == (0, "2 cells: 2 done.")
    flag_files = sorted((tmp_path / "results").glob("knn/digits/*/*/flags.txt"))
    for name, flag_file in zip(NETWORKS, flag_files, strict=True):
        assert f"--model={name}\n" in flag_file.read_text()
        assert "--dataset=digits\n" in flag_file.read_text()
    with monkeypatch.context() as patch:
        patch.setattr(_fixed_features, "solve", lambda *_, **__: pytest.fail("run again"))
        again = run(*arguments)
        single = run_command(capsys, logistic_regression, f"--flagfile={flag_files[0]}")
    assert (again.status, again.last_line) == (0, "2 cells: 2 done before.")
    assert "This run is complete" in single.out


def test_a_cell_that_fails_does_not_stop_the_next(run, monkeypatch):
    original = _fixed_features.solve

    def solve(classifier, features, *more, **options):
        if features["train"].shape[1] == 256:  # of the smaller network
            raise ZeroDivisionError("one that nobody expected")
        return original(classifier, features, *more, **options)

    monkeypatch.setattr(_fixed_features, "solve", solve)
    outcome = run(f"--model={','.join(NETWORKS)}", "--dataset=digits")
    assert outcome.status == _cells.FAILED
    assert "failed: one that nobody expected" in outcome.out
    assert "Traceback" in outcome.err
    assert outcome.last_line == "2 cells: 1 done, 1 failed."


def test_data_that_cannot_be_loaded_fail_without_stopping_others(run, monkeypatch):
    original = datasets.load

    def load(dataset, *more):
        if dataset.name == "rendered":
            raise OSError("the disk is gone")
        return original(dataset, *more)

    monkeypatch.setattr(datasets, "prepare", lambda *_, **__: None)
    monkeypatch.setattr(datasets, "load", load)
    outcome = run("--model=mobilenet_v1_0.25", "--dataset=rendered,digits")
    assert outcome.last_line == "2 cells: 1 done, 1 failed."


def test_ctrl_c_stops_all_and_says_what_was_reached(run, monkeypatch):
    monkeypatch.setattr(_fixed_features, "solve", _interrupt)
    outcome = run(f"--model={','.join(NETWORKS)}", "--dataset=digits")
    assert outcome.status == 130
    assert outcome.last_line == "2 cells: 2 not reached."


def _interrupt(*_, **__):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--model=mobilenet_v1_0.25,inception_v9", "--dataset=digits"), ("inception_v9",)),
        (("--model=all", "--dataset=digits,cifar11"), ("cifar11",)),
        (("--model=all", "--dataset=digits", "--checkpoint_path=x"), ("--checkpoint_dir",)),
    ],
)
def test_a_wrong_name_is_told_before_anything_runs(run, arguments, words):
    outcome = run(*arguments)
    assert outcome.status == 2
    for word in words:
        assert word in outcome.err


def test_a_second_classifier_decodes_no_image(run, monkeypatch):
    arguments = "--model=mobilenet_v1_0.25", "--dataset=digits"
    assert run(*arguments).status == 0

    def refuse(*_, **__):
        pytest.fail("an image was decoded")

    monkeypatch.setattr(pipeline, "decode", refuse)
    monkeypatch.setattr(pipeline, "_Contents", refuse)
    monkeypatch.setattr(decoding, "decode_small", refuse)
    monkeypatch.setattr(networks, "create", refuse)
    outcome = run(*arguments, "--classifier=svm", "--max_iterations=3", "--rerun")
    assert outcome.status == 0, outcome.err


def test_without_the_cache_nothing_is_kept(run, tmp_path):
    arguments = "--model=mobilenet_v1_0.25", "--dataset=digits", "--nocache_features"
    assert run(*arguments).status == 0
    assert not (tmp_path / "features").exists()
    chosen = f"--features_dir={tmp_path / 'elsewhere'}"
    assert run("--model=mobilenet_v1_0.25", "--dataset=digits", chosen, "--rerun").status == 0
    assert not (tmp_path / "features").exists()
    assert len(list((tmp_path / "elsewhere").rglob("features.npy"))) == 3
