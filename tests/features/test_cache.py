"""Features are computed once and are what was computed, whatever happens meanwhile."""

import errno
import fcntl
import json
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from repro import UserError
from repro.features import FeatureCache, FeatureKey

NUM, WIDTH, BLOCK = 23, 5, 4
IDS = np.array([f"class/{i:03d}" for i in range(NUM)])
VALUES = np.random.default_rng(0).normal(size=(NUM, WIDTH)).astype(np.float32)
KEY = FeatureKey(
    network="inception_v4",
    checkpoint_sha256="c" * 64,
    image_size=299,
    preprocessing="inception",
    dataset="aircraft",
    split="test",
    split_sha256="5" * 64,
    data_sha256="d" * 64,
    precision="float32",
)


class Rows:
    """Computes `VALUES`, and notes from where on it was asked to."""

    def __init__(self, fail_after: int | None = None, failure: type[BaseException] = RuntimeError):
        self.starts: list[int] = []
        self._fail_after = fail_after
        self._failure = failure

    def __call__(self, first: int) -> Iterator[np.ndarray]:
        self.starts.append(first)
        for start in range(first, NUM, BLOCK):
            if self._fail_after is not None and start >= self._fail_after:
                raise self._failure
            yield VALUES[start : start + BLOCK]


def never(first: int):
    pytest.fail(f"the rows from {first} on were computed again")


@pytest.fixture
def cache(tmp_path) -> FeatureCache:
    return FeatureCache(tmp_path / "features", seconds_between_saves=0)


def complete_file(cache: FeatureCache) -> Path:
    return cache.path_of(KEY) / "features.npy"


def test_features_are_computed_once_and_then_read_from_a_mapped_file(cache):
    first = cache.get(KEY, IDS, Rows())
    second = cache.get(KEY, IDS, never)
    assert (first.cached, second.cached) == (False, True)
    for features in (first, second):
        np.testing.assert_array_equal(features.values, VALUES)
        assert isinstance(features.values, np.memmap) and not features.values.flags.writeable
    assert second.seconds == first.seconds
    assert second.images_per_second == pytest.approx(NUM / first.seconds)


def test_the_files_say_what_they_are(cache):
    folder = cache.get(KEY, IDS, Rows(), device="1 x GPU").folder
    assert (folder / "ids.txt").read_text().split("\n") == IDS.tolist()
    meta = json.loads((folder / "meta.json").read_text())
    assert meta["key"] == KEY.words()
    assert meta["device"] == "1 x GPU"
    assert meta["images_per_second"] > 0
    np.testing.assert_array_equal(np.load(folder / "features.npy"), VALUES)
    left = {file.name for file in folder.iterdir()}
    assert left == {"features.npy", "ids.txt", "meta.json", "lock"}


@pytest.mark.parametrize("changed", [field.name for field in fields(FeatureKey)])
def test_features_are_kept_under_all_that_they_depend_on(cache, changed):
    value = getattr(KEY, changed)
    if changed == "libraries":
        other = dict(value) | {"tensorflow": "1.8.0"}
    else:
        other = value + 1 if isinstance(value, int) else f"{value}_other"
    key = replace(KEY, **{changed: other})
    cache.get(KEY, IDS, Rows())
    assert cache.path_of(key) != cache.path_of(KEY)
    assert cache.find(key, IDS) is None
    assert not cache.get(key, IDS, Rows()).cached


@pytest.mark.parametrize("done_before", [4, 12, 20])
def test_a_killed_extraction_goes_on_and_ends_with_the_same_bytes(cache, tmp_path, done_before):
    child = os.fork()
    if child == 0:

        def rows_until_killed(first):
            for start in range(first, NUM, BLOCK):
                if start == done_before:
                    os.kill(os.getpid(), signal.SIGKILL)
                yield VALUES[start : start + BLOCK]

        cache.get(KEY, IDS, rows_until_killed)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert not complete_file(cache).exists()
    rows = Rows()
    resumed = cache.get(KEY, IDS, rows)
    assert rows.starts == [done_before]
    assert not resumed.cached
    uninterrupted = FeatureCache(tmp_path / "other")
    uninterrupted.get(KEY, IDS, Rows())
    assert complete_file(cache).read_bytes() == complete_file(uninterrupted).read_bytes()


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_what_was_computed_before_an_error_or_ctrl_c_is_kept(tmp_path, failure):
    cache = FeatureCache(tmp_path, seconds_between_saves=3600)
    with pytest.raises(failure):
        cache.get(KEY, IDS, Rows(fail_after=12, failure=failure))
    rows = Rows()
    np.testing.assert_array_equal(cache.get(KEY, IDS, rows).values, VALUES)
    assert rows.starts == [12]


