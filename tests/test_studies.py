"""The studies of convergence (Section 4.5) and of the data set's size (4.6) on small data."""

import math

import numpy as np
import pandas as pd
import pytest

from repro import datasets, finetune, logistic_regression
from repro.training import Trainer
from tests.commands import run_command
from tests.datasets.archives_tfds import prepared
from tests.searches import CHECKPOINT, FINETUNED, files_in, grid_of, only_run, runs_in

BATCH = "--batch_size=16"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory) -> str:
    """The flag of a folder in which the digits are prepared once for all tests of this file."""
    return f"--data_dir={tmp_path_factory.mktemp('data')}"


@pytest.fixture
def places(tmp_path, data_dir) -> tuple[str, str]:
    return data_dir, f"--results_dir={tmp_path / 'results'}"


def rate_at(step: int, steps: int, initial: float) -> float:
    """Returns the cosine's learning rate of a step from 1 on (A.5)."""
    return 0.5 * initial * (1 + math.cos(math.pi * (step - 1) / steps))


def test_each_number_of_steps_is_a_run_of_its_own_with_its_own_whole_cosine(
    capsys, tmp_path, places
):
    arguments = (*FINETUNED, BATCH, *places, "--learning_rate=0.05")
    outcome = run_command(capsys, finetune, *arguments, "--steps=2,4,8")
    assert outcome.status == 0, outcome.err
    runs = {
        found["hyperparameters"]["steps"]: (folder, found)
        for folder, found in runs_in(tmp_path / "results")
    }
    assert sorted(runs) == [2, 4, 8]
    for steps, (folder, found) in runs.items():
        assert (found["study"], found["setting"]) == ("convergence", "finetune")
        assert (found["n_train"], found["n_test"]) == (959 + 239, 599)
        history = pd.read_csv(folder / "history.csv")
        assert list(history["step"]) == list(range(1, steps + 1))
        expected = [rate_at(step, steps, 0.05) for step in history["step"]]
        np.testing.assert_allclose(history["learning_rate"], expected, rtol=1e-4)

    # A cell of Table 5 with the same hyperparameters is another run; so is a point given alone.
    before = files_in(tmp_path / "results")
    assert run_command(capsys, finetune, *arguments, "--steps=4").status == 0
    assert {found["study"] for _, found in runs_in(tmp_path / "results", "*steps4*")} == {
        None,
        "convergence",
    }
    point, _ = runs[4]
    alone = run_command(capsys, finetune, f"--flagfile={point / 'flags.txt'}")
    assert "This run is complete" in alone.out
    assert before.items() <= files_in(tmp_path / "results").items()


def test_a_convergence_run_takes_the_choice_of_the_cells_search(capsys, tmp_path, places):
    arguments = (*FINETUNED, BATCH, *places)
    refused = run_command(capsys, finetune, *arguments, "--selected", "--steps=2,3")
    assert refused.status == 2
    for words in ("--selected:", "no complete run with --grid of mobilenet_v1_0.25 on digits"):
        assert words in refused.err
    assert len(refused.err.strip().splitlines()) == 1
    assert not list(runs_in(tmp_path / "results"))

    grid = grid_of("0.02,0.005", "1e-5")
    assert run_command(capsys, finetune, *arguments, *grid, "--steps=3").status == 0
    _, searched = only_run(tmp_path / "results", "*_test_*")
    outcome = run_command(
        capsys, finetune, *arguments, "--selected", "--steps=3,5", "--learning_rate=0.7"
    )
    assert outcome.status == 0, outcome.err
    found = [run for _, run in runs_in(tmp_path / "results") if run["study"] == "convergence"]
    assert [run["hyperparameters"]["steps"] for run in found] == [3, 5]
    for run in found:
        for name in ("learning_rate", "weight_decay_ratio", "l2"):
            assert run["hyperparameters"][name] == searched["hyperparameters"][name]
    random = run_command(capsys, finetune, *arguments, "--selected", "--steps=3,5", "--init=random")
    assert "(random_init)" in random.err  # the choice for another initialization is not taken


