"""Nothing that happens to a run loses it: the same command goes on to the same end."""

import contextlib
import json
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from repro import UserError
from repro.training import DivergedError, Trainer, history
from tests.processes import Process, starter
from tests.training.batches import in_turn
from tests.training.small import (
    BATCH,
    IMAGES,
    LABELS,
    assert_same_weights,
    losses_of,
    make_trainer,
    train,
)

STEPS = 20


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> tuple[list[float], Trainer]:
    """The losses and the end that every run here must have."""
    trainer = make_trainer(batch_norm=True, steps=STEPS)
    return losses_of(train(trainer, tmp_path_factory.mktemp("undisturbed"))), trainer


@pytest.fixture
def go_on(tmp_path, undisturbed) -> Callable[[], list[int]]:
    """Gives the same command again; returns the steps that were left to do."""

    def check() -> list[int]:
        start = 99 if checkpoints_in(tmp_path) else 7  # it must not matter to a run that goes on
        trainer = make_trainer(batch_norm=True, steps=STEPS, start=start)
        taken, train_step = [], trainer.train_step

        def counted(images, labels):
            taken.append(trainer.steps_done + 1)
            return train_step(images, labels)

        trainer.train_step = counted
        rows = train(trainer, tmp_path)
        losses, end = undisturbed
        assert [row.step for row in rows] == list(range(1, STEPS + 1))
        np.testing.assert_allclose(losses_of(rows), losses, rtol=1e-5)
        assert_same_weights(trainer, end, rtol=1e-5, atol=1e-7)
        return taken

    return check


def half_a_run(folder: Path) -> Path:
    """Stops a run at step 10, with checkpoints of steps 9 and 10; returns their folder."""
    trainer = make_trainer(batch_norm=True, steps=STEPS)
    fails_at(trainer, 11, KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        train(trainer, folder, minutes=0)
    assert checkpoints_in(folder) == ["ckpt-10", "ckpt-9"]
    return folder / "checkpoints"


def fails_at(trainer: Trainer, step: int, error: type[BaseException]) -> None:
    """Lets a step fail before it begins."""
    train_step = trainer.train_step

    def failing(images, labels):
        if trainer.steps_done + 1 == step:
            raise error
        return train_step(images, labels)

    trainer.train_step = failing


def checkpoints_in(folder: Path) -> list[str]:
    return sorted(file.stem for file in (folder / "checkpoints").glob("*.index"))


def test_a_run_killed_five_times_at_random_ends_to_the_bit_where_it_would_have(tmp_path):
    """Real processes; they save after each step, so that some are killed while they save."""
    command = ("tests.training.small_run", "--deterministic", "--batch_norm", "--steps=100")
    random = Random(1)
    killed_after = [0, *sorted(random.sample(range(1, 95), 4))]
    with starter(tmp_path, "tests.training.small_run") as start:
        whole = start.start(*command, str(tmp_path / "whole"))
        for step in killed_after:
            run = start.start(*command, "--minutes=0", str(tmp_path / "killed"))
            run.wait_for(lambda step=step: newest_step(tmp_path / "killed") >= step)
            time.sleep(random.uniform(0, 0.05))
            run.kill()
            assert run.wait() == -signal.SIGKILL, run.text
        last = start.start(*command, "--minutes=0", str(tmp_path / "killed"))
        assert last.wait() == 0, last.text
        assert whole.wait() == 0, whole.text

    expected, found = (np.load(tmp_path / f"{name}.npz") for name in ("whole", "killed"))
    assert set(found) == set(expected)
    for name in expected:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)
    rows, expected_rows = (
        history.read(tmp_path / name / "history.csv", 100) for name in ("killed", "whole")
    )
    assert [(row.step, row.loss) for row in rows] == [(row.step, row.loss) for row in expected_rows]


def newest_step(folder: Path) -> int:
    steps = [int(name.removeprefix("ckpt-")) for name in checkpoints_in(folder)]
    return max(steps, default=0)


