"""finetune --grid end to end: what it leaves, what it does again, and several processes."""

import io
import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from absl import flags
from absl.testing import flagsaver

from repro import _command, finetune
from repro.training import Trainer
from repro.training.step_trainer import StepTrainer
from tests.commands import run_command
from tests.postgresql import postgresql_server
from tests.searches import FINETUNED, files_in, grid_of, only_run, runs_in, shell

RATES, RATIOS = ("0.01", "0.1", "1e38"), ("0.0", "0.0001")
STEPS = 6
SMALL = (*FINETUNED, f"--steps={STEPS}", "--batch_size=16")
GRID = grid_of(",".join(RATES), ",".join(RATIOS))
SECONDS = 240  # enough for anything that is waited for here; nothing is timed


@dataclass(frozen=True)
class Search:
    """A search that is complete: its folders, what it printed, how often a step was traced."""

    data: Path
    results: Path
    out: str
    traces: int

    @property
    def places(self) -> tuple[str, str]:
        return f"--data_dir={self.data}", f"--results_dir={self.results}"


@pytest.fixture(scope="module")
def search(tmp_path_factory) -> Search:
    """Six points of which two diverge, the final run and its test."""
    folder = tmp_path_factory.mktemp("search")
    traced, step = [], StepTrainer._distributed_train_step
    with pytest.MonkeyPatch.context() as patch, flagsaver.flagsaver():
        patch.setattr(
            StepTrainer,
            "_distributed_train_step",
            lambda *arguments: traced.append(1) or step(*arguments),
        )
        flags.FLAGS.unparse_flags()
        places = f"--data_dir={folder / 'data'}", f"--results_dir={folder / 'results'}"
        words = flags.FLAGS(["finetune", "--noprogress", *SMALL, *GRID, *places])
        with redirect_stdout(io.StringIO()) as out:
            assert _command.execute(finetune.main, words) == 0
    return Search(folder / "data", folder / "results", out.getvalue(), len(traced))


def point_of(metrics: dict) -> tuple[float, float]:
    chosen = metrics["hyperparameters"]
    return chosen["learning_rate"], chosen["weight_decay_ratio"]


def grid_in(metrics: dict) -> dict[tuple[float, float], float | None]:
    """Returns the percentage of each point that metrics.json names."""
    rows = metrics["details"]["grid"]
    found = {
        (row["point"]["learning_rate"], row["point"]["weight_decay_ratio"]): row["percent"]
        for row in rows
    }
    assert len(found) == len(rows)
    return found


def test_every_point_is_a_run_of_its_own_on_validation(search):
    points = dict(runs_in(search.results, "*_validation_*"))
    assert len(points) == 4  # and two diverged
    for folder, metrics in points.items():
        assert (metrics["n_train"], metrics["n_test"]) == (959, 239)
        assert set(metrics["split_sha256"]) == {"train", "validation"}
        assert metrics["study"] is None
        assert list(pd.read_csv(folder / "history.csv")["step"]) == list(range(1, STEPS + 1))
        rate, ratio = point_of(metrics)
        assert folder.name.startswith(f"lr{rate}_wd{ratio}_steps{STEPS}_batch16_seed0_validation_")


def test_the_best_point_is_trained_again_on_train_and_validation_and_tested_once(search):
    points = {point_of(found): found["value"] for _, found in runs_in(search.results, "*_valid*")}
    _, final = only_run(search.results, "*_test_*")
    assert (final["n_train"], final["n_test"]) == (959 + 239, 599)
    assert set(final["split_sha256"]) == {"train", "validation", "train+validation", "test"}
    chosen = point_of(final)
    assert points[chosen] == max(points.values())
    ties = [point for point, value in points.items() if value == points[chosen]]
    assert chosen == min(ties)
    assert final["hyperparameters"]["l2"] == pytest.approx(chosen[1] / chosen[0])


