import os
import signal
import subprocess
import sys

import pytest

from repro import datasets
from repro.datasets.preparing.attempts import alive
from tests.datasets import archives

# Prepares and hangs while the second split is written.
HANGS = """
import sys
import time

from repro import datasets
from repro.datasets.preparing.building import ArchiveBuilder

generate = ArchiveBuilder._generate_examples
splits = []

def hang(self, images, labels):
    splits.append(labels)
    yield from generate(self, images, labels)
    if len(splits) == 2:
        print("hangs", file=sys.__stdout__, flush=True)
        time.sleep(600)

ArchiveBuilder._generate_examples = hang
datasets.prepare("caltech101", *sys.argv[1:], allow_partial=True)
"""


def test_what_a_killed_attempt_leaves_does_not_load_and_is_removed(tmp_path, declare):
    folder = tmp_path / "manual" / archives.CALTECH_FOLDER
    archives.write(folder, archives.CALTECH_FOLDER, archives.caltech_files())
    arguments = [tmp_path / "data", tmp_path / "manual"]
    process = subprocess.Popen(
        [sys.executable, "-c", HANGS, *arguments], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "hangs\n"
        versions = tmp_path / "data" / "repro_caltech101"
        [unfinished] = versions.iterdir()
        with alive(versions):
            assert unfinished.exists()  # for its process lives
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert unfinished.exists()
    declare("caltech101", {"train": 72, "validation": 18, "test": 9}, num_classes=3)
    assert len(datasets.load("caltech101", "test", *arguments)) == 9
    assert not unfinished.exists()


def test_an_attempt_removes_what_dead_ones_left(tmp_path):
    (tmp_path / "incomplete.ABC_1.0.0" / "deep").mkdir(parents=True)
    (tmp_path / "1.0.0").mkdir()
    with alive(tmp_path):
        assert [path.name for path in tmp_path.iterdir()] == ["1.0.0"]


def test_two_attempts_leave_each_other_alone(tmp_path):
    with alive(tmp_path / "new"):
        (tmp_path / "new" / "incomplete.ABC_1.0.0").mkdir()
        with alive(tmp_path / "new"):
            assert (tmp_path / "new" / "incomplete.ABC_1.0.0").exists()


def test_nothing_is_removed_where_locks_are_unknown(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("no locks available")

    monkeypatch.setattr("repro.datasets.preparing.attempts.fcntl.flock", refuse)
    (tmp_path / "incomplete.ABC_1.0.0").mkdir()
    with alive(tmp_path):
        assert (tmp_path / "incomplete.ABC_1.0.0").exists()


def test_an_error_ends_an_attempt(tmp_path):
    with pytest.raises(RuntimeError), alive(tmp_path):
        raise RuntimeError
    (tmp_path / "incomplete.ABC_1.0.0").mkdir()
    with alive(tmp_path):
        assert not list(tmp_path.iterdir())
