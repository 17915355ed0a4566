"""The main job end to end on small data: what it writes, and what it says to a mistake."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from repro import checkpoints, finetune, networks
from tests.commands import run_command
from tests.datasets.archives import write_aircraft_archive

DIGITS = ("--model=mobilenet_v1_0.25", "--dataset=digits", "--image_size=32", "--init=random")
QUICK = ("--steps=3", "--batch_size=8")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory) -> Path:
    """Prepared once for all tests of this file."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def places(tmp_path, data_dir) -> tuple[str, str]:
    return f"--data_dir={data_dir}", f"--results_dir={tmp_path / 'results'}"


def only_run_folder(tmp_path: Path) -> Path:
    (metrics,) = (tmp_path / "results").glob("*/*/*/*/metrics.json")
    return metrics.parent


def test_a_run_folder_holds_the_result_and_how_to_get_it_again(capsys, tmp_path, places):
    outcome = run_command(capsys, finetune, *DIGITS, *QUICK, *places)
    assert outcome.status == 0, outcome.err
    folder = only_run_folder(tmp_path)
    metrics = json.loads((folder / "metrics.json").read_text())
    predictions = pd.read_parquet(folder / "predictions.parquet")
    history = pd.read_csv(folder / "history.csv")

    assert metrics["setting"] == "random_init"
    assert metrics["n_train"] + metrics["n_test"] == 1797
    assert list(predictions.columns) == ["id", "label", "prediction", "score"]
    assert len(predictions) == metrics["n_test"] == predictions["id"].nunique()
    right = (predictions["label"] == predictions["prediction"]).mean()
    assert metrics["value"] == pytest.approx(100 * right)
    assert metrics["hyperparameters"]["batch_norm_momentum"] == pytest.approx(1 - 10 * 8 / 1198)
    assert set(metrics["split_sha256"]) == {"train+validation", "test"}
    assert list(history["step"]) == [1, 2, 3]
    assert f"{metrics['value']:.2f}% top-1 accuracy" in outcome.last_line

    again = run_command(capsys, finetune, f"--flagfile={folder / 'flags.txt'}", "--rerun")
    assert again.status == 0
    repeated = pd.read_parquet(folder / "predictions.parquet")
    pd.testing.assert_frame_equal(repeated, predictions)


def test_a_complete_run_is_shown_and_not_run_again(capsys, tmp_path, places):
    run_command(capsys, finetune, *DIGITS, *QUICK, *places)
    before = (only_run_folder(tmp_path) / "metrics.json").stat().st_mtime_ns
    outcome = run_command(capsys, finetune, *DIGITS, *QUICK, *places)
    assert outcome.status == 0
    assert "is complete" in outcome.out
    assert (only_run_folder(tmp_path) / "metrics.json").stat().st_mtime_ns == before


def test_validation_trains_on_train_alone(capsys, tmp_path, places):
    arguments = (*DIGITS, *QUICK, *places, "--eval_split=validation")
    assert run_command(capsys, finetune, *arguments).status == 0
    metrics = json.loads((only_run_folder(tmp_path) / "metrics.json").read_text())
    assert set(metrics["split_sha256"]) == {"train", "validation"}
    assert metrics["n_train"] == pytest.approx(4 * metrics["n_test"], abs=10)


def test_inception_v4_on_aircraft_runs_from_the_official_archive(capsys, tmp_path):
    write_aircraft_archive(tmp_path / "manual" / "fgvc-aircraft-2013b.tar.gz")
    checkpoints.write_network(
        tmp_path / "inception_v4" / "model.ckpt",
        networks.create("inception_v4", 1001, auxiliary_head=True),
    )
    arguments = (
        "--model=inception_v4",
        "--dataset=aircraft",
        f"--manual_dir={tmp_path / 'manual'}",
        f"--data_dir={tmp_path / 'data'}",
        f"--results_dir={tmp_path / 'results'}",
        f"--checkpoint_path={tmp_path / 'inception_v4'}",
        "--allow_partial",
        "--steps=2",
        "--batch_size=2",
    )
    outcome = run_command(capsys, finetune, *arguments)
    assert outcome.status == 0, outcome.err
    assert "of 3,333 test images" in outcome.last_line
    metrics = json.loads((only_run_folder(tmp_path) / "metrics.json").read_text())
    assert metrics["metric"] == "mean_per_class"
    assert metrics["paper_value"] == 89.3
    assert metrics["hyperparameters"]["auxiliary_weight"] == 0.4
    assert re.search(
        r"mean per-class accuracy on .* \(paper: 89.3%, difference: ", outcome.last_line
    )
    refused = run_command(capsys, finetune, *arguments, "--require_full")
    assert refused.status == 2
    assert "of 3,333 images" in refused.err


