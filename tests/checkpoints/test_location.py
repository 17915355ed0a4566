import shutil
from pathlib import Path

import pytest

from repro import UserError
from repro.checkpoints import default_checkpoint_dir, entry, locate
from tests.shared import shared_path


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "all checkpoints"


def test_a_given_path_goes_before_everything(v1, v2, folder):
    assert locate("inception_v4", v1, folder) == v1
    assert locate("inception_v4", v2.parent, folder) == v2
    assert locate("a network of my own", v1) == v1


def test_a_given_path_that_is_wrong_is_told(tmp_path):
    with pytest.raises(UserError, match=r"no checkpoint .*missing"):
        locate("inception_v4", tmp_path / "missing.ckpt")


@pytest.mark.parametrize("place", ["inception_v4", "inception_v4_2016_09_09"])
def test_an_archives_checkpoint_is_found_under_the_network_or_the_archive(v1, folder, place):
    member = folder / place / "inception_v4.ckpt"
    member.parent.mkdir(parents=True)
    shutil.copy(v1, member)
    shutil.copy(v1, member.with_name("mine.ckpt"))
    assert locate("inception_v4", checkpoint_dir=folder) == member


def test_a_prefix_is_found_as_well(v2, folder):
    (folder / "nasnet_large").mkdir(parents=True)
    for file in v2.parent.iterdir():
        shutil.copy(file, folder / "nasnet_large")
    assert locate("nasnet_large", checkpoint_dir=folder) == folder / "nasnet_large" / "model.ckpt"


def test_a_lone_checkpoint_of_another_name_will_do(v1, folder):
    for model in ("inception_v4", "my_network"):
        (folder / model).mkdir(parents=True)
        shutil.copy(v1, folder / model / "mine.ckpt")
        assert locate(model, checkpoint_dir=folder) == folder / model / "mine.ckpt"


def test_the_shared_checkpoints_are_found_by_their_archives_names():
    folder = shared_path("checkpoints/mobilenet_v1_0.25_224").parent
    expected = folder / "mobilenet_v1_0.25_224" / "mobilenet_v1_0.25_224.ckpt"
    assert locate("mobilenet_v1_0.25", checkpoint_dir=folder) == expected


def test_a_damaged_checkpoint_is_told_and_not_passed_over(v1, folder):
    member = folder / "inception_v4" / "inception_v4.ckpt"
    member.parent.mkdir(parents=True)
    member.write_bytes(v1.read_bytes()[:100])
    with pytest.raises(UserError, match="cut short"):
        locate("inception_v4", checkpoint_dir=folder)


def test_the_folder_comes_from_the_environment(v1, folder, monkeypatch):
    monkeypatch.delenv("REPRO_CHECKPOINT_DIR", raising=False)
    assert default_checkpoint_dir() == Path.home() / ".cache" / "repro" / "checkpoints"
    monkeypatch.setenv("REPRO_CHECKPOINT_DIR", str(folder))
    assert default_checkpoint_dir() == folder
    (folder / "vgg_16").mkdir(parents=True)
    shutil.copy(v1, folder / "vgg_16" / "vgg_16.ckpt")
    assert locate("vgg_16") == folder / "vgg_16" / "vgg_16.ckpt"


@pytest.mark.parametrize("model", ["inception_v4", "mobilenet_v1_0.5"])
def test_a_missing_checkpoint_says_how_to_get_it_in_one_screen(folder, model):
    with pytest.raises(UserError) as caught:
        locate(model, checkpoint_dir=folder)
    lines = str(caught.value).splitlines()
    row = entry(model)
    assert lines[0] == f"No checkpoint of {model} is in {folder / model}. Get it with"
    assert lines[1] == f"  python -m repro.checkpoint fetch {model} --checkpoint_dir='{folder}'"
    assert len(lines) <= 24
    assert all(f"  from {url}" in lines for url in row.urls)
    assert f"  sha256 {row.sha256}" in lines or "  checksum not known" in lines
    assert f"and put it into {folder}: the same command then verifies and unpacks it" in lines
    assert "--checkpoint_path" in lines[-1]
    if row.size:
        assert f"({row.size:,} bytes)" in lines[2]


def test_a_network_without_a_release_says_where_to_put_its_checkpoint(folder):
    with pytest.raises(UserError, match=r"no release is known.*--checkpoint_path"):
        locate("my_network", checkpoint_dir=folder)