def test_the_result_names_every_point_and_why_it_diverged(search):
    _, final = only_run(search.results, "*_test_*")
    found = grid_in(final)
    assert sorted(found) == [(float(a), float(b)) for a in RATES for b in RATIOS]
    for _, metrics in runs_in(search.results, "*_validation_*"):
        assert found[point_of(metrics)] == metrics["value"]
    assert [point for point, percent in found.items() if percent is None] == [
        (1e38, 0.0),
        (1e38, 1e-4),
    ]
    reasons = [row["reason"] for row in final["details"]["grid"]]
    assert [reason != "" for reason in reasons] == [False] * 4 + [True] * 2
    assert "the loss is nan" in reasons[-1]
    assert search.out.count(") diverged: ") == 2
    assert point_of(final)[0] < 1


def test_the_step_is_compiled_once_for_all_points(search):
    assert search.traces == 2  # the points' network, and the final run's


def test_points_give_their_disk_space_back_and_the_final_run_keeps_its_weights(search):
    folders = {path.parent.name for path in search.results.glob("*/*/*/*/checkpoints")}
    final, _ = only_run(search.results, "*_test_*")
    assert folders == {final.name}


def test_the_same_command_again_does_nothing_new(capsys, search):
    before = files_in(search.results)
    outcome = run_command(capsys, finetune, *SMALL, *GRID, *search.places)
    assert outcome.status == 0, outcome.err
    assert "This run is complete" in outcome.out
    assert "begins" not in outcome.out
    assert files_in(search.results) == before
    assert outcome.last_line == search.out.strip().splitlines()[-1]


def test_a_dry_run_prints_points_and_cost_and_writes_nothing(capsys, tmp_path, search):
    results = f"--results_dir={tmp_path / 'results'}"
    outcome = run_command(capsys, finetune, *SMALL, *GRID, *search.places, results, "--dry_run")
    assert outcome.status == 0, outcome.err
    rows = [line.split() for line in outcome.out.splitlines() if "_validation_" in line]
    assert [(float(rate), float(ratio)) for rate, ratio, *_ in rows] == [
        (float(rate), float(ratio)) for rate in RATES for ratio in RATIOS
    ]
    assert {row[3] for row in rows} == {"-"}
    assert f"6 points x {STEPS} steps x 16 images = 576 images" in outcome.last_line
    assert not (tmp_path / "results").exists()


def test_a_dry_run_after_the_search_finds_nothing_to_be_done(capsys, search):
    before = files_in(search.results)
    outcome = run_command(capsys, finetune, *SMALL, *GRID, *search.places, "--dry_run")
    assert "To be done: 0 points" in outcome.last_line
    assert "images/s" in outcome.last_line
    assert outcome.out.count("diverged") == 2
    for _, metrics in runs_in(search.results, "*_validation_*"):
        assert f" {metrics['value']:.2f}% " in outcome.out
    assert files_in(search.results) == before


def test_a_search_whose_database_is_gone_trains_no_point_again(capsys, tmp_path, search):
    results = tmp_path / "results"
    shutil.copytree(search.results, results)
    for path in results.glob("grids.db*"):
        path.unlink()
    before = files_in(results)
    places = search.places[0], f"--results_dir={results}"
    outcome = run_command(capsys, finetune, *SMALL, *GRID, *places)
    assert outcome.status == 0, outcome.err
    assert outcome.out.count("begins") == 6
    assert files_in(results) == before


@pytest.mark.parametrize("pattern", ["lr0.1_wd0.0001_*_validation_*", "*_test_*"])
def test_flags_txt_of_a_point_and_of_the_final_run_repeat_them_alone(
    capsys, tmp_path, search, pattern
):
    results = tmp_path / "results"
    shutil.copytree(search.results, results)
    folder, before = only_run(results, pattern)
    others = {name: at for name, at in files_in(results).items() if folder.name not in name}
    predicted = pd.read_parquet(folder / "predictions.parquet")
    arguments = f"--results_dir={results}", f"--flagfile={folder / 'flags.txt'}", "--rerun"
    with pytest.MonkeyPatch.context() as patch:
        steps = count_steps(patch)
        outcome = run_command(capsys, finetune, *arguments)
    assert outcome.status == 0, outcome.err
    assert len(steps) == STEPS  # it is trained again, and not only tested
    repeated, after = only_run(results, pattern)
    assert repeated == folder
    same = ("eval_split", "hyperparameters", "n_train", "n_test", "setting", "study", "seed")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert after["value"] == pytest.approx(before["value"])
    assert after["details"].get("grid") == before["details"].get("grid")
    assert {k: v for k, v in files_in(results).items() if folder.name not in k} == others
    again = pd.read_parquet(folder / "predictions.parquet")
    pd.testing.assert_frame_equal(again, predicted, rtol=1e-3, atol=1e-3)


