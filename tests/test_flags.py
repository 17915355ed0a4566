"""Flag files: the paper's protocol in them, and flags on the command line that win over them."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver

from repro import UserError, _command, finetune
from tests.commands import run_command

CHECKOUT = Path(__file__).resolve().parents[1]
PAPER = CHECKOUT / "flags" / "paper"
CHECKPOINT = CHECKOUT / "checkpoints" / "quickstart" / "mobilenet_v1_0.25.ckpt"
NAMES = sorted(path.stem for path in PAPER.glob("*.flags"))


@contextmanager
def parsed(*arguments: str) -> Iterator[tuple[flags.FlagValues, list[str]]]:
    """A context with the flags of a command line, and its words."""
    with flagsaver.flagsaver():
        flags.FLAGS.unparse_flags()
        words = flags.FLAGS(_command.with_flag_files_first(["finetune", *arguments]))
        yield flags.FLAGS, words[1:]


def flag_file(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("".join(f"{line}\n" for line in ("# A comment.", "", *lines)))
    return path


@pytest.mark.parametrize("dashes", ["-", "--"])
@pytest.mark.parametrize("joined", [True, False])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_flag_wins_over_a_flag_file_wherever_the_file_stands(tmp_path, dashes, joined, place):
    path = str(flag_file(tmp_path, "a.flags", "--steps=7", "--batch_size=8"))
    file = [f"{dashes}flagfile={path}"] if joined else [f"{dashes}flagfile", path]
    given = [["--steps=9"], ["--model", "vgg_16"]]
    given.insert(place, file)
    with parsed(*itertools.chain(*given)) as (values, words):
        assert (values.steps, values.batch_size, values.model) == (["9"], 8, "vgg_16")
        assert words == []


def test_of_several_flag_files_the_last_wins_and_they_may_name_others(tmp_path):
    innermost = flag_file(tmp_path, "c.flags", "--seed=3", "--steps=3", "--batch_size=3")
    inner = flag_file(tmp_path, "b.flags", f"--flagfile={innermost}", "--steps=2")
    first = flag_file(tmp_path, "a.flags", "--batch_size=1", "--seed=1")
    with parsed("--seed=9", f"--flagfile={first}", f"--flagfile={inner}") as (values, _):
        assert (values.seed, values.steps, values.batch_size) == (9, ["2"], 3)


def test_what_follows_two_dashes_is_no_flag_file(tmp_path):
    with parsed("--seed=9", "--", f"--flagfile={tmp_path / 'absent'}") as (values, words):
        assert values.seed == 9
        assert words == [f"--flagfile={tmp_path / 'absent'}"]


def test_a_flag_file_that_cannot_be_read_is_named_in_one_sentence(tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    outer = flag_file(tmp_path, "outer.flags", f"--flagfile={tmp_path / 'inner'}")
    for arguments, named in (
        ([f"--flagfile={tmp_path / 'absent'}"], f"--flagfile={tmp_path / 'absent'}"),
        (["-flagfile", f"{tmp_path / 'absent'}"], f"--flagfile={tmp_path / 'absent'}"),
        ([f"--flagfile={tmp_path}"], f"--flagfile={tmp_path} cannot be read (Is a directory)"),
        ([f"--flagfile={outer}"], f"--flagfile={tmp_path / 'inner'}"),
        ([f"--flagfile={tmp_path / 'binary'}"], "it is no text"),
        (["--seed=1", "--flagfile"], "--flagfile names no file"),
    ):
        with pytest.raises(UserError) as raised:
            _command.with_flag_files_first(["finetune", "--model=vgg_16", *arguments])
        assert named in str(raised.value)
        assert "\n" not in str(raised.value)


def test_a_command_ends_with_status_2_where_a_flag_file_cannot_be_read(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["/x/repro/finetune.py", "--flagfile=/absent.flags"])
    with pytest.raises(SystemExit) as raised:
        _command.run(finetune.main)
    assert raised.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("finetune: --flagfile=/absent.flags cannot be read (No such file")
    assert len(error.splitlines()) == 1


# Of Sections 4.2, 4.5, 4.6 and Appendices A.5 and A.6: initialization, steps, epochs at least,
# batch size, whether a grid is searched, whether its choice is taken.
EXPECTED = {
    "finetune": ("imagenet", ["19531"], None, 256, True, False),
    "random_init": ("random", ["19531"], None, 256, True, False),
    "convergence_finetune": ("imagenet", None, None, 256, False, True),
    "convergence_random_init": ("random", None, None, 256, False, True),
    "dataset_size_finetune": ("imagenet", ["1000"], 100, 64, True, False),
    "dataset_size_random_init": ("random", ["78125"], 200, 16, True, False),
}
DOUBLING = [19, 38, 76, 152, 305, 610, 1220, 2441, 4882, 9765, 19531, 39062]


def test_every_flag_file_of_the_paper_is_expected_below():
    assert sorted(EXPECTED) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_flag_file_has_the_papers_values(name):
    init, steps, min_epochs, batch_size, grid, selected = EXPECTED[name]
    with parsed(f"--flagfile={PAPER / name}.flags") as (values, _):
        assert values.init == init
        assert values.steps == (steps or [str(number) for number in DOUBLING])
        assert values.min_epochs == min_epochs
        assert values.batch_size == batch_size
        assert (values.grid, values.selected) == (grid, selected)
        assert (values.eval_split, values.weight_decay_rule) == ("test", "divide")
        if name.startswith("dataset_size"):
            assert values.per_class == ["1", "2", "4", "8", "16", "32"]
            assert values.subsets == ["0", "1", "2"]
        else:
            assert values.per_class == []


@pytest.mark.parametrize("name", NAMES)
def test_every_flag_of_a_flag_file_can_be_given_otherwise(name):
    path = PAPER / f"{name}.flags"
    lines = [line for line in path.read_text().splitlines() if line.startswith("--")]
    others = {"grid": "--nogrid", "selected": "--noselected", "init": "--init=random"}
    others |= {"eval_split": "--eval_split=validation", "steps": "--steps=5"}
    others |= {"weight_decay_rule": "--weight_decay_rule=multiply"}
    for line in lines:
        flag = line.removeprefix("--").partition("=")[0]
        other = others.get(flag, f"--{flag}=3")
        with parsed(other) as (values, _):
            expected = values[flag].value
        with parsed(other, f"--flagfile={path}") as (values, _):
            assert values[flag].value == expected


# The ends of the learning rates and of the ratios, as powers of ten; what divides the rates.
GRIDS = {
    "finetune": ((-4, -1), (-5.5, -2.5), 1),
    "random_init": ((-3, 0), (-5, -2), 1),
    "dataset_size_finetune": ((-4, -1), (-5.5, -2.5), 4),
    "dataset_size_random_init": ((-3, 0), (-5, -2), 16),
}


@pytest.mark.parametrize("name", GRIDS)
def test_the_grid_of_a_flag_file_is_the_papers(capsys, tmp_path, name):
    outcome = run_command(
        capsys,
        finetune,
        *("--model=mobilenet_v1_0.25", "--dataset=digits", f"--checkpoint_path={CHECKPOINT}"),
        *(f"--data_dir={tmp_path / 'data'}", f"--results_dir={tmp_path / 'results'}"),
        *("--dry_run", f"--flagfile={PAPER / name}.flags"),
        *(("--per_class=2", "--subsets=1") if name.startswith("dataset_size") else ()),
    )
    assert outcome.status == 0, outcome.err
    table, cost = outcome.out.strip().split("\n\n")[-2:]
    printed = [line.split()[:3] for line in table.splitlines() if "_wd" in line]
    rates, ratios, l2 = np.array(printed, float).T
    (lowest, highest), (lowest_ratio, highest_ratio), divisor = GRIDS[name]
    expected_rates = np.logspace(lowest, highest, 7) / divisor
    expected_ratios = [*np.logspace(lowest_ratio, highest_ratio, 7), 0]
    np.testing.assert_allclose(rates, np.repeat(expected_rates, 8), rtol=0.01)
    np.testing.assert_allclose(ratios, np.tile(expected_ratios, 7), rtol=0.01)
    np.testing.assert_allclose(l2, ratios / rates, rtol=0.02)
    steps, batch_size = EXPECTED[name][1][0], EXPECTED[name][3]
    assert f"56 points x {int(steps):,} steps x {batch_size} images = " in cost
    assert not (tmp_path / "results").exists()
