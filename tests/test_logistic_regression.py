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


def result(tmp_path: Path) -> dict:
    (path,) = (tmp_path / "results").glob("logistic_regression/*/*/*/metrics.json")
    return json.loads(path.read_text())


@pytest.mark.parametrize("eval_split", ["test", "validation"])
def test_lambda_is_chosen_on_validation_and_refitted_for_the_test(
    capsys, tmp_path, checkpoint, eval_split
):
    outcome = run_command(
        capsys,
        logistic_regression,
        "--model=mobilenet_v1_0.25",
        "--dataset=digits",
        "--image_size=32",
        f"--checkpoint_path={checkpoint}",
        f"--data_dir={tmp_path / 'data'}",
        f"--results_dir={tmp_path / 'results'}",
        f"--eval_split={eval_split}",
        "--max_iterations=60",
    )
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