def test_a_small_training_set_is_searched_without_a_refit(capsys, tmp_path, places, monkeypatch):
    steps, train_step = [], Trainer.train_step
    monkeypatch.setattr(
        Trainer, "train_step", lambda *arguments: steps.append(1) or train_step(*arguments)
    )
    arguments = (
        *(*FINETUNED, "--batch_size=8", *places, "--per_class=1,2", "--subsets=0,1"),
        *("--steps=3", *grid_of("0.1,0.001", "1e-4")),
    )
    outcome = run_command(capsys, finetune, *arguments)
    assert outcome.status == 0, outcome.err
    assert len(steps) == 4 * 2 * 3  # the points of four searches, and no final run
    tested = list(runs_in(tmp_path / "results", "*_test_*"))
    assert [(run["per_class"], run["subset"]) for _, run in tested] == [
        (1, 0),
        (1, 1),
        (2, 0),
        (2, 1),
    ]
    for folder, run in tested:
        assert run["study"] == "dataset_size"
        assert (run["n_train"], run["n_test"]) == (10 * run["per_class"], 599)
        assert folder.name.startswith(f"n{run['per_class']}_subset{run['subset']}_lr")
        rates = {row["point"]["learning_rate"]: row["percent"] for row in run["details"]["grid"]}
        points = {
            point["hyperparameters"]["learning_rate"]: (path, point)
            for path, point in runs_in(tmp_path / "results", "*_validation_*")
            if (point["per_class"], point["subset"]) == (run["per_class"], run["subset"])
        }
        assert rates == {rate: point["value"] for rate, (_, point) in points.items()}
        assert {point["n_test"] for _, point in points.values()} == {239}
        chosen = run["hyperparameters"]["learning_rate"]
        assert rates[chosen] == max(rates.values())
        # What was tested are the weights of the chosen point; those of the other are gone.
        kept = {rate for rate, (path, _) in points.items() if (path / "checkpoints").exists()}
        assert kept == {chosen}
        assert not (folder / "checkpoints").exists()
        assert run["details"]["final_loss"] == points[chosen][1]["details"]["final_loss"]
    assert len({run["split_sha256"]["train"] for _, run in tested}) == 4

    before = files_in(tmp_path / "results")
    assert run_command(capsys, finetune, *arguments).status == 0
    assert files_in(tmp_path / "results") == before

    # A result of the study is repeated alone by its flags.txt, where it is trained anew.
    folder, run = tested[-1]
    elsewhere = f"--results_dir={tmp_path / 'elsewhere'}"
    alone = run_command(capsys, finetune, f"--flagfile={folder / 'flags.txt'}", elsewhere)
    assert alone.status == 0, alone.err
    repeated, again = only_run(tmp_path / "elsewhere", "*")
    assert repeated.name == folder.name
    assert again["value"] == pytest.approx(run["value"], abs=0.5)
    assert (again["study"], again["per_class"], again["subset"]) == ("dataset_size", 2, 1)


def test_training_lasts_for_the_larger_of_the_steps_and_the_epochs(capsys, tmp_path, places):
    arguments = (*FINETUNED, "--batch_size=8", *places, "--per_class=2", "--subsets=0")
    for flags, steps in (
        (("--steps=3", "--min_epochs=2"), 5),
        (("--steps=6", "--min_epochs=2"), 6),
    ):
        assert run_command(capsys, finetune, *arguments, *flags).status == 0
        folder, run = only_run(tmp_path / "results", f"*_steps{steps}_*")
        assert run["hyperparameters"]["steps"] == steps
        assert len(pd.read_csv(folder / "history.csv")) == steps
        assert f"--steps={steps}" in (folder / "flags.txt").read_text().splitlines()