@pytest.mark.slow
@pytest.mark.parametrize("deterministic", [True, False])
def test_the_main_job_killed_ten_times_at_random_ends_where_it_would_have(tmp_path, deterministic):
    command = (
        *("repro.finetune", "--model=mobilenet_v1_0.25", "--dataset=digits", "--image_size=32"),
        *("--init=random", "--steps=60", "--batch_size=8", "--noprogress"),
        f"--data_dir={tmp_path / 'data'}",
        f"--deterministic={deterministic}",
    )
    random = Random(2)
    tolerance = {"rtol": 0.0 if deterministic else 1e-5, "atol": 0.0 if deterministic else 1e-7}
    with starter(tmp_path, "repro.finetune") as start:

        def begin(name: str) -> Process:
            return start.start(
                *command,
                "--checkpoint_minutes=0",
                f"--results_dir={tmp_path / name}",
                f"--export_checkpoint={tmp_path / name}.ckpt",
            )

        whole = begin("whole")
        assert whole.wait() == 0, whole.text
        (expected_folder,) = (tmp_path / "whole").glob("*/*/*/*")
        folder = tmp_path / "killed" / expected_folder.relative_to(tmp_path / "whole")
        for step in [0, *sorted(random.sample(range(1, 58), 9))]:
            run = begin("killed")
            run.wait_for(lambda step=step: newest_step(folder) >= step)
            time.sleep(random.uniform(0, 0.3))
            run.kill()
            assert run.wait() == -signal.SIGKILL, run.text
        last = begin("killed")
        assert last.wait() == 0, last.text

    expected, found = (
        tf.train.load_checkpoint(str(tmp_path / f"{name}.ckpt")) for name in ("whole", "killed")
    )
    for name in expected.get_variable_to_shape_map():
        np.testing.assert_allclose(
            found.get_tensor(name), expected.get_tensor(name), err_msg=name, **tolerance
        )
    metrics, expected_metrics = (
        json.loads((each / "metrics.json").read_text()) for each in (folder, expected_folder)
    )
    assert metrics["value"] == expected_metrics["value"]
    predictions, expected_predictions = (
        pd.read_parquet(each / "predictions.parquet") for each in (folder, expected_folder)
    )
    pd.testing.assert_frame_equal(
        predictions, expected_predictions, check_exact=deterministic, rtol=1e-4
    )