def test_without_data_or_checkpoint_one_screen_says_what_to_fetch_and_where(capsys, tmp_path):
    outcome = run_command(
        capsys,
        finetune,
        "--model=inception_v4",
        "--dataset=aircraft",
        f"--data_dir={tmp_path / 'data'}",
        f"--checkpoint_dir={tmp_path / 'checkpoints'}",
    )
    assert outcome.status == 2
    for part in (
        "inception_v4_2016_09_09.tar.gz",
        "272a2b24f68b2e51f3081479df075dd62b019ccda630e998fb7f6cf314c0f304",
        "http://download.tensorflow.org/models/inception_v4_2016_09_09.tar.gz",
        str(tmp_path / "checkpoints"),
        "fgvc-aircraft-2013b.tar.gz",
        "--manual_dir",
    ):
        assert part in outcome.err
    assert len(outcome.err.splitlines()) <= 40
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--model=mobilnet_v1", "--dataset=digits"), ("--model=mobilnet_v1", "mobilenet_v1")),
        (("--model=mobilenet_v1", "--dataset=digit"), ("--dataset=digit", "Did you mean digits")),
        (("--dataset=digits",), ("--model is required",)),
        ((*DIGITS, "--learning_rate=0"), ("--learning_rate=0",)),
        ((*DIGITS, "--image_size=3", "--steps=0"), ("--steps=0",)),
        (("--model=mobilenet_v1", "--dataset=digits", "--checkpoint_path=/no"), ("/no",)),
        ((*DIGITS, "--auxiliary_weight=0.4"), ("mobilenet_v1_0.25", "auxiliary head")),
        ((*DIGITS, "extra"), ("extra",)),
    ],
)
def test_a_mistake_gets_one_clear_message(capsys, places, arguments, words):
    outcome = run_command(capsys, finetune, *arguments, *places)
    assert outcome.status == 2
    for word in words:
        assert word in outcome.err
    assert len(outcome.err.strip().splitlines()) <= 12


def test_an_unwritable_results_folder_is_named_before_any_work(capsys, tmp_path, data_dir):
    (tmp_path / "results").write_text("a file where the folder should be")
    outcome = run_command(
        capsys,
        finetune,
        *DIGITS,
        f"--data_dir={data_dir}",
        f"--results_dir={tmp_path / 'results'}",
    )
    assert outcome.status == 2
    assert str(tmp_path / "results") in outcome.err
    assert "--results_dir" in outcome.err


@pytest.mark.parametrize(
    "how", [pytest.param(signal.SIGINT, marks=pytest.mark.slow), signal.SIGKILL]
)
def test_a_run_that_was_stopped_goes_on_with_the_same_command(tmp_path, data_dir, how):
    command = [
        *(sys.executable, "-m", "repro.finetune", *DIGITS, "--noprogress"),
        *("--steps=60", "--batch_size=8", "--checkpoint_minutes=0.001"),
        *(f"--data_dir={data_dir}", f"--results_dir={tmp_path / 'results'}"),
    ]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    while not list(tmp_path.glob("results/*/*/*/*/checkpoints/checkpoint")):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)
    os.kill(process.pid, how)
    _, errors = process.communicate(timeout=120)
    assert "Traceback" not in errors
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert "The same command goes on from there" in errors
    assert not list(tmp_path.glob("results/*/*/*/*/metrics.json"))

    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    history = pd.read_csv(only_run_folder(tmp_path) / "history.csv")
    assert history["step"].iloc[-1] == 60
    assert history["step"].is_monotonic_increasing
    assert history["step"].is_unique
