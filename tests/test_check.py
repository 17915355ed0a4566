"""Results beside Table 5 or an earlier run, from the command line."""

import csv
import io
import json
from pathlib import Path

import pytest

from repro import check, logistic_regression
from repro.checking.comparison import test_size as size_of_test_set
from repro.paper import SETTINGS, tables
from repro.paper.claims import CLAIMS
from repro.results.cell_result import PAPER_BUDGET
from repro.results.table_reading import read_table
from repro.training.config import PAPER_BATCH_SIZE, PAPER_STEPS
from tests.commands import run_command
from tests.results.runs import write_run

BASELINE = Path(__file__).with_name("baseline.csv")
MODEL = "mobilenet_v1_0.25"
QUICKSTART = (
    f"--model={MODEL}",
    f"--checkpoint_path={Path(__file__).parents[1]}/checkpoints/quickstart/{MODEL}.ckpt",
    "--dataset=digits",
    "--image_size=64",
)
HEADER = "model,dataset,setting,value\n"


def put_run(results_dir: Path, name: str = "run", shift: float = 0.0, **fields) -> Path:
    """Writes a run whose result is Table 5's number, moved by `shift` points."""
    model = fields.setdefault("model", "inception_v4")
    dataset = fields.setdefault("dataset", "aircraft")
    setting = fields.setdefault("setting", "finetune")
    paper = float(tables.table5_accuracies(setting).loc[model, dataset])
    images = size_of_test_set(dataset)
    defaults = {"value": paper + shift, "n_test": images, "n_test_complete": images}
    return write_run(results_dir, name, **defaults | fields)


@pytest.fixture
def results(tmp_path) -> Path:
    return tmp_path / "results"


@pytest.fixture
def run(capsys, results):
    def run(*arguments: str):
        results.mkdir(exist_ok=True)
        return run_command(capsys, check, f"--results_dir={results}", *arguments)

    return run


@pytest.fixture
def run_table(capsys, tmp_path):
    def run(text: str, *arguments: str):
        path = tmp_path / "table.csv"
        path.write_text(text)
        return run_command(capsys, check, *arguments, str(path))

    return run


def rows_of(outcome) -> list[dict]:
    return list(csv.DictReader(io.StringIO(outcome.out)))


def test_the_training_budget_of_a_cell_is_the_papers():
    assert PAPER_BUDGET == (PAPER_STEPS, PAPER_BATCH_SIZE)


def test_a_run_cell_is_shown_and_the_others_are_counted(run, results):
    put_run(results, shift=-0.5)
    outcome = run()
    assert outcome.status == 0, outcome.err
    assert "Results beside Table 5: 1 of 444 cells" in outcome.out
    assert f"From {results}." in outcome.out
    (line,) = (line for line in outcome.out.splitlines() if line.startswith("inception_v4"))
    assert line.split() == [
        *("inception_v4", "aircraft", "88.80", "89.3", "-0.50", "1.48", "reproduced")
    ]
    assert "fine-tuned                      1       0      0             0      155" in outcome.out
    assert "resnet_v1_50" not in outcome.out
    assert outcome.last_line == "Within the tolerance: 1 of 1 judged cell."
    everything = run("--all")
    assert everything.out.count("not run") == 443 + 1


@pytest.mark.parametrize(("shift", "word"), [(-3.0, "lower"), (3.0, "higher")])
def test_a_cell_out_of_tolerance_is_named_last_and_is_the_exit_status(run, results, shift, word):
    put_run(results, shift=shift)
    put_run(results, model="vgg_16", dataset="pets")
    outcome = run()
    assert outcome.status == 1
    assert f"1.48  {word}" in outcome.out
    assert outcome.last_line == (
        "Out of tolerance: 1 of 2 judged cells. inception_v4 on aircraft, fine-tuned "
        f"({shift:+.2f})."
    )


def test_partial_data_are_shown_and_not_judged(run, results):
    put_run(results, shift=-20, dataset="birdsnap", n_test=1855)
    outcome = run()
    assert outcome.status == 0
    assert "partial data" in outcome.out
    assert "- 1,855 of 2,443 images: inception_v4 on birdsnap" in outcome.out


def test_a_run_on_validation_never_counts(run, results):
    put_run(results, shift=-20, eval_split="validation")
    outcome = run()
    assert outcome.status == 0
    assert "0 of 444" in outcome.out