def test_flags_txt_has_no_database_in_it_whose_password_could_be_read(search):
    for path in search.results.glob("*/*/*/*/flags.txt"):
        names = {line.partition("=")[0] for line in path.read_text().splitlines()}
        assert not names & {"--storage", "--grid", "--grid_learning_rates", "--dry_run"}


def count_steps(patch: pytest.MonkeyPatch, stop_at: int = 0) -> list[int]:
    """Collects a number for each training step; sends this process SIGTERM at one of them."""
    steps, train_step = [], Trainer.train_step

    def counted(trainer, images, labels):
        steps.append(len(steps) + 1)
        if len(steps) == stop_at:
            os.kill(os.getpid(), signal.SIGTERM)
        return train_step(trainer, images, labels)

    patch.setattr(Trainer, "train_step", counted)
    return steps


def test_a_search_that_was_stopped_goes_on_where_it_was(capsys, tmp_path, search, monkeypatch):
    places = search.places[0], f"--results_dir={tmp_path / 'results'}"
    with monkeypatch.context() as patch:
        steps = count_steps(patch, stop_at=STEPS + 2)
        stopped = run_command(capsys, finetune, *SMALL, *GRID, *places)
    assert stopped.status == _command.INTERRUPTED
    assert len(steps) == STEPS + 2
    assert "Point 2 of 6 (learning rate 0.01, ratio 0.0001) waits again" in stopped.out
    assert "Stopped and saved after step 2" in stopped.err
    assert len(list(runs_in(tmp_path / "results"))) == 1

    steps = count_steps(monkeypatch)
    finished = run_command(capsys, finetune, *SMALL, *GRID, *places)
    assert finished.status == 0, finished.err
    assert "Point 1 of 6" not in finished.out
    # The rest of the second point, two more, two that diverge after some steps, the final run.
    assert 4 + 2 * STEPS + 2 * 2 + STEPS <= len(steps) <= 4 + 5 * STEPS
    _, ours = only_run(tmp_path / "results", "*_test_*")
    _, uninterrupted = only_run(search.results, "*_test_*")
    assert grid_in(ours) == pytest.approx(grid_in(uninterrupted), abs=0.5)
    assert point_of(ours) == point_of(uninterrupted)


