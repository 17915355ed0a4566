import dataclasses
import fcntl
import hashlib
import json
import os
import signal
import time
from pathlib import Path

import pytest

from repro import UserError, checkpoints
from repro.checkpoints import inventory, location, manifest
from repro.checkpoints.fetch import fetch
from repro.downloading.transfer import Patience
from tests.checkpoints import archives, made
from tests.downloading import light
from tests.downloading.server import Answer, Served

MODEL = "mobilenet_v1_0.5"
QUICK = Patience(attempts=2, timeout=0.5, pause=0.01)


@pytest.fixture(scope="module")
def contents(tmp_path_factory):
    """The files of a small checkpoint, as the archive of the network has them, by name."""
    prefix = tmp_path_factory.mktemp("small") / manifest.entry(MODEL).member
    checkpoints.write(prefix, made.small_values())
    return archives.in_folder(prefix.parent) | {f"{prefix.name}.meta": b"a graph"}


@pytest.fixture
def archive(contents):
    return archives.of_files(contents)


@pytest.fixture
def entry(archive, server):
    """The archive as a manifest has it that knows a digest of it."""
    server.files["net.tgz"] = Served(archive)
    return dataclasses.replace(
        manifest.entry(MODEL),
        file="net.tgz",
        urls=(server.url("net.tgz"),),
        sha256=hashlib.sha256(archive).hexdigest(),
    )


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "all checkpoints"


@pytest.fixture
def get(entry, folder):
    """Fetches; `told` has what was said meanwhile."""

    def get(entry=entry, **options):
        options = {"patience": QUICK, "tell": get.told.append} | options
        return fetch(entry, folder, **options)

    get.told = []
    return get


def visible(folder):
    """Returns what is in a folder, but for what begins with a dot."""
    return {name for name in archives.in_folder(folder) if not name.startswith(".")}


def assert_good(entry, folder, contents):
    """Asserts that the checkpoint is there, verified, and its files are those of the archive."""
    found = inventory.status(entry, folder, thorough=True)
    assert found.state == inventory.VERIFIED
    place = archives.in_folder(folder / MODEL)
    assert {name: place[name] for name in contents} == contents
    assert location.locate(MODEL, checkpoint_dir=folder) == found.path
    assert found.path == folder / MODEL / entry.member


def test_a_checkpoint_is_downloaded_verified_and_unpacked(get, entry, folder, contents):
    fetched = get()
    assert fetched.is_new
    assert_good(entry, folder, contents)
    assert visible(folder) == {f"{MODEL}/{name}" for name in (*contents, "fetched.json")}
    assert get.told == []


def test_the_record_says_where_each_file_comes_from(get, entry, folder, contents):
    get()
    record = json.loads((folder / MODEL / "fetched.json").read_text())
    assert record["source"] == entry.urls[0]
    assert (record["sha256"], record["is_published"]) == (entry.sha256, True)
    assert {file["name"]: file["sha256"] for file in record["files"]} == {
        name: hashlib.sha256(content).hexdigest() for name, content in contents.items()
    }


def test_what_is_there_and_verified_is_left_alone(get, server, folder):
    get()
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    server.files.clear()
    server.asked.clear()
    fetched = get()
    assert not fetched.is_new
    assert fetched.status.state == inventory.VERIFIED
    assert server.asked == []
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_what_was_put_there_by_hand_is_left_alone(get, entry, server, folder, contents):
    (folder / MODEL).mkdir(parents=True)
    for name, content in contents.items():
        (folder / MODEL / name).write_bytes(content)
    fetched = get()
    assert (fetched.is_new, fetched.status.state) == (False, inventory.BY_HAND)
    assert fetched.status.path == folder / MODEL / entry.member
    assert server.asked == []


@pytest.mark.parametrize("ending", [".data-00000-of-00001", ".index"])
@pytest.mark.parametrize("how", ["changed", "cut", "gone"])
def test_what_is_no_longer_as_fetched_is_fetched_again(get, entry, folder, contents, ending, how):
    get()
    (folder / MODEL / "my notes").write_text("mine")
    file = folder / MODEL / f"{entry.member}{ending}"
    content = file.read_bytes()
    if how == "changed":
        file.write_bytes(made.flipped(content, 9, 0))
    elif how == "cut":
        file.write_bytes(content[:-1])
    else:
        file.unlink()
    assert inventory.status(entry, folder).state == inventory.CHANGED
    assert get().is_new
    assert_good(entry, folder, contents)
    assert (folder / MODEL / "my notes").read_text() == "mine"
    assert "is not what was fetched; it is fetched again" in get.told[0]