def test_logistic_regression_is_fitted_to_the_small_set_alone(capsys, tmp_path, places):
    small = "--per_class=1,2", "--subsets=0,1", "--max_iterations=60"
    features = f"--features_dir={tmp_path / 'features'}"
    arguments = ("--model=mobilenet_v1_0.25", "--dataset=digits", "--image_size=32", features)
    arguments = (*arguments, f"--checkpoint_path={CHECKPOINT}", *places, *small)
    outcome = run_command(capsys, logistic_regression, *arguments)
    assert outcome.status == 0, outcome.err
    tested = list(runs_in(tmp_path / "results"))
    assert [(run["per_class"], run["subset"], run["n_train"]) for _, run in tested] == [
        (1, 0, 10),
        (1, 1, 10),
        (2, 0, 20),
        (2, 1, 20),
    ]
    for folder, run in tested:
        assert (run["study"], run["setting"]) == ("dataset_size", "logistic_regression")
        assert run["n_test"] == 599
        details = run["details"]
        chosen = details["l2_values"].index(run["hyperparameters"]["l2"])
        assert details["validation"][chosen] == max(details["validation"])
        assert len(pd.read_parquet(folder / "predictions.parquet")) == 599
    again = run_command(capsys, logistic_regression, *arguments)
    assert again.out.count("This run is complete") == 4

    folder, run = tested[2]
    elsewhere = tmp_path / "elsewhere"
    alone = run_command(
        capsys,
        logistic_regression,
        *(f"--flagfile={folder / 'flags.txt'}", f"--results_dir={elsewhere}"),
    )
    assert alone.status == 0, alone.err
    repeated, again = only_run(elsewhere, "*")
    assert repeated.name == folder.name
    assert again["value"] == pytest.approx(run["value"], abs=0.2)


def test_all_three_settings_of_the_study_are_trained_on_the_same_examples(data_dir):
    spec = datasets.spec("digits")
    train = datasets.load(spec, "train", data_dir.partition("=")[2], None)
    for subset in (0, 1, 2):
        smaller, larger = (datasets.few_per_class(train, n, subset) for n in (2, 4))
        assert list(np.bincount(smaller.labels)) == [2] * 10
        assert smaller.sha256 == datasets.few_per_class(train, 2, subset).sha256
        assert smaller.sha256 != larger.sha256


@pytest.mark.parametrize("command", [finetune, logistic_regression])
def test_a_data_set_with_several_labels_an_image_has_no_such_subsets(capsys, tmp_path, command):
    with prepared("voc2007", tmp_path) as data:
        outcome = run_command(
            capsys,
            command,
            *("--model=mobilenet_v1_0.25", "--dataset=voc2007", f"--data_dir={data}"),
            *(f"--checkpoint_path={CHECKPOINT}", f"--results_dir={tmp_path / 'results'}"),
            "--per_class=1",
        )
    assert outcome.status == 2
    assert "--per_class=1: an image of voc2007 may have several labels" in outcome.err
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [
        (finetune, ("--per_class=1", "--steps=2,4"), ("--steps and --per_class", "two studies")),
        (finetune, ("--per_class=1", "--study=convergence"), ("--study and --per_class",)),
        (finetune, ("--per_class=0",), ("--per_class=0 must be 1 or above",)),
        (finetune, ("--per_class=1,two",), ("--per_class=1,two", "two is not")),
        (finetune, ("--per_class=1", "--subsets=-1"), ("--subsets=-1 must be 0 or above",)),
        (finetune, ("--per_class=999",), ("--per_class=999: class", "Give at most that")),
        (finetune, ("--steps=2,x",), ("--steps=2,x", "x is not")),
        (finetune, ("--steps=",), ("--steps= must be 1 or above", "nothing is not")),
        (finetune, ("--per_class=1", "--subsets="), ("--subsets= must be 0 or above",)),
        (finetune, ("--steps=2,4", "--export_checkpoint=a"), ("--export_checkpoint and --steps",)),
        (
            finetune,
            ("--per_class=1", "--export_checkpoint=a"),
            ("--export_checkpoint and --per_class",),
        ),
        (
            logistic_regression,
            ("--per_class=1", "--classifier=augmented_logistic_regression"),
            ("--per_class is not for --classifier=augmented_logistic_regression",),
        ),
        (logistic_regression, ("--min_epochs=2",), ("--min_epochs=2 is for repro.finetune",)),
        (logistic_regression, ("--per_class=1", "--dataset=digits,pets"), ("studies one cell",)),
    ],
)
def test_a_mistake_in_a_study_gets_one_clear_message(
    capsys, tmp_path, places, command, arguments, words
):
    common = [flag for flag in FINETUNED if flag != "--notensorboard" or command is finetune]
    outcome = run_command(capsys, command, *common, *places, *arguments)
    assert outcome.status == 2
    for word in words:
        assert word in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
    assert not (tmp_path / "results").exists()