def test_a_crash_just_before_the_end_computes_nothing_again(cache, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", _failing_for("features.npy", Path.replace))
        with pytest.raises(ZeroDivisionError):
            cache.get(KEY, IDS, Rows())
    np.testing.assert_array_equal(cache.get(KEY, IDS, never).values, VALUES)


def _failing_for(name: str, original):
    def replace_or_fail(path, target):
        if Path(target).name == name:
            raise ZeroDivisionError
        return original(path, target)

    return replace_or_fail


@pytest.mark.parametrize(
    "damage",
    [
        lambda part: part.write_bytes(part.read_bytes()[:-1]),
        lambda part: _flip(part, 200),
        lambda part: part.unlink(),
        lambda part: (part.parent / "progress.json").write_text('{"rows": 1}'),
        lambda part: (part.parent / "progress.json").write_text("{"),
    ],
    ids=["cut", "changed", "gone", "progress of another kind", "progress cut"],
)
def test_a_damaged_part_is_not_gone_on_with(cache, damage):
    with pytest.raises(RuntimeError):
        cache.get(KEY, IDS, Rows(fail_after=8))
    damage(cache.path_of(KEY) / "features.npy.part")
    rows = Rows()
    np.testing.assert_array_equal(cache.get(KEY, IDS, rows).values, VALUES)
    assert rows.starts == [0]


def _flip(path: Path, position: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: _flip(folder / "features.npy", 300),
        lambda folder: _flip(folder / "features.npy", 3),
        lambda folder: (folder / "features.npy").write_bytes(b""),
        lambda folder: (folder / "features.npy").open("ab").write(b"more"),
        lambda folder: np.save(folder / "features.npy", VALUES[:-1]),
        lambda folder: np.save(folder / "features.npy", VALUES.astype(np.float64)),
        lambda folder: (folder / "ids.txt").write_text("\n".join(reversed(IDS.tolist()))),
        lambda folder: (folder / "meta.json").unlink(),
        lambda folder: (folder / "meta.json").write_text("[]"),
        lambda folder: _edit_key(folder / "meta.json"),
    ],
    ids=[
        "a bit",
        "header",
        "empty",
        "longer",
        "a row less",
        "float64",
        "ids",
        "no meta",
        "other meta",
        "other key",
    ],
)
def test_a_damaged_entry_is_never_used_but_computed_again_with_a_warning(cache, damage):
    damage(cache.get(KEY, IDS, Rows()).folder)
    assert cache.find(KEY, IDS) is None
    with pytest.warns(UserWarning, match="are damaged .* and are computed again"):
        features = cache.get(KEY, IDS, Rows())
    np.testing.assert_array_equal(features.values, VALUES)
    assert cache.get(KEY, IDS, never).cached


def _edit_key(path: Path) -> None:
    meta = json.loads(path.read_text())
    meta["key"]["image_size"] = 224
    path.write_text(json.dumps(meta))


def test_features_of_fewer_examples_than_the_split_has_are_an_error(cache):
    with pytest.raises(RuntimeError, match="20 of 23"):
        cache.get(KEY, IDS, lambda first: iter([VALUES[first:20]]))
    assert cache.find(KEY, IDS) is None


def test_a_second_process_waits_and_then_reads(cache, capfd):
    ready, go = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:

        def slowly(first):
            os.write(ready[1], b"x")
            os.read(go[0], 1)
            yield VALUES[first:]

        cache.get(KEY, IDS, slowly)
        os._exit(0)
    os.read(ready[0], 1)  # the child holds the lock
    results = []
    waiting = threading.Thread(target=lambda: results.append(cache.get(KEY, IDS, never)))
    waiting.start()
    waiting.join(0.3)
    assert waiting.is_alive() and not results
    os.write(go[1], b"x")
    waiting.join(20)
    assert os.waitpid(child, 0)[1] == 0
    assert results[0].cached
    np.testing.assert_array_equal(results[0].values, VALUES)
    assert "Another process computes" in capfd.readouterr().err


def test_the_lock_of_a_process_that_died_holds_nobody_up(cache):
    child = os.fork()
    if child == 0:
        cache.get(KEY, IDS, lambda _: os.kill(os.getpid(), signal.SIGKILL))
    os.waitpid(child, 0)
    np.testing.assert_array_equal(cache.get(KEY, IDS, Rows()).values, VALUES)


@pytest.fixture
def read_only(cache, monkeypatch) -> None:  # noqa: ARG001 (its folder is made before)
    """As a disk that is mounted read-only is; root may write to a folder of any permissions."""
    original = Path.open

    def open_to_read(path, mode="r", *more, **options):
        if set(mode) & set("wax+"):
            raise OSError(errno.EROFS, "Read-only file system")
        return original(path, mode, *more, **options)

    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "open", open_to_read)
    monkeypatch.setattr(Path, "mkdir", refuse)
    monkeypatch.setattr(fcntl, "flock", refuse)


def test_features_are_read_from_a_read_only_folder(cache, request):
    cache.get(KEY, IDS, Rows())
    request.getfixturevalue("read_only")
    np.testing.assert_array_equal(cache.get(KEY, IDS, never).values, VALUES)


@pytest.mark.usefixtures("read_only")
def test_a_folder_that_cannot_be_written_to_is_told_before_anything_is_computed(cache):
    with pytest.raises(UserError, match=r"Read-only file system.*--features_dir"):
        cache.get(KEY, IDS, never)


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path):
    (tmp_path / "features").write_text("")
    with pytest.raises(UserError, match="cannot be written to"):
        FeatureCache(tmp_path / "features").get(KEY, IDS, never)


def test_too_little_space_is_told_at_the_first_batch(cache, monkeypatch):
    full = os.statvfs_result((4096, 4096, 100, 0, 0, 0, 0, 0, 0, 255))
    with monkeypatch.context() as patch:
        patch.setattr(os, "statvfs", lambda _: full)
        with pytest.raises(UserError, match=r"GB are needed and 0.00 GB are free.*free space"):
            cache.get(KEY, IDS, Rows())
    np.testing.assert_array_equal(cache.get(KEY, IDS, Rows()).values, VALUES)


def test_a_disk_that_fills_up_is_told_and_what_was_saved_is_gone_on_with(cache, monkeypatch):
    original, calls = os.fsync, []

    def fsync(descriptor):
        calls.append(descriptor)
        if len(calls) > 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        original(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(UserError, match="No space left on device"):
            cache.get(KEY, IDS, Rows())
    rows = Rows()
    np.testing.assert_array_equal(cache.get(KEY, IDS, rows).values, VALUES)
    assert rows.starts == [2 * BLOCK]  # two fsyncs a save, of the part and of progress.json