def test_a_change_that_size_and_time_do_not_show_is_found_by_reading_all(get, entry, folder):
    get()
    data = folder / MODEL / f"{entry.member}.data-00000-of-00001"
    modified = data.stat().st_mtime_ns
    data.write_bytes(made.flipped(data.read_bytes(), 9, 0))
    os.utime(data, ns=(modified, modified))
    assert inventory.status(entry, folder).state == inventory.VERIFIED
    assert inventory.status(entry, folder, thorough=True).state == inventory.CHANGED
    assert get().is_new


def test_a_copy_of_a_fetched_checkpoint_is_still_verified(get, entry, folder, contents, tmp_path):
    get()
    for name, content in archives.in_folder(folder / MODEL).items():
        (tmp_path / "copy" / MODEL).mkdir(parents=True, exist_ok=True)
        (tmp_path / "copy" / MODEL / name).write_bytes(content)
    assert_good(entry, tmp_path / "copy", contents)
    assert inventory.status(entry, tmp_path / "copy").state == inventory.VERIFIED


def test_a_damaged_checkpoint_of_a_person_is_neither_used_nor_overwritten(get, entry, folder):
    (folder / MODEL).mkdir(parents=True)
    (folder / MODEL / f"{entry.member}.index").write_bytes(b"cut")
    with pytest.raises(UserError, match=r"is no TF-Slim checkpoint.* Or remove it: then the same"):
        get()
    assert (folder / MODEL / f"{entry.member}.index").read_bytes() == b"cut"


@pytest.mark.parametrize("place", ["", MODEL, "net"])
def test_an_archive_that_a_person_downloaded_is_unpacked_and_stays(
    get, entry, archive, server, folder, contents, place
):
    (folder / place).mkdir(parents=True)
    (folder / place / "net.tgz").write_bytes(archive)
    assert get().is_new
    assert_good(entry, folder, contents)
    assert server.asked == []
    assert (folder / place / "net.tgz").read_bytes() == archive
    record = inventory.record_in(folder / MODEL)
    assert record.source == str(folder / place / "net.tgz")
    assert not get().is_new


def test_a_wrong_archive_of_a_person_is_refused_and_named(get, server, folder, archive):
    folder.mkdir()
    (folder / "net.tgz").write_bytes(archive[:-1])
    with pytest.raises(
        UserError, match=r"net\.tgz is not the archive of .*: its sha256 is .*Remove"
    ):
        get()
    assert server.asked == []
    assert visible(folder) == {"net.tgz"}


def test_a_release_of_the_same_name_is_told_apart(get, entry, archive, folder, monkeypatch):
    other = dataclasses.replace(entry, urls=("http://the.other/net.tgz",))
    monkeypatch.setattr(manifest, "entries", lambda: (other,))
    folder.mkdir()
    (folder / "net.tgz").write_bytes(archive)
    with pytest.raises(UserError, match=r"It is that of http://the\.other/net\.tgz\."):
        get(dataclasses.replace(entry, sha256="0" * 64))


def test_without_a_published_checksum_there_is_a_warning_and_a_record(get, entry, folder):
    fetched = get(dataclasses.replace(entry, sha256=None, sha384=None))
    assert fetched.status.state == inventory.UNPUBLISHED
    [warning] = get.told
    assert warning.startswith("Warning: no checksum of net.tgz is published")
    assert entry.sha256 in warning
    assert str(folder / MODEL / "fetched.json") in warning
    record = inventory.record_in(folder / MODEL)
    assert (record.sha256, record.is_published) == (entry.sha256, False)
    (folder / MODEL / f"{entry.member}.index").write_bytes(b"changed")
    assert inventory.status(entry, folder).state == inventory.CHANGED


def test_a_sha384_alone_is_as_good(get, entry, archive, folder):
    known = hashlib.sha384(archive).hexdigest()
    assert get(dataclasses.replace(entry, sha256=None, sha384=known)).is_new
    assert inventory.status(entry, folder).state == inventory.VERIFIED


def test_another_archive_behind_the_link_is_not_unpacked(get, server, folder, contents):
    server.files["net.tgz"] = Served(archives.of_files(contents | {"more": b"1"}))
    with pytest.raises(UserError, match=r"net\.tgz could not be downloaded\.\n.*another file"):
        get()
    assert visible(folder) == set()