def test_what_is_malformed_repeated_or_without_a_logit_is_named_and_the_rest_goes_on(run, results):
    put_run(results)
    put_run(results, "again", shift=-0.1)
    broken = put_run(results, model="vgg_19", dataset="pets")
    (broken / "metrics.json").write_text("{")
    put_run(results, model="vgg_16", dataset="pets", value=100.0)
    begun = results / "finetune" / "pets" / "vgg_19" / "begun"
    begun.mkdir()
    (begun / "flags.txt").touch()
    outcome = run()
    assert outcome.status == 1  # 100% is higher than the paper's
    said = " ".join(outcome.out.split())
    for words in (
        "2 of 444 cells",
        f"{broken}/metrics.json is damaged",
        "2 runs of inception_v4 on aircraft",
        "vgg_16 on pets, finetune is 100%, which has no finite logit",
        f"1 run without a result yet, such as {begun}",
    ):
        assert words in said


def test_nothing_run_says_what_to_run(run, capsys, tmp_path, monkeypatch):
    outcome = run()
    assert outcome.status == 0
    assert "python -m repro.finetune --model=inception_v4" in outcome.out
    assert len(json.loads(run("--format=json").out)["cells"]) == 444
    monkeypatch.chdir(tmp_path / "results")  # which has no folder of the default name
    assert run_command(capsys, check).status == 0


def test_a_results_folder_that_is_given_must_exist(capsys, tmp_path):
    outcome = run_command(capsys, check, f"--results_dir={tmp_path / 'absent'}")
    assert outcome.status == 2
    assert "does not exist" in outcome.err


def fill(results: Path) -> None:
    """Writes all of Table 5 but one data set, and another network."""
    for setting in SETTINGS:
        for model in tables.table5_accuracies(setting).index:
            for dataset in ("cars", "pets", "dtd", "cifar10"):
                put_run(results, model=model, dataset=dataset, setting=setting)
    write_run(results, model="mobilenet_v2", dataset="pets", value=88.0)


def test_the_conclusions_stand_beside_the_papers(run, results):
    fill(results)
    outcome = run("--imagenet_top1=71.8")
    assert outcome.status == 0
    said = " ".join(outcome.out.split())
    for words in (
        "148 of 444 cells",
        "0.863 13 networks on 4 data sets",
        "rho, fine-tuned 1.000",
        "the paper's, fine-tuned 4 of 4",
        "beats logistic regression in cells",
        "mobilenet_v2, whose ImageNet accuracy is 71.8%",
        "fine-tuned 1 of 12 88.0",
    ):
        assert words in said
    assert max(map(len, outcome.out.splitlines())) <= 100


def test_all_formats_hold_the_same_cells(run, results):
    fill(results)
    rows = rows_of(run("--format=csv"))
    document = json.loads(run("--format=json").out)
    assert len(rows) == len(document["cells"]) == 445
    for row, cell in zip(rows, document["cells"], strict=True):
        assert row == {name: "" if value is None else str(value) for name, value in cell.items()}
    by_verdict = {row["verdict"] for row in rows}
    assert by_verdict == {"reproduced", "not run", "not in Table 5"}
    r_squared = {each["name"]: each for each in document["conclusions"]}["r_squared_finetune"]
    assert r_squared["paper"]["value"] == pytest.approx(0.863, abs=5e-4)
    assert [each["model"] for each in document["placements"]] == ["mobilenet_v2"]
    markdown = run("--format=markdown").out
    assert "| vgg\\_16 | cars |" in markdown
    assert "| reproduced |" in markdown


@pytest.mark.parametrize(
    ("name", "beginning"),
    [("a.json", "{"), ("a.csv", "model,dataset"), ("a.md", "## "), ("a.txt", "Results beside")],
)
def test_the_ending_of_the_output_is_its_format(run, results, tmp_path, name, beginning):
    put_run(results)
    output = tmp_path / name
    outcome = run(f"--output={output}")
    assert outcome.status == 0
    assert output.read_text().startswith(beginning)
    assert outcome.out == f"Within the tolerance: 1 of 1 judged cell.\nWrote {output}.\n"


def test_a_table_is_compared_under_any_names(run_table):
    outcome = run_table(HEADER + "Inception v4,FGVC Aircraft,fine-tuned,80\n", "--format=csv")
    assert outcome.status == 1
    (row,) = (row for row in rows_of(outcome) if row["value"])
    assert (row["model"], row["dataset"], row["verdict"]) == ("inception_v4", "aircraft", "lower")
    assert row["tolerance"] == "1.4841"


