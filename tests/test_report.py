"""Figure 1 from the command line: fixed features and trained runs, side by side."""

from pathlib import Path

import pytest

from repro import checkpoints, finetune, logistic_regression, networks, report
from repro.features import forward
from repro.figures import tsne
from tests.commands import run_command

MODEL = "mobilenet_v1_0.25"
COMMON = f"--model={MODEL}", "--dataset=digits", "--image_size=32"


@pytest.fixture(scope="module")
def places(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("report")
    checkpoint = folder / "model.ckpt"
    checkpoints.write_network(checkpoint, networks.create(MODEL, 3))
    return {"data": folder / "data", "results": folder / "results", "checkpoint": checkpoint}


@pytest.fixture
def run(capsys, places):
    def run(command, *arguments: str):
        where = f"--data_dir={places['data']}", f"--results_dir={places['results']}"
        return run_command(capsys, command, *where, *arguments)

    return run


@pytest.fixture
def trained(run, places) -> str:
    """The folders of a fine-tuned run and of one from random initialization."""
    for start in (f"--checkpoint_path={places['checkpoint']}", "--init=random"):
        outcome = run(finetune, *COMMON, "--steps=2", "--batch_size=8", start)
        assert outcome.status == 0, outcome.err
    folders = (places["results"].glob(f"{s}/*/*/*/") for s in ("finetune", "random_init"))
    return ",".join(str(folder) for found in folders for folder in found)


def test_fixed_features_stand_beside_those_of_runs_and_are_computed_once(
    run, places, trained, tmp_path, monkeypatch
):
    drawn = []
    original = tsne.draw
    monkeypatch.setattr(tsne, "draw", lambda *args: drawn.append(args) or original(*args))
    checkpoint = f"--checkpoint_path={places['checkpoint']}"
    output = tmp_path / "figure1.png"
    arguments = (*COMMON, checkpoint, f"--runs={trained}", "--classes=7,1,4", f"--output={output}")
    outcome = run(report, "--figure=1", *arguments)
    assert outcome.status == 0, outcome.err
    panels, members, names = drawn[0]
    titles = [panel.title for panel in panels]
    assert titles[0] == "Fixed features"
    assert titles[1].startswith("Fine-tuned (") and titles[2].startswith("Trained from random")
    assert names == ["7", "1", "4"]
    assert {panel.points.shape for panel in panels} == {(len(members), 2)}
    first = output.read_bytes()

    monkeypatch.setattr(forward.Forward, "outputs", lambda *_: pytest.fail("computed again"))
    again = run(report, "--figure=1", *arguments)
    assert again.status == 0, again.err
    assert output.read_bytes() == first

    alone = run(report, "--figure=1", f"--runs={trained}", "--classes=3", f"--output={output}")
    assert alone.status == 0, alone.err
    assert [panel.title for panel in drawn[-1][0]] == titles[1:]


def test_a_run_that_trained_no_network_or_is_none_or_is_on_other_images_is_refused(
    run, places, trained, tmp_path
):
    checkpoint = f"--checkpoint_path={places['checkpoint']}"
    run(logistic_regression, *COMMON, checkpoint, "--classifier=knn")
    (knn,) = places["results"].glob("knn/*/*/*/")
    figure = ("--figure=1", f"--output={tmp_path / 'figure.png'}")
    for folder, words in ((knn, "trains no network"), (tmp_path, "not the folder of a complete")):
        outcome = run(report, *figure, f"--runs={folder}")
        assert outcome.status == 2
        assert words in outcome.err
    outcome = run(report, *figure, "--dataset=rendered", f"--runs={trained}")
    assert outcome.status == 2
    assert "is a run on digits" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--figure is required"),
        (("--figure=1",), "--output is required"),
        (("--figure=1", "--output=a.gif"), ".png, .pdf, .svg"),
        (("--figure=1", "--output=a.png"), "--model is required"),
        (("--figure=1", "--output=a.png", f"--model={MODEL}"), "--dataset is required"),
    ],
)
def test_what_is_not_given_is_asked_for(run, arguments, words):
    outcome = run(report, *arguments)
    assert outcome.status == 2
    assert words in outcome.err
