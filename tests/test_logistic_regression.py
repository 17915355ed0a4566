"""The fixed-feature setting end to end, and the published cell that can be run from real data."""

import json
from pathlib import Path

import pytest

from repro import checkpoints, logistic_regression, networks
from tests.commands import run_command
from tests.shared import shared_path


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    """A small network with the weights it was initialized with."""
    path = tmp_path_factory.mktemp("checkpoint") / "model.ckpt"
    checkpoints.write_network(path, networks.create("mobilenet_v1_0.25", 1001))
    return path


def result(tmp_path: Path, setting: str = "logistic_regression") -> dict:
    (path,) = (tmp_path / "results").glob(f"{setting}/*/*/*/metrics.json")
    return json.loads(path.read_text())


def digits(tmp_path: Path, checkpoint: Path, *more: str) -> tuple[str, ...]:
    return (
        "--model=mobilenet_v1_0.25",
        "--dataset=digits",
        "--image_size=32",
        f"--checkpoint_path={checkpoint}",
        f"--data_dir={tmp_path / 'data'}",
        f"--results_dir={tmp_path / 'results'}",
        *more,
    )


@pytest.mark.parametrize("eval_split", ["test", "validation"])
def test_lambda_is_chosen_on_validation_and_refitted_for_the_test(
    capsys, tmp_path, checkpoint, eval_split
):
    more = f"--eval_split={eval_split}", "--max_iterations=60"
    outcome = run_command(capsys, logistic_regression, *digits(tmp_path, checkpoint, *more))
    assert outcome.status == 0, outcome.err
    metrics = result(tmp_path)
    details = metrics["details"]
    best = max(details["validation"])
    chosen = details["l2_values"].index(metrics["hyperparameters"]["l2"])
    assert details["validation"][chosen] == best
    assert best not in details["validation"][chosen + 1 :]  # of equals, the largest lambda
    assert len(details["iterations"]) == len(details["converged"]) == 45
    if eval_split == "test":
        assert metrics["n_train"] == 959 + 239
        assert set(metrics["split_sha256"]) == {"train", "validation", "test"}
    else:
        assert metrics["n_train"] == 959
        assert metrics["value"] == pytest.approx(best)
        assert "refit" not in details


@pytest.mark.parametrize("classifier", ["svm", "knn"])
def test_the_other_classifiers_of_appendix_b_are_settings_of_their_own(
    capsys, tmp_path, checkpoint, classifier
):
    more = f"--classifier={classifier}", "--eval_split=validation", "--max_iterations=60"
    outcome = run_command(capsys, logistic_regression, *digits(tmp_path, checkpoint, *more))
    assert outcome.status == 0, outcome.err
    metrics = result(tmp_path, classifier)
    assert metrics["value"] == pytest.approx(max(metrics["details"]["validation"]))
    assert metrics["paper_value"] is None
    if classifier == "svm":
        hyperparameters = metrics["hyperparameters"]
        assert hyperparameters["C"] == pytest.approx(1 / hyperparameters["l2"])
        assert "nearest" not in outcome.last_line and "SVM" in outcome.last_line
    else:
        assert metrics["hyperparameters"]["k"] in metrics["details"]["k_values"]


def test_training_on_augmented_images_chooses_an_l2_and_starts_again_on_all(
    capsys, tmp_path, checkpoint
):
    more = "--classifier=augmented_logistic_regression", "--steps=3", "--batch_size=16"
    outcome = run_command(capsys, logistic_regression, *digits(tmp_path, checkpoint, *more))
    assert outcome.status == 0, outcome.err
    metrics = result(tmp_path, "augmented_logistic_regression")
    assert len(metrics["details"]["validation"]) == 11
    assert metrics["hyperparameters"]["l2"] in metrics["details"]["l2_values"]
    assert metrics["hyperparameters"]["steps"] == 3
    assert metrics["n_train"] == 959 + 239
    assert "train+validation" in metrics["split_sha256"]
    (folder,) = (tmp_path / "results").glob("augmented_logistic_regression/*/*/*")
    for run in (folder / "choosing_l2", folder):
        assert (run / "history.csv").read_text().count("\n") == 4
    again = run_command(capsys, logistic_regression, *digits(tmp_path, checkpoint, *more))
    assert "is complete" in again.out


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--min_epochs=2",), ("--min_epochs=2", "repro.finetune")),
        (("--classifier=augmented_logistic_regression", "--steps=0"), ("--steps=0 must be",)),
    ],
)
def test_a_flag_that_means_nothing_is_refused(capsys, tmp_path, checkpoint, more, words):
    outcome = run_command(capsys, logistic_regression, *digits(tmp_path, checkpoint, *more))
    assert outcome.status == 2
    for word in words:
        assert word in outcome.err


def test_the_quickstarts_flag_file_is_for_this_command_too(capsys, tmp_path):
    outcome = run_command(
        capsys,
        logistic_regression,
        *("--flagfile=flags/quickstart.flags", "--image_size=32", "--eval_split=validation"),
        *(f"--data_dir={tmp_path / 'data'}", f"--results_dir={tmp_path / 'results'}"),
        *("--classifier=knn", "--steps=5"),
    )
    assert outcome.status == 0, outcome.err
    assert "Not used: --steps=5, --batch_size=32, " in outcome.out
    assert result(tmp_path, "knn")["checkpoint_sha256"] is not None


@pytest.mark.slow
def test_caltech101_with_the_real_checkpoint_is_what_the_original_code_gives(capsys, tmp_path):
    """The original code and scikit-learn gave 84.9, 84.7 and 84.6 on three random splits."""
    outcome = run_command(
        capsys,
        logistic_regression,
        "--model=mobilenet_v1_0.25",
        "--dataset=caltech101",
        f"--manual_dir={shared_path('data/caltech101')}",
        f"--checkpoint_path={shared_path('checkpoints/mobilenet_v1_0.25_224')}",
        f"--data_dir={tmp_path / 'data'}",
        f"--results_dir={tmp_path / 'results'}",
    )
    assert outcome.status == 0, outcome.err
    metrics = result(tmp_path)
    assert metrics["n_test"] == 6084
    assert metrics["value"] == pytest.approx(84.7, abs=1.0)
    assert metrics["details"]["refit"]["converged"]