def test_a_new_network_is_placed_by_the_flag_or_by_a_column(run_table):
    rows = "mine,cars,finetune,92\nmine,pets,finetune,95\nmine,digits,finetune,99\n"
    by_flag = run_table(HEADER + rows, "--imagenet_top1=75.0")
    assert by_flag.status == 0
    assert "2 of 12" in by_flag.out and "above the line, beyond the interval" in by_flag.out
    column = rows.replace("\n", ",75\n")
    assert run_table(HEADER.replace("\n", ",imagenet_top1\n") + column).out == by_flag.out
    without = run_table(HEADER + rows)
    assert "whose ImageNet accuracy is not known" in without.out
    assert "--imagenet_top1=76.5" in without.out


def test_claims_are_all_printed_with_their_disagreements(run):
    outcome = run("--claims")
    assert outcome.status == 0
    assert outcome.out.count("DISAGREES") == 4
    assert outcome.out.count("agrees") == len(CLAIMS) - 4
    assert "Table 2 leaves duplicates out" in " ".join(outcome.out.split())
    assert outcome.last_line == f"{len(CLAIMS) - 4} of {len(CLAIMS)} claims agree with the tables."
    assert max(map(len, outcome.out.splitlines())) <= 100
    document = json.loads(run("--claims", "--format=json").out)
    assert [each["name"] for each in document["claims"]] == [claim.name for claim in CLAIMS]
    assert document["not_recomputable"]
    assert len(rows_of(run("--claims", "--format=csv"))) == len(CLAIMS)


@pytest.mark.parametrize("name", ["before.json", "before.csv"])
def test_an_earlier_output_is_a_baseline(run, results, tmp_path, name):
    folder = put_run(results)
    write_run(results, model="mine", dataset="digits", value=95.0, n_test=599)
    before = tmp_path / name
    assert run(f"--output={before}").status == 0
    same = run(f"--baseline={before}")
    assert same.status == 0, same.err
    assert same.last_line == "Within the tolerance: 2 of 2 judged cells."
    metrics = json.loads((folder / "metrics.json").read_text())
    (folder / "metrics.json").write_text(json.dumps(metrics | {"value": metrics["value"] - 2}))
    moved = run(f"--baseline={before}")
    assert moved.status == 1
    assert "(-2.00)" in moved.last_line
    verdicts = {
        row["model"]: row["verdict"] for row in rows_of(run(f"--baseline={before}", "--format=csv"))
    }
    assert verdicts == {"inception_v4": "lower", "mine": "unchanged"}
    document = json.loads(run(f"--baseline={before}", "--format=json").out)
    assert document["compared_with"] == str(before)


def test_a_baseline_without_a_common_cell_compares_nothing(run, results, tmp_path):
    put_run(results)
    table = tmp_path / "other.csv"
    table.write_text(HEADER + "mine,digits,knn,90\n")
    outcome = run(f"--baseline={table}")
    assert outcome.status == 2
    assert "there is nothing to compare" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--claims", "--all"), "--claims is about the paper alone: leave --all out"),
        (("--claims", "--baseline=a.csv"), "leave --baseline out"),
        (("--claims", "--imagenet_top1=76"), "leave --imagenet_top1 out"),
        (("--claims", "a.csv"), "both results"),
        (("--baseline=absent.csv",), "cannot be read"),
        (("--baseline=a.csv", "--imagenet_top1=76"), "--imagenet_top1 is for"),
        (("--imagenet_top1=76",), "has 0"),
        (("--imagenet_top1=0.76",), "not percent"),
        (("absent.csv",), "both results"),
        (("a.csv", "b.csv"), "is too much"),
        (("--output=/absent/folder/a.json",), "cannot be written"),
    ],
)
def test_what_contradicts_or_cannot_be_used_is_refused(run, arguments, words):
    outcome = run(*arguments)
    assert outcome.status == 2
    assert words in outcome.err


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("quickstart")


@pytest.mark.parametrize(
    "classifier",
    [
        "knn",
        pytest.param("svm", marks=pytest.mark.slow),
        pytest.param("logistic_regression", marks=pytest.mark.slow),
    ],
)
def test_the_software_has_not_moved_a_cell_of_the_suites_baseline(capsys, quickstart, classifier):
    where = f"--data_dir={quickstart / 'data'}", f"--results_dir={quickstart / 'results'}"
    fitted = run_command(
        capsys, logistic_regression, *QUICKSTART, *where, f"--classifier={classifier}"
    )
    assert fitted.status == 0, fitted.err
    outcome = run_command(capsys, check, where[1], f"--baseline={BASELINE}", "--format=csv")
    assert outcome.status == 0, outcome.out
    verdicts = {row["setting"]: row["verdict"] for row in rows_of(outcome)}
    assert verdicts[classifier] == "unchanged"


def test_the_suites_baseline_has_nothing_malformed():
    baseline = read_table(BASELINE)
    assert len(baseline.cells) == 3
    assert not baseline.problems
