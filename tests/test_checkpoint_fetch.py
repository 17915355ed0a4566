"""`python -m repro.checkpoint list` and `fetch`."""

import dataclasses

import pytest

from repro import checkpoint, checkpoints
from repro.checkpoints import manifest
from tests.checkpoints import archives, made
from tests.commands import run_command
from tests.downloading.server import Served, serving

MODEL = "mobilenet_v1_0.5"


@pytest.fixture
def entry(tmp_path, monkeypatch):
    """Makes the manifest one of a small archive, and of vgg_16, which cannot be had."""
    prefix = tmp_path / "small" / manifest.entry(MODEL).member
    checkpoints.write(prefix, made.small_values())
    archive = archives.of_files(archives.in_folder(prefix.parent))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving() as server:
        server.files["net.tgz"] = Served(archive)
        entry = manifest.entry(MODEL)
        entry = dataclasses.replace(entry, file="net.tgz", urls=(server.url("net.tgz"),))
        gone = dataclasses.replace(manifest.entry("vgg_16"), urls=(server.url("gone.tgz"),))
        monkeypatch.setattr(manifest, "entries", lambda: (gone, entry))
        monkeypatch.setattr(checkpoints, "entries", manifest.entries)
        yield entry


@pytest.fixture
def call(capsys, tmp_path):
    """Calls the command on a folder of checkpoints."""
    return lambda *words: run_command(
        capsys, checkpoint, *words, f"--checkpoint_dir={tmp_path / 'all'}"
    )


def test_fetch_gets_what_can_be_had_and_tells_of_the_rest(call, entry, tmp_path):
    outcome = call("fetch", "vgg_16", MODEL)
    path = tmp_path / "all" / MODEL / entry.member
    assert outcome.status == 2
    assert outcome.last_line.startswith(f"{MODEL}: {path} (as fetched: unchanged since it was")
    assert "Warning: no checksum of net.tgz is published" in outcome.err
    assert "vgg_16_2016_08_28.tar.gz could not be downloaded" in outcome.err
    assert "HTTP 404" in outcome.err
    outcome = call("fetch", MODEL)
    assert outcome.status == 0
    assert f"{MODEL}: {path} (was there, as fetched:" in outcome.out


def test_list_says_what_is_there_and_what_is_not(call, entry, tmp_path):
    call("fetch", MODEL)
    outcome = call("list")
    assert outcome.status == 0
    rows = {line.split()[0]: line for line in outcome.out.splitlines() if line.strip()}
    assert rows["vgg_16"].split()[1] == "missing"
    assert rows["vgg_16"].endswith("/gone.tgz")
    assert rows[MODEL].split()[1:3] == ["as", "fetched"]
    path = tmp_path / "all" / MODEL / entry.member
    assert rows[MODEL].endswith(f"{path} from {entry.urls[0]}")


@pytest.mark.usefixtures("entry")
def test_all_are_the_papers(call):
    outcome = call("fetch", "all")
    assert "vgg_16_2016_08_28.tar.gz could not be downloaded" in outcome.err
    assert MODEL not in outcome.out


def test_an_unknown_model_is_told_before_anything_is_fetched(call, tmp_path):
    outcome = call("fetch", "vgg_16", "vgg_61")
    assert outcome.status == 2
    assert "--model=vgg_61 is unknown. Did you mean vgg_1" in outcome.err
    assert not (tmp_path / "all").exists()


@pytest.mark.usefixtures("entry")
def test_a_bar_is_drawn_on_request(call):
    assert "net.tgz: 100%" in call("fetch", MODEL, "--progress").err