def test_a_checkpoint_in_a_folder_of_the_archive_is_found(get, entry, folder, contents, server):
    deep = archives.of_files({f"net/deep/{name}": value for name, value in contents.items()})
    server.files["net.tgz"] = Served(deep)
    get(dataclasses.replace(entry, sha256=hashlib.sha256(deep).hexdigest()))
    assert_good(entry, folder, contents)


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"other.ckpt": b"1", "README": b"2"}, "does not hold the checkpoint .* but other.ckpt"),
        ({}, "does not hold the checkpoint .* but nothing"),
        ({"{member}.index": b"1"}, "holds no good checkpoint: .* is no TF-Slim checkpoint"),
        ({"../evil": b"1"}, "a path that may lead out of the folder"),
    ],
)
@pytest.mark.parametrize("by_hand", [False, True])
def test_an_archive_without_the_checkpoint_leaves_nothing(
    get, entry, folder, server, files, why, by_hand
):
    bad = archives.of_files({name.format(member=entry.member): files[name] for name in files})
    server.files["net.tgz"] = Served(bad)
    if by_hand:
        folder.mkdir()
        (folder / "net.tgz").write_bytes(bad)
    with pytest.raises(UserError, match=why):
        get(dataclasses.replace(entry, sha256=None, sha384=None))
    assert visible(folder) == ({"net.tgz"} if by_hand else set())
    assert set(archives.in_folder(folder)) == visible(folder) | {f".{MODEL}.lock"}


def test_offline_one_screen_says_what_to_get_and_where_to_put_it(get, entry, folder):
    urls = ("http://127.0.0.1:9/net.tgz", "http://no.such.host.invalid/net.tgz")
    with pytest.raises(UserError) as caught:
        get(dataclasses.replace(entry, urls=urls, size=None))
    lines = str(caught.value).splitlines()
    assert lines[0] == "net.tgz could not be downloaded."
    assert "refused" in lines[1]
    assert "not found" in lines[2]
    assert lines[3:7] == [
        "Without network here, get net.tgz elsewhere",
        *(f"  from {url}" for url in urls),
        f"  sha256 {entry.sha256}",
    ]
    assert f"put it into {folder}:" in lines[7]
    assert len(lines) < 12


def test_a_file_of_the_archive_cannot_stand_in_for_the_record(get, entry, folder, contents, server):
    lie = json.dumps({"is_published": True}).encode()
    bad = archives.of_files(contents | {"fetched.json": lie})
    server.files["net.tgz"] = Served(bad)
    get(dataclasses.replace(entry, sha256=None))
    assert inventory.record_in(folder / MODEL).is_published is False
    assert inventory.status(entry, folder).state == inventory.UNPUBLISHED


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"files": 1}', '{"files": [{}]}'])
def test_a_record_that_cannot_be_read_is_none(get, entry, folder, text):
    get()
    (folder / MODEL / "fetched.json").write_text(text)
    assert inventory.record_in(folder / MODEL) is None
    assert inventory.status(entry, folder).state == inventory.BY_HAND


def test_restoring_reads_nothing_but_the_variables(get, entry, folder):
    get()
    (folder / MODEL / f"{entry.member}.meta").write_bytes(b"\xff no graph")
    reader = checkpoints.CheckpointReader(location.locate(MODEL, checkpoint_dir=folder))
    assert sorted(reader.shapes) == sorted(made.small_values())


_FETCH = """
from pathlib import Path
import json, os, signal
from repro.checkpoints.fetch import fetch
from repro.checkpoints.manifest import ManifestEntry
entry = ManifestEntry(**json.loads(sys.argv[1]))
folder = Path(sys.argv[2])
"""


def as_argument(entry):
    return json.dumps(dataclasses.asdict(entry))