def test_where_all_points_diverge_one_sentence_says_so(capsys, tmp_path, search):
    places = search.places[0], f"--results_dir={tmp_path}"
    outcome = run_command(capsys, finetune, *SMALL, *grid_of("1e38,2e38", "0"), *places)
    assert outcome.status == 2
    assert "Every one of the grid's 2 points diverged" in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
    assert not list(runs_in(tmp_path))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--grid_learning_rates=0.1,fast", "--grid"), ("--grid_learning_rates=0.1,fast", "fast")),
        (("--grid_learning_rates=0.1,,1", "--grid"), ("nothing is not a number",)),
        (("--grid_learning_rates=0,1", "--grid"), ("learning rates must be", "above 0, not 0")),
        (("--grid_learning_rates=nan", "--grid"), ("learning rates must be", "not nan")),
        (("--grid_learning_rates=0.1,1e-1", "--grid"), ("repeat 0.1",)),
        (("--grid_weight_decay_ratios=-1", "--grid"), ("0 or above, not -1",)),
        (("--grid_learning_rates=0.1",), ("--grid_learning_rates is of a search", "--grid")),
        (("--grid_weight_decay_ratios=0",), ("--grid_weight_decay_ratios", "--grid")),
        (("--storage=sqlite:///a.db",), ("--storage is of a search", "--grid")),
        (("--storage=mysql://host/a", "--grid"), ("--storage cannot be of the kind mysql",)),
        (("--storage=here", "--grid"), ("--storage is not a URL",)),
        (("--storage=sqlite:////no/such/folder/a.db", "--grid"), ("does not exist",)),
        (("--storage=postgresql://u:secret@localhost:1/a", "--grid"), ("--storage=postgresql",)),
        (("--grid", "--selected"), ("--grid and --selected cannot be used together",)),
        (("--dry_run",), ("--dry_run says what --grid would run",)),
    ],
)
def test_a_mistake_in_a_search_gets_one_clear_message(
    capsys, tmp_path, search, monkeypatch, arguments, words
):
    monkeypatch.setattr("repro.training.search_storage.OUTAGE_SECONDS", 0)
    places = search.places[0], f"--results_dir={tmp_path}"
    outcome = run_command(capsys, finetune, *SMALL, *places, *arguments)
    assert outcome.status == 2
    for word in words:
        assert word in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
    assert "secret" not in outcome.err
    assert not list(tmp_path.glob("*/*/*/*/flags.txt"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def storage(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """The flags of an empty database, which for SQLite is the default one."""
    if request.param == "sqlite":
        yield []
    else:
        with postgresql_server() as server:
            yield [f"--storage={server.create_database()}"]


def test_two_processes_share_a_search_and_one_takes_up_what_the_other_began(
    tmp_path, search, capsys, storage
):
    results = tmp_path / "results"
    # One point is the best by far, so that no rounding of another thread count changes the choice.
    small = (*FINETUNED, "--steps=20", "--batch_size=16", *grid_of("0.1,0.0001", "0.0,1.0"))
    command = shell(*small, search.places[0], "--checkpoint_minutes=0.0001", *storage)
    command.append(f"--results_dir={results}")
    victim, survivor = (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    )
    try:
        begun = wait_for_a_checkpoint_of(victim, results)
        victim.send_signal(signal.SIGKILL)
        victim.communicate()
        out, errors = survivor.communicate(timeout=SECONDS)
    finally:
        for process in (victim, survivor):
            process.kill()
            process.wait()
    assert survivor.returncode == 0, errors
    assert f"process {victim.pid} on " in out and "died" in out
    assert f"Run folder: {begun}" in out  # its point is taken up
    _, final = only_run(results, "*_test_*")
    found = grid_in(final)
    points = Counter(point_of(metrics) for _, metrics in runs_in(results, "*_validation_*"))
    assert points == dict.fromkeys(found, 1)
    assert sorted(found) == [(1e-4, 0.0), (1e-4, 1.0), (0.1, 0.0), (0.1, 1.0)]
    history = pd.read_csv(begun / "history.csv")
    assert list(history["step"]) == list(range(1, 21))

    alone = tmp_path / "alone"
    places = search.places[0], f"--results_dir={alone}"
    outcome = run_command(capsys, finetune, *small, *places)
    assert outcome.status == 0, outcome.err
    _, expected = only_run(alone, "*_test_*")
    assert point_of(final) == point_of(expected) == (0.1, 0.0)
    assert found == pytest.approx(grid_in(expected), abs=5)


def wait_for_a_checkpoint_of(process: subprocess.Popen, results: Path) -> Path:
    """Returns the folder of the point that a process runs, once it has saved a checkpoint there."""
    give_up = time.monotonic() + SECONDS
    for line in process.stdout:
        if line.startswith("Run folder: "):
            folder = Path(line.removeprefix("Run folder: ").strip())
            assert results in folder.parents
            break
    else:
        raise AssertionError(process.stderr.read())
    while not (folder / "checkpoints" / "checkpoint").exists():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < give_up
        time.sleep(0.01)
    return folder
