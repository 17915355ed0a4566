"""`python -m repro.dataset`: what it says, and what it answers to a mistake."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from repro import dataset, datasets, finetune
from tests.commands import run_command
from tests.datasets.archives import image_bytes, write_aircraft_archive


@pytest.fixture(scope="module")
def digits_dir(tmp_path_factory) -> Path:
    data_dir = tmp_path_factory.mktemp("data")
    datasets.prepare("digits", data_dir)
    return data_dir


@pytest.fixture
def own(tmp_path) -> Path:
    root = tmp_path / "own"
    for number in range(20):
        path = root / ("ant" if number % 2 else "bee") / f"{number:02d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image_bytes(number))
    return root


@pytest.mark.parametrize("words", [(), ("list",)])
def test_without_a_name_every_data_set_is_listed_in_the_order_of_table_1(capsys, digits_dir, words):
    outcome = run_command(capsys, dataset, *words, f"--data_dir={digits_dir}")
    assert outcome.status == 0
    listed = [line.split()[0] for line in outcome.out.splitlines()[1:] if line][
        : len(datasets.DATASETS)
    ]
    assert listed == list(datasets.DATASETS)
    (digits,) = (line for line in outcome.out.splitlines() if line.startswith("digits"))
    assert f"prepared in {digits_dir / 'repro_digits'}" in digits
    (aircraft,) = (line for line in outcome.out.splitlines() if line.startswith("aircraft"))
    assert "missing: fgvc-aircraft-2013b.tar.gz" in aircraft
    assert max(map(len, outcome.out.splitlines())) <= 160


def test_with_a_name_everything_about_its_files_is_shown(capsys, tmp_path):
    outcome = run_command(capsys, dataset, "list", "caltech101", f"--data_dir={tmp_path}")
    for part in (
        "137,414,764 bytes",
        "331234750fc7f77520e50d9565e8b6907b03565e30320da1401130db08c61f91",
        "from https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip?download=1",
        "1682ec2879cea809f5e60301376659621061ac32945fd5e0279ad05f8a7e56e0",
        "--manual_dir",
    ):
        assert part in outcome.out


def test_an_archive_that_is_there_is_seen(capsys, tmp_path):
    write_aircraft_archive(tmp_path / "fgvc-aircraft-2013b.tar.gz")
    outcome = run_command(
        capsys, dataset, f"--data_dir={tmp_path / 'data'}", f"--manual_dir={tmp_path}"
    )
    (aircraft,) = (line for line in outcome.out.splitlines() if line.startswith("aircraft"))
    assert f"its files are in {tmp_path}" in aircraft


def test_data_sets_are_prepared_and_their_digests_shown(capsys, tmp_path):
    outcome = run_command(capsys, dataset, "prepare", "digits", f"--data_dir={tmp_path}")
    assert outcome.status == 0, outcome.err
    assert "digits is ready" in outcome.out
    for split, expected in datasets.spec("digits").expected.items():
        assert f"{split:<11} {expected.count:>7} images" in outcome.out
        assert expected.sha256 in outcome.out


def test_one_that_cannot_be_prepared_does_not_keep_the_others_back(capsys, tmp_path):
    outcome = run_command(
        capsys, dataset, "prepare", "aircraft", "digits", f"--data_dir={tmp_path}"
    )
    assert outcome.status == 2
    assert "digits is ready" in outcome.out
    assert "aircraft is not prepared" in outcome.err
    assert "fgvc-aircraft-2013b.tar.gz" in outcome.err


def test_a_complete_data_set_is_verified(capsys, digits_dir):
    outcome = run_command(capsys, dataset, "verify", "digits", f"--data_dir={digits_dir}")
    assert outcome.status == 0
    assert outcome.last_line == "Every image can be decoded. digits is complete."
    assert outcome.out.count("(as declared)") == 3
    train = datasets.load("digits", "train", digits_dir)
    per_class = [int((train.labels == label).sum()) for label in range(10)]
    assert f" {min(per_class)}-{max(per_class)}  {train.sha256}" in outcome.out


def test_a_partial_data_set_is_not_complete(capsys, tmp_path):
    write_aircraft_archive(tmp_path / "fgvc-aircraft-2013b.tar.gz")
    datasets.prepare("aircraft", tmp_path / "data", tmp_path, allow_partial=True)
    outcome = run_command(capsys, dataset, "verify", "aircraft", f"--data_dir={tmp_path / 'data'}")
    assert outcome.status == dataset.INCOMPLETE
    assert "train has 6 of 3,334 images" in outcome.out
    assert outcome.last_line == "aircraft is NOT complete."


def test_damaged_data_are_not_complete(capsys, tmp_path):
    datasets.prepare("digits", tmp_path)
    (records,) = tmp_path.rglob("*test.tfrecord*")
    records.write_bytes(records.read_bytes()[:-10])
    outcome = run_command(capsys, dataset, "verify", "digits", f"--data_dir={tmp_path}")
    assert outcome.status == dataset.INCOMPLETE
    assert "is damaged" in outcome.out
    assert outcome.last_line == "digits is NOT complete."


def test_a_contact_sheet_is_written_for_a_network(capsys, tmp_path, digits_dir):
    outcome = run_command(
        capsys,
        dataset,
        *("verify", "digits", f"--data_dir={digits_dir}", "--classes=2"),
        *("--model=vgg_16", "--image_size=64", f"--contact_sheet={tmp_path / 'sheet.png'}"),
    )
    assert outcome.status == 0, outcome.err
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 900
        assert 2 * 128 < sheet.height < 3 * 128 + 100


@pytest.mark.parametrize("classes", ["0", "two"])
def test_a_number_of_classes_that_is_none_is_told(capsys, tmp_path, digits_dir, classes):
    outcome = run_command(
        capsys,
        dataset,
        *("verify", "digits", f"--data_dir={digits_dir}", f"--classes={classes}"),
        *("--model=vgg_16", f"--contact_sheet={tmp_path / 'sheet.png'}"),
    )
    assert outcome.status == 2
    assert f"--classes={classes}" in outcome.err


def test_ones_own_images_are_verified_and_trained_on(capsys, tmp_path, own):
    places = (f"--data_dir={tmp_path / 'data'}", f"--results_dir={tmp_path / 'results'}")
    outcome = run_command(capsys, dataset, "verify", f"folder:{own}", places[0])
    assert outcome.status == 0, outcome.err
    assert "split by --split_seed=0" in outcome.out

    arguments = (
        *("--model=mobilenet_v1_0.25", f"--dataset=folder:{own}", "--init=random"),
        *("--image_size=32", "--steps=2", "--batch_size=4", "--metric=mean_per_class", *places),
    )
    outcome = run_command(capsys, finetune, *arguments)
    assert outcome.status == 0, outcome.err
    assert "on 4 test images (the paper has no such cell)" in outcome.last_line
    assert "mean per-class accuracy" in outcome.last_line
    assert "is complete" in run_command(capsys, finetune, *arguments).out

    (own / "ant" / "01.jpg").write_bytes(image_bytes(99))
    outcome = run_command(capsys, finetune, *arguments)
    assert "since the last time: 1 changed files" in outcome.out
    assert "is complete" not in outcome.out
    assert len(list((tmp_path / "results").rglob("metrics.json"))) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("prepare", "petz"), ("petz is unknown", "Did you mean pets")),
        (("verify", "digits"), ("digits is not prepared", "repro.dataset prepare digits")),
        (("verify", "folder:/no"), ("/no is not a folder",)),
        (("prepare",), ("NAME is missing after prepare",)),
        (("prpare", "pets"), ("Did you mean prepare?", "python -m repro.dataset [list")),
        (("--dataset=pets",), ("repro.dataset prepare pets",)),
        (("verify", "digits", "--contact_sheet=x.png"), ("--model is required",)),
        (("list", "--contact_sheet=x.png"), ("--contact_sheet goes with `verify NAME`",)),
    ],
)
def test_a_mistake_gets_one_clear_message(capsys, tmp_path, arguments, words):
    outcome = run_command(capsys, dataset, *arguments, f"--data_dir={tmp_path}")
    assert outcome.status == 2
    for word in words:
        assert word in outcome.err
    assert "Traceback" not in outcome.err


def test_a_sheet_that_cannot_be_written_is_named(capsys, tmp_path, digits_dir):
    outcome = run_command(
        capsys,
        dataset,
        *("verify", "digits", f"--data_dir={digits_dir}", "--classes=1"),
        *("--model=vgg_16", "--image_size=32", f"--contact_sheet={tmp_path}/no/sheet.png"),
    )
    assert outcome.status == 2
    assert f"--contact_sheet={tmp_path}/no/sheet.png cannot be written" in outcome.err


def test_stopped_while_preparing_nothing_is_left_and_no_traceback_shown(tmp_path):
    command = [
        sys.executable,
        "-m",
        "repro.dataset",
        "prepare",
        "rendered",
        f"--data_dir={tmp_path}",
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not list(tmp_path.rglob("incomplete*")):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "The same command starts this part again" in errors
    assert not list(tmp_path.rglob("*.tfrecord*"))
