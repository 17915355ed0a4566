"""`verify` ends in one verdict, and in its exit status."""

import dataclasses
import hashlib
import shutil

import numpy as np
import pytest

from repro import UserError, checkpoint, checkpoints
from repro.checkpoints import manifest, verify
from tests.checkpoints import made
from tests.commands import run_command
from tests.shared import shared_path

NAME = "mobilenet_v1_0.25"
VARIANCE = "MobilenetV1/Conv2d_0/BatchNorm/moving_variance"
FIRST = "MobilenetV1/Conv2d_0/weights"


def test_a_good_checkpoint_is_called_so_with_exit_status_0(mobilenet_v2_format, capsys):
    outcome = run_command(capsys, checkpoint, "verify", str(mobilenet_v2_format))
    assert outcome.status == 0
    assert outcome.out.splitlines() == [
        f"{mobilenet_v2_format} is a good checkpoint of {NAME}: 137 variables, all finite, 1,001 "
        f"classes, sha256 {checkpoints.sha256_of(mobilenet_v2_format)}."
    ]


@pytest.mark.parametrize("name", ["mobilenet_v1_0.25_224", "mobilenet_v1_0.25_128"])
def test_the_released_checkpoints_are_good(name):
    assert verify(shared_path(f"checkpoints/{name}")).is_good


def changed(values, name, index, value):
    array = values[name].copy()
    array.flat[index] = value
    return values | {name: array}


def cases(values):
    without = {name: value for name, value in values.items() if name != FIRST}
    return {
        f"{FIRST} is missing.": without,
        f"{FIRST} is [2] and should be [3, 3, 3, 8].": values | {FIRST: np.zeros(2, np.float32)},
        f"{FIRST} is int32 and should be float32.": values
        | {FIRST: values[FIRST].astype(np.int32)},
        f"{FIRST} has 1 infinite or undefined (NaN) values.": changed(values, FIRST, 4, np.nan),
        f"{VARIANCE} has 1 variances that are not positive.": changed(values, VARIANCE, 0, 0.0),
        f"{FIRST}{made.AVERAGE} has 1 infinite or undefined (NaN) values.": values
        | {FIRST + made.AVERAGE: changed(values, FIRST, 0, np.inf)[FIRST]},
        f"{VARIANCE}{made.AVERAGE} has 8 variances that are not positive.": values
        | {VARIANCE + made.AVERAGE: -values[VARIANCE] - 1},
    }


def test_what_is_wrong_is_named_with_exit_status_1(tmp_path, mobilenet_values, capsys):
    for number, (problem, values) in enumerate(cases(mobilenet_values).items()):
        path = checkpoints.write(tmp_path / f"{number}.ckpt", values)
        outcome = run_command(capsys, checkpoint, "verify", str(path), f"--model={NAME}")
        assert outcome.status == 1
        assert outcome.out.splitlines() == [
            problem,
            f"{path} is NOT a good checkpoint of {NAME}.",
        ]


def test_a_variance_next_to_nothing_is_a_dead_channel_and_no_damage(tmp_path, mobilenet_values):
    """The released MobileNet v1 0.25 has some of 4e-36."""
    path = checkpoints.write(tmp_path / "model.ckpt", changed(mobilenet_values, VARIANCE, 0, 4e-36))
    assert verify(path).is_good


def test_damage_is_found_where_only_a_checksum_tells_it(mobilenet_v2_format, tmp_path):
    for file in mobilenet_v2_format.parent.iterdir():
        shutil.copy(file, tmp_path)
    data = tmp_path / "model.ckpt.data-00000-of-00001"
    data.write_bytes(made.flipped(data.read_bytes(), -1, 0))
    verdict = verify(tmp_path)
    assert not verdict.is_good
    assert "damaged" in verdict.problems[0]


def test_a_file_of_an_unknown_network_asks_which(v2):
    with pytest.raises(UserError, match="Say with --model"):
        verify(v2)


def test_there_must_be_a_file(tmp_path, capsys):
    outcome = run_command(capsys, checkpoint, "verify", str(tmp_path / "none.ckpt"))
    assert outcome.status == 2
    assert "There is no checkpoint" in outcome.err


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """An archive that a manifest knows."""
    path = tmp_path / "small.tar.gz"
    path.write_bytes(b"an archive")
    known = dataclasses.replace(
        checkpoints.entry(NAME),
        file=path.name,
        sha256=hashlib.sha256(b"an archive").hexdigest(),
        sha384=None,
    )
    other = dataclasses.replace(known, file="other.tgz", sha256=None, sha384=None)
    monkeypatch.setattr(manifest, "entries", lambda: (known, other))
    return path


def test_an_archive_is_good_by_its_digest_under_any_name(archive, tmp_path, capsys):
    renamed = archive.rename(tmp_path / "renamed.tgz")
    outcome = run_command(capsys, checkpoint, "verify", str(renamed))
    assert (outcome.status, outcome.last_line) == (
        0,
        f"{renamed} is small.tar.gz of {NAME} as released.",
    )


def test_an_archive_of_another_digest_is_not_good(archive, capsys):
    archive.write_bytes(b"an archivf")
    outcome = run_command(capsys, checkpoint, "verify", str(archive))
    assert outcome.status == 1
    assert hashlib.sha256(b"an archivf").hexdigest() in outcome.out
    assert outcome.last_line == f"{archive} is NOT small.tar.gz as released."


def test_an_archive_without_a_known_digest_cannot_be_vouched_for(archive):
    other = archive.with_name("other.tgz")
    other.write_bytes(b"")
    verdict = verify(other)
    assert not verdict.is_good
    assert "no digest of other.tgz" in verdict.problems[0]


def test_an_archive_of_another_network_is_not_taken_for_the_named_one(archive):
    assert verify(archive, NAME).is_good
    assert not verify(archive, "vgg_16").is_good
