"""Figure 1 from the command line: fixed features and trained runs, side by side."""

from pathlib import Path

import pytest

from repro import checkpoints, finetune, logistic_regression, networks, report
from repro.features import forward
from repro.figures import tsne
from repro.page import figures_of
from tests.commands import run_command
from tests.page import made_up

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
        (("--figure=1",), "--output is required"),
        (("--figure=5", "--output=a.png"), "nothing that Figure 5 shows"),
        (("--figure=8", "--output=a.png"), "python -m repro.logistic_regression"),
        (("--figure=7", "--source=paper", "--output=a.png"), "Figures 2, 3 and 4 from Table 5"),
        (("--figure=1", "--source=paper", "--output=a.png"), "prints no table"),
        (("--output=a.png",), "the page must end in .html"),
        (("--figure=1", "--output=a.gif"), ".png, .pdf, .svg"),
        (("--figure=1", "--output=a.png"), "--model is required"),
        (("--figure=1", "--output=a.png", f"--model={MODEL}"), "--dataset is required"),
    ],
)
def test_what_is_not_given_is_asked_for(run, arguments, words):
    outcome = run(report, *arguments)
    assert outcome.status == 2
    assert words in outcome.err


@pytest.mark.parametrize("ending", ["png", "pdf", "svg"])
def test_a_figure_is_drawn_from_the_papers_table_without_any_results(run, tmp_path, ending):
    output = tmp_path / f"figure3.{ending}"
    outcome = run(report, "--figure=3", "--source=paper", f"--output={output}")
    assert outcome.status == 0, outcome.err
    begins = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}
    assert output.read_bytes().startswith(begins[ending])


@pytest.mark.parametrize("figure", [4, 5, 6, 7, 8])
def test_a_figure_is_drawn_from_ones_own_results(run, results, tmp_path, figure):
    output = tmp_path / "figure.svg"
    where = f"--results_dir={results}"
    outcome = run(report, where, f"--figure={figure}", f"--output={output}")
    assert outcome.status == 0, outcome.err
    assert outcome.last_line == f"Wrote figure {figure} to {output}."
    assert "Cars" in output.read_text()


def test_the_page_is_written_beside_the_runs_and_tells_what_was_left_out(run, results):
    outcome = run(report, f"--results_dir={results}")
    assert outcome.status == 0, outcome.err
    page = results / "report.html"
    assert outcome.last_line == f"Wrote 6 results beside the paper's to {page}."
    assert "is damaged" in outcome.out
    assert page.read_text().startswith("<!DOCTYPE html>")


def test_a_page_that_cannot_be_written_is_said_in_one_line(run, results, tmp_path):
    (tmp_path / "file").write_text("")
    outcome = run(report, f"--results_dir={results}", f"--output={tmp_path}/file/page.html")
    assert outcome.status == 2
    assert "cannot be written" in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1


@pytest.fixture
def results(tmp_path, monkeypatch) -> Path:
    """Runs of every setting in one cell, of both studies, and a damaged one."""
    monkeypatch.setattr(figures_of, "OF_CELLS", ())  # which take long to draw for a page
    folder = tmp_path / "results"
    settings = {"finetune": 93.0, "random_init": 92.0, "logistic_regression": 50.0}
    settings |= {"svm": 51.0, "knn": 40.0, "augmented_logistic_regression": 52.0}
    cells = {("inception_v4", "cars", name): value for name, value in settings.items()}
    runs = [made_up.metrics(cell, value) for cell, value in cells.items()]
    made_up.write_runs(folder, [*runs, *made_up.studies()])
    made_up.damage(made_up.write_run(folder, made_up.metrics(("vgg_16", "cars", "svm"), 9.0)))
    return folder