@pytest.mark.parametrize("suffix", ["data-00000-of-00001", "index"])
def test_a_checkpoint_with_a_flipped_byte_is_passed_over_with_a_warning(
    tmp_path, go_on, caplog, suffix
):
    newest = half_a_run(tmp_path) / f"ckpt-10.{suffix}"
    flip_byte(newest, newest.stat().st_size // 3)
    assert go_on()[0] == 10
    assert "Skipping the unreadable checkpoint" in caplog.text
    assert "ckpt-10" in caplog.text


@pytest.mark.parametrize("content", [b"", b"\xff", b'model_checkpoint_path: "ckpt%10"'])
def test_a_damaged_list_of_checkpoints_does_not_begin_the_run_anew(tmp_path, go_on, content):
    (half_a_run(tmp_path) / "checkpoint").write_bytes(content)
    assert go_on()[0] == 11


def flip_byte(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 0x10
    path.write_bytes(content)


def test_where_no_checkpoint_can_be_read_the_folder_to_delete_is_named(tmp_path):
    for file in half_a_run(tmp_path).glob("*.index"):
        flip_byte(file, file.stat().st_size - 1)  # the number that every such file ends with
    with pytest.raises(UserError, match=r"None of the checkpoints in .*checkpoints can be read"):
        train(make_trainer(batch_norm=True, steps=STEPS), tmp_path)


@pytest.fixture(params=["quota", "disk"])
def fill_disk(request, tmp_path) -> Iterator[Callable[[], Callable[[], None]]]:
    """A function that leaves no room for a checkpoint, and returns one that makes room again."""
    if request.param == "disk":
        mount(tmp_path, "-t", "tmpfs", "-o", "size=1m", "none")

        def fill() -> Callable[[], None]:
            ballast = tmp_path / "ballast"
            with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while file.write(bytes(1024)):
                    pass
            return ballast.unlink

        yield fill
        subprocess.run(["umount", "--lazy", tmp_path], check=True)
        return
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def free() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    def limit() -> Callable[[], None]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
        return free

    yield limit
    free()


def mount(folder: Path, *arguments: str) -> None:
    done = subprocess.run(["mount", *arguments, folder], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"cannot mount: {done.stderr.decode().strip()}")


@pytest.mark.parametrize("full_at", [1, 8])
def test_a_full_disk_ends_a_run_with_a_sentence_and_loses_nothing(
    tmp_path, fill_disk, go_on, full_at
):
    trainer = make_trainer(batch_norm=True, steps=STEPS)
    train_step, make_room = trainer.train_step, []

    def filling(images, labels):
        if trainer.steps_done + 1 == full_at:
            make_room.append(fill_disk())
        return train_step(images, labels)

    trainer.train_step = filling
    with pytest.raises(UserError) as failed:
        train(trainer, tmp_path, minutes=0)
    make_room[0]()
    assert "cannot be written" in str(failed.value)
    assert str(tmp_path) in str(failed.value)
    assert "give the same command again" in str(failed.value)
    assert len(str(failed.value).splitlines()) == 1
    assert go_on()[0] == full_at


@pytest.mark.parametrize("since", ["before", "during"])
def test_a_folder_that_cannot_be_written_to_is_named(tmp_path, request, go_on, since):
    folder = tmp_path if since == "before" else tmp_path / "checkpoints"
    folder.mkdir(exist_ok=True)
    mount(folder, "-t", "tmpfs", "-o", "size=4m", "none")
    request.addfinalizer(lambda: subprocess.run(["umount", "--lazy", folder], check=True))
    trainer = make_trainer(batch_norm=True, steps=STEPS)
    train_step = trainer.train_step

    def read_only(images, labels):
        if trainer.steps_done == 5:
            mount(folder, "-o", "remount,ro")
        return train_step(images, labels)

    if since == "before":
        mount(folder, "-o", "remount,ro")
    else:
        trainer.train_step = read_only
    with pytest.raises(UserError, match="cannot be written") as failed:
        train(trainer, tmp_path, minutes=0)
    assert str(folder) in str(failed.value)
    mount(folder, "-o", "remount,rw")
    assert go_on()[0] == (1 if since == "before" else 6)


def test_after_a_loss_that_is_not_a_number_nothing_is_saved(tmp_path, go_on):
    images = IMAGES.copy()
    images[3 * BATCH % len(IMAGES)] = np.nan  # the first of the fourth batch
    with pytest.raises(DivergedError, match="The training diverged"):
        train(
            make_trainer(batch_norm=True, steps=STEPS),
            tmp_path,
            in_turn(images, LABELS, BATCH),
            minutes=0,
        )
    assert checkpoints_in(tmp_path) == ["ckpt-2", "ckpt-3"]
    assert [row.step for row in history.read(tmp_path / "history.csv", STEPS)] == [1, 2, 3]
    assert go_on()[0] == 4


def test_weights_that_are_not_finite_are_not_saved_though_the_loss_still_was(tmp_path):
    """The loss of a step is that of the weights before it."""
    trainer = make_trainer(learning_rate=3e38, weight_decay_ratio=0.0)
    with pytest.raises(DivergedError, match=r"weights are not finite after step 1\. .*rate"):
        train(trainer, tmp_path, minutes=0)
    assert not checkpoints_in(tmp_path)


def test_the_event_files_of_a_resumed_run_hold_every_step_once(tmp_path, go_on):
    half_a_run(tmp_path)
    with pytest.raises(KeyboardInterrupt):  # steps that are done, and not saved
        trainer = make_trainer(batch_norm=True, steps=STEPS)
        fails_at(trainer, 15, KeyboardInterrupt)
        train(trainer, tmp_path)
    assert go_on()[0] == 11
    rows = history.read(tmp_path / "history.csv", STEPS)
    for name in ("loss", "learning_rate", "images_per_second"):
        events = events_in(tmp_path / "tensorboard", name)
        assert [step for step, _ in events] == list(range(1, STEPS + 1))
        expected = [getattr(row, name) for row in rows]
        np.testing.assert_allclose([value for _, value in events], expected, rtol=1e-6)


def events_in(folder: Path, name: str) -> list[tuple[int, float]]:
    return [
        (event.step, float(tf.make_ndarray(value.tensor)))
        for file in sorted(folder.iterdir())
        for event in tf.compat.v1.train.summary_iterator(str(file))
        for value in event.summary.value
        if value.tag == name
    ]
