"""Two processes train one network as one process does, whatever happens to one of them."""

import json
import signal
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from repro.training import history
from tests.processes import Process, Starter, starter

STEPS = 20
SMALL_RUN = "tests.training.small_run"  # without batch normalization, which is per replica
DIGITS = (
    *("--model=mobilenet_v1_0.25", "--dataset=digits", "--image_size=32", "--init=random"),
    *("--steps=12", "--batch_size=8", "--eval_batch_size=63", "--noprogress"),
)


@pytest.fixture(scope="module")
def start(tmp_path_factory) -> Iterator[Starter]:
    with starter(tmp_path_factory.mktemp("outputs"), SMALL_RUN, "repro.finetune") as opened:
        yield opened


@pytest.fixture(scope="module")
def alone(start, tmp_path_factory) -> Path:
    """The folder of an undisturbed run of one process."""
    folder = tmp_path_factory.mktemp("alone") / "run"
    process = start.start(SMALL_RUN, str(folder))
    assert process.wait() == 0, process.text
    return folder


def start_two(
    start: Starter, *command: str, more: Sequence[Sequence[str]] = ((), ())
) -> list[Process]:
    """Starts two workers, the first of them the chief, each with arguments of its own."""
    addresses = [f"localhost:{port}" for port in free_ports(2)]
    return [
        start.start(
            *command,
            "--strategy=multi_worker_mirrored",
            *more[index],
            environment={
                "TF_CONFIG": json.dumps(
                    {
                        "cluster": {"worker": addresses},
                        "task": {"type": "worker", "index": index},
                    }
                )
            },
        )
        for index in range(2)
    ]


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def finish(processes: list[Process], *statuses: int) -> None:
    for process, status in zip(processes, statuses, strict=True):
        assert process.wait() == status, process.text


def assert_same_run(folder: Path, expected: Path) -> None:
    """Losses, weights and logits of every image."""
    losses, expected_losses = (
        [row.loss for row in history.read(each / "history.csv", STEPS)]
        for each in (folder, expected)
    )
    assert len(losses) == STEPS
    np.testing.assert_allclose(losses, expected_losses, rtol=0, atol=1e-5)
    ours, theirs = (np.load(each.with_suffix(".npz")) for each in (folder, expected))
    for name in theirs:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-4, atol=1e-5, err_msg=name)


def test_two_workers_take_the_steps_of_one_process_and_only_the_chief_writes(
    start, alone, tmp_path
):
    places = tmp_path / "chief", tmp_path / "other"
    workers = start_two(start, SMALL_RUN, more=[[str(place)] for place in places])
    finish(workers, 0, 0)
    assert_same_run(places[0], alone)
    of_chief, of_other = (np.load(place.with_suffix(".npz")) for place in places)
    for name in of_chief:
        np.testing.assert_array_equal(of_other[name], of_chief[name], err_msg=name)
    assert (places[0] / "history.csv").exists()
    assert not places[1].exists()


def test_a_run_goes_on_after_a_worker_was_stopped_and_after_one_was_killed(start, alone, tmp_path):
    folder = tmp_path / "run"
    command = SMALL_RUN, str(folder), "--minutes=0"
    stopped = start_two(
        start, *command, more=((), (f"--signal={signal.SIGTERM:d}", "--signal_at=6"))
    )
    finish(stopped, 130, 130)
    for worker in stopped:
        assert "Stopped and saved after step 6." in worker.text
        assert "Traceback" not in worker.text

    survivor, killed = start_two(
        start, *command, more=((), (f"--signal={signal.SIGKILL:d}", "--signal_at=5"))
    )
    finish([survivor, killed], 2, -signal.SIGKILL)
    last = survivor.text.strip().splitlines()[-1]
    assert "Another worker of --strategy=multi_worker_mirrored is gone" in last
    assert "The checkpoint of step 10 is whole." in last
    assert "Traceback" not in survivor.text

    finish(start_two(start, *command), 0, 0)
    assert_same_run(folder, alone)


@pytest.mark.slow
def test_a_worker_that_is_killed_in_the_test_costs_no_training(start, alone, tmp_path):
    folder = tmp_path / "run"
    survivor, killed = start_two(
        start, SMALL_RUN, str(folder), more=((), (f"--signal={signal.SIGKILL:d}", "--die_in_test"))
    )
    finish([survivor, killed], 2, -signal.SIGKILL)
    assert "Traceback" not in survivor.text
    assert "What was trained is saved." in survivor.text.strip().splitlines()[-1]
    finish(start_two(start, SMALL_RUN, str(folder)), 0, 0)
    assert_same_run(folder, alone)


@pytest.mark.slow
def test_workers_that_see_different_checkpoints_are_told_to_share_a_folder(start, tmp_path):
    places = [[str(tmp_path / "chief")], [str(tmp_path / "other")]]
    at_seven = [f"--signal={signal.SIGTERM:d}", "--signal_at=7"]
    finish(start_two(start, SMALL_RUN, more=[[*each, *at_seven] for each in places]), 130, 130)
    again = start_two(start, SMALL_RUN, more=places)
    finish(again, 2, 2)
    for worker in again:
        assert "from different steps (0, 7)" in worker.text
        assert "--results_dir must be one folder" in worker.text


@pytest.mark.slow
def test_the_main_job_tests_each_example_once_with_two_workers(start, tmp_path):
    results = tmp_path / "results"
    command = (
        *("repro.finetune", *DIGITS, f"--data_dir={tmp_path / 'data'}"),
        f"--results_dir={results}",
    )
    one = start.start(*command, f"--results_dir={tmp_path / 'alone'}")
    assert one.wait() == 0, one.text
    stopped = start_two(start, *command, "--checkpoint_minutes=0")
    stopped[1].wait_for(lambda: any(results.glob("*/*/*/*/checkpoints/*.index")))
    stopped[1].kill(signal.SIGTERM)
    finish(stopped, 130, 130)
    finish(start_two(start, *command), 0, 0)

    (folder,) = results.glob("*/*/*/*")
    (expected,) = (tmp_path / "alone").glob("*/*/*/*")
    assert folder.name == expected.name
    predictions, of_one = (
        pd.read_parquet(each / "predictions.parquet") for each in (folder, expected)
    )
    assert predictions["id"].tolist() == of_one["id"].tolist()
    assert predictions["id"].is_unique
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["details"]["replicas"] == 2
    assert metrics["n_test"] == len(predictions) == 599
    assert [row.step for row in history.read(folder / "history.csv", 12)] == list(range(1, 13))