def test_two_processes_at_once_both_get_it_from_one_download(entry, folder, server, contents):
    [served] = server.files.values()
    served.answers = [Answer(piece=len(served.content) // 8, delay=0.1)]
    code = f"{_FETCH}print(fetch(entry, folder).is_new)"
    processes = [light.start(code, as_argument(entry), str(folder)) for _ in range(2)]
    outputs = [process.communicate(timeout=60) for process in processes]
    assert sorted(out for out, _ in outputs) == ["False\n", "True\n"], outputs
    assert len(server.asked) == 1
    assert_good(entry, folder, contents)


def test_who_waits_for_another_process_is_told_so(get, folder):
    folder.mkdir()
    process = light.start(
        "import fcntl, time\n"
        "file = open(sys.argv[1], 'ab'); fcntl.flock(file, fcntl.LOCK_EX)\n"
        "print('locked', flush=True); time.sleep(0.3)",
        str(folder / f".{MODEL}.lock"),
    )
    assert process.stdout.readline() == "locked\n"
    assert get().is_new
    assert get.told == [f"Another process is fetching into {folder}; waiting for it."]
    process.communicate()


def test_a_disk_without_locks_is_told(get, monkeypatch):
    def refuse(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(UserError, match=r"cannot be locked: Operation not supported\. Choose"):
        get()


def test_a_process_killed_in_the_download_is_gone_on_from(entry, folder, server, contents, get):
    [served] = server.files.values()
    half = len(served.content) // 2
    served.answers = [Answer(silent_after=half)]
    process = light.start(f"{_FETCH}fetch(entry, folder)", as_argument(entry), str(folder))
    part = folder / ".net.tgz.part"
    while not part.exists() or part.stat().st_size < half:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert visible(folder) == set()
    assert inventory.status(entry, folder).state == inventory.MISSING
    assert get().is_new
    assert_good(entry, folder, contents)
    assert server.asked[-1].range is None or server.asked[-1].range == f"bytes={half}-"


_KILL_EVERYWHERE = f"""{_FETCH}
import shutil
from repro.checkpoints import inventory
FILE_EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir")

def in_child(moment):
    # Fetches in a process that is killed before it touches the disk for the moment-th time.
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    left = moment
    def hook(event, arguments):
        nonlocal left
        if event in FILE_EVENTS and str(folder) in str(arguments[0]):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)
    fetch(entry, folder)
    os._exit(0)

states, moment, status = [], 0, signal.SIGKILL
while status == signal.SIGKILL:
    moment += 1
    shutil.rmtree(folder, ignore_errors=True)
    if len(sys.argv) > 3:
        shutil.copytree(sys.argv[3], folder)
    status = in_child(moment)
    found = inventory.status(entry, folder, thorough=True)
    again = in_child(-1)
    final = inventory.status(entry, folder, thorough=True)
    states.append([found.state, again, final.state])
assert status == 0, status
print(json.dumps(states))
"""


def states_after_kills(entry, folder, *before):
    """Returns the states after a process was killed at each of its moments on the disk."""
    arguments = (as_argument(entry), str(folder), *map(str, before))
    states = json.loads(light.run(_KILL_EVERYWHERE, *arguments))
    assert len(states) > 20
    assert all(rest == [0, inventory.VERIFIED] for _, *rest in states)
    return {state for state, *_ in states}


def test_wherever_a_process_is_killed_the_next_run_finishes(entry, folder, contents):
    assert states_after_kills(entry, folder) == {inventory.MISSING, inventory.VERIFIED}
    assert_good(entry, folder, contents)


def test_wherever_a_repair_is_killed_the_next_run_finishes(get, entry, folder, contents, tmp_path):
    get()
    for file in (folder / MODEL).glob("*.ckpt.*"):
        file.write_bytes(file.read_bytes()[:-1])
    before = folder.rename(tmp_path / "before")
    states = states_after_kills(entry, folder, before)
    assert states == {inventory.CHANGED, inventory.VERIFIED}
    assert_good(entry, folder, contents)


def test_wherever_unpacking_beside_other_files_is_killed_the_next_run_finishes(
    entry, archive, folder, contents, tmp_path
):
    (tmp_path / "before" / MODEL).mkdir(parents=True)
    (tmp_path / "before" / MODEL / "net.tgz").write_bytes(archive)
    states = states_after_kills(entry, folder, tmp_path / "before")
    assert states == {inventory.MISSING, inventory.CHANGED, inventory.VERIFIED}
    assert_good(entry, folder, contents)


def test_a_missing_checkpoint_names_the_command_that_fetches_it(folder):
    with pytest.raises(UserError) as caught:
        location.locate("vgg_16", checkpoint_dir=folder)
    assert str(caught.value).splitlines()[:2] == [
        f"No checkpoint of vgg_16 is in {folder / 'vgg_16'}. Get it with",
        f"  python -m repro.checkpoint fetch vgg_16 --checkpoint_dir='{folder}'",
    ]


def test_the_command_is_short_where_the_folder_is_the_default(monkeypatch, tmp_path):
    monkeypatch.setenv("REPRO_CHECKPOINT_DIR", str(tmp_path))
    expected = "python -m repro.checkpoint fetch vgg_16"
    assert location.fetch_command("vgg_16", Path(tmp_path)) == expected
