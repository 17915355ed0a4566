import errno
import fcntl
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import scipy.io
import tensorflow as tf
import tensorflow_datasets as tfds

from repro import UserError, datasets
from repro.datasets import registry
from repro.datasets.declaration import ExpectedSplit
from repro.datasets.preparing import tfds_builders
from repro.datasets.preparing.tfds_builders import TfdsBuilder
from repro.datasets.preparing.tfds_errors import naming_cause
from tests.datasets import archives_tfds
from tests.datasets.archives_tfds import write_official, write_tar
from tests.datasets.conftest import tree_digest

CHECKOUT = Path(__file__).resolve().parents[3]
OF_TFDS = [
    name for name, spec in registry.DATASETS.items() if isinstance(spec.builder, TfdsBuilder)
]
DTD = "dtd-r1.0.1.tar.gz"


@pytest.fixture
def dtd(tmp_path):
    """Declares the small Describable Textures that lie in `manual`; returns `tmp_path`."""
    write_official("dtd", tmp_path / "manual")
    with archives_tfds.declared("dtd", tmp_path / "manual"):
        yield tmp_path


def _prepare(folder, **options):
    return datasets.prepare("dtd", folder / "data", folder / "manual", **options)


def _left(folder):
    """Returns what lies in the data folder but for lock files."""
    return sorted(path.name for path in (folder / "data").glob("[!.]*"))


def test_seven_of_the_papers_data_sets_come_from_tfds():
    assert sorted(OF_TFDS) == sorted(archives_tfds.COUNTS)


@pytest.mark.parametrize("name", OF_TFDS)
def test_a_declaration_names_the_files_that_tfds_asks_for(name, tmp_path):
    spec = datasets.spec(name)
    builder = spec.builder(data_dir=tmp_path)
    declared = {
        archive.url: (archive.size, archive.sha256, archive.name)
        for part in spec.parts
        for archive in part.archives
    }
    registered = {
        url: (int(info.size), info.checksum, info.filename)
        for url, info in builder.url_infos.items()
        if "2012" not in url  # VOC 2012 shares a builder with VOC 2007
    }
    assert declared == registered
    assert builder.info.features[spec.records.label_feature].num_classes == spec.num_classes


@pytest.mark.parametrize("name", OF_TFDS)
def test_tfds_itself_can_read_what_is_prepared(name, tmp_path):
    with archives_tfds.prepared(name, tmp_path) as data_dir:
        spec = datasets.spec(name)
        theirs = tfds.load(spec.builder.name, data_dir=data_dir, download=False)
        counts = {split: len(examples) for split, examples in theirs.items()}
    expected = {
        spec.tfds_splits.get(split, split): spec.official_size(split)
        for split in spec.official_splits
    }
    assert counts == expected


def test_what_plain_tfds_has_prepared_is_read_as_it_is(dtd):
    official = tfds.builder_cls("dtd")
    [part] = datasets.spec("dtd").parts
    [archive] = part.archives

    class Dtd(official, skip_registration=True):
        url_infos = {  # noqa: RUF012
            archive.url: tfds.download.checksums.UrlInfo(
                tfds.core.utils.Size(archive.size), archive.sha256, archive.name
            )
        }

    plain = Dtd(data_dir=dtd / "data")
    plain.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=dtd / "manual")
    )
    (dtd / "manual" / DTD).unlink()
    before = tree_digest(dtd / "data")
    _prepare(dtd)
    assert tree_digest(dtd / "data") == before
    assert datasets.load("dtd", "train", dtd / "data").ids[0] == "images/banded/banded_0002"


def test_data_that_plain_tfds_has_prepared_from_less_are_partial_when_loaded(dtd, monkeypatch):
    _prepare(dtd)
    monkeypatch.setitem(datasets.spec("dtd").expected, "test", ExpectedSplit(5))
    with pytest.warns(UserWarning, match="test has 4 of 5 examples"):
        datasets.load("dtd", "train", dtd / "data")


def test_only_the_data_remain_and_their_index_is_made_once(dtd):
    _prepare(dtd)
    assert _left(dtd) == ["dtd"]
    indices = list((dtd / "data" / "dtd" / "3.0.1").glob("repro_index_*"))
    assert len(indices) == 3
    for split in datasets.SPLITS:
        datasets.load("dtd", split, dtd / "data")
    assert list((dtd / "data" / "dtd" / "3.0.1").glob("repro_index_*")) == indices


def test_prepared_data_keep_no_trace_of_how_they_were_fed(dtd):
    _prepare(dtd)
    info = (dtd / "data" / "dtd" / "3.0.1" / "dataset_info.json").read_text()
    assert "tensorflow_datasets.image_classification.dtd" in info
    assert str(dtd) not in info


def test_folders_may_be_relative(dtd, monkeypatch):
    monkeypatch.chdir(dtd)
    datasets.prepare("dtd", "data", "manual")
    assert len(datasets.load("dtd", "train", "data")) == 4


def test_a_data_folder_in_the_cloud_is_refused():
    with pytest.raises(UserError, match="--data_dir=gs://a/b must be a folder of this machine"):
        datasets.prepare("dtd", "gs://a/b")


def test_nothing_is_printed(dtd, capfd):
    _prepare(dtd)
    output = capfd.readouterr()
    assert output.out == ""
    assert "Unknown size" not in output.err
    assert "%" not in output.err  # no bars in a log


def _changed(name, archive, files, change, compression):
    """Returns what writes a data set's official files, one archive of them changed."""

    def write(folder):
        write_official(name, folder)
        changed = dict(files)
        change(changed)
        write_tar(folder / archive, changed, compression)

    return name, write


def _dtd(change):
    return _changed("dtd", DTD, archives_tfds.dtd_files(), change, "")


def _food101(change):
    files = archives_tfds.food101_files()
    return _changed("food101", "food-101.tar.gz", files, change, "gz")


def _cifar10(change):
    files = archives_tfds.cifar10_files()
    return _changed("cifar10", "cifar-10-binary.tar.gz", files, change, "gz")


def _pets(change):
    return _changed("pets", "images.tar.gz", archives_tfds.pets_images(), change, "")


def _voc2007(change):
    files = archives_tfds.voc2007_files("test")
    return _changed("voc2007", "VOCtest_06-Nov-2007.tar", files, change, "")


def _flowers(file, **content):
    def write(folder):
        write_official("flowers", folder)
        scipy.io.savemat(folder / file, content)

    return "flowers", write


def _cut(name, file):
    def write(folder):
        write_official(name, folder)
        content = (folder / file).read_bytes()
        (folder / file).write_bytes(content[: len(content) // 2])

    return name, write


def _relabel(files):
    pictures = bytearray(files["cifar-10-batches-bin/test_batch.bin"])
    pictures[3073] = 77
    files["cifar-10-batches-bin/test_batch.bin"] = bytes(pictures)


DAMAGES = {
    "a missing list": (
        _dtd(lambda files: files.pop("dtd/labels/val1.txt")),
        f"{DTD} lacks dtd/labels/val1.txt",
    ),
    "a missing image": (
        _dtd(lambda files: files.pop("dtd/images/banded/banded_0003.jpg")),
        f"{DTD} lacks dtd/images/banded/banded_0003.jpg",
    ),
    "an empty list": (
        _dtd(lambda files: files.update({"dtd/labels/val1.txt": b""})),
        '"validation": No examples',
    ),
    "an image in two splits": (
        _dtd(lambda files: files.update({"dtd/labels/val1.txt": files["dtd/labels/train1.txt"]})),
        "lists images/.* more than once",
    ),
    "a short split": (
        _dtd(lambda files: files.update({"dtd/labels/val1.txt": b"banded/banded_0003.jpg\n"})),
        r"validation has 1 examples \(sha256 .*\) instead of 4",
    ),
    "an image without its end": (
        _dtd(
            lambda files: files.update(
                {
                    f"dtd/images/banded/banded_000{digit}.jpg": files[
                        f"dtd/images/banded/banded_000{digit}.jpg"
                    ][:-4]
                    for digit in (3, 4)
                }
            )
        ),
        r"2 of 12 images of .*\n  images/banded/banded_000. cannot be decoded",
    ),
    "a cut tar.gz": (_cut("food101", "food-101.tar.gz"), "food-101.tar.gz is cut short or damaged"),
    "a cut tar": (_cut("dtd", DTD), f"{DTD} lacks dtd/labels/"),
    "a damaged list": (
        _food101(lambda files: files.update({"food-101/meta/test.json": b"{"})),
        "JSONDecodeError: Expecting property name",
    ),
    "an unknown class": (
        _food101(
            lambda files: files.update(
                {"food-101/meta/test.json": b'{"glue": ["apple_pie/0"]}'},
            )
        ),
        "glue",
    ),
    "a label out of range": (_cifar10(_relabel), "test_00001: Class label 77 greater than"),
    "class names of another edition": (
        _cifar10(lambda files: files.update({"cifar-10-batches-bin/batches.meta.txt": b"a\nb\n"})),
        "Got 2 names VS 10",
    ),
    "an image to repair beyond repair": (
        _pets(lambda files: files.update({"images/beagle_116.jpg": b"\xff\xd8\xff"})),
        "Invalid JPEG data",
    ),
    "a damaged annotation": (
        _voc2007(lambda files: files.update({"VOCdevkit/VOC2007/Annotations/000001.xml": b"<a>"})),
        "ParseError",
    ),
    "labels beyond the classes": (
        _flowers("imagelabels.mat", labels=archives_tfds.flower_labels()[None] + 100),
        "image_0000..jpg: Class label 176 greater than",
    ),
    "a mat file of something else": (_flowers("setid.mat", splits=[1]), "KeyError: 'trnid'"),
    "a cut mat file": (_cut("flowers", "setid.mat"), "could not read bytes"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_named_and_leaves_nothing(tmp_path, damage):
    (name, write), message = DAMAGES[damage]
    write(tmp_path / "manual")
    with (
        archives_tfds.declared(name, tmp_path / "manual"),
        pytest.raises(UserError, match=message) as error,
    ):
        datasets.prepare(name, tmp_path / "data", tmp_path / "manual")
    assert _left(tmp_path) == []
    assert len(str(error.value)) < 1000
    assert "incomplete." not in str(error.value)


def test_fewer_images_are_prepared_on_request_with_a_warning(tmp_path):
    name, write = DAMAGES["a short split"][0]
    write(tmp_path / "manual")
    with archives_tfds.declared(name, tmp_path / "manual"):
        with pytest.warns(UserWarning, match="partial: validation has 1 of 4 examples"):
            _prepare(tmp_path, allow_partial=True)
        with pytest.warns(UserWarning, match="partial: validation has 1 of 4 examples"):
            assert len(datasets.load("dtd", "test", tmp_path / "data")) == 4


KILLED = """
import sys, time
from pathlib import Path
import tensorflow_datasets as tfds
from repro import datasets
from tests.datasets import archives_tfds

folder = Path(sys.argv[1])
official = tfds.builder_cls("dtd")
generate = official._generate_examples

def generate_and_wait(self, *args, **kwargs):
    for index, example in enumerate(generate(self, *args, **kwargs)):
        if kwargs.get("split_name") == "test1" and index == 2:
            print("in the middle", file=sys.__stdout__, flush=True)
            time.sleep(60)
        yield example

official._generate_examples = generate_and_wait
with archives_tfds.declared("dtd", folder / "manual"):
    datasets.prepare("dtd", folder / "data", folder / "manual")
"""


def test_a_killed_attempt_leaves_nothing_that_loads_and_the_next_one_clears_up(dtd):
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(dtd)],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout.readline() == b"in the middle\n"
        process.send_signal(signal.SIGKILL)
    [leftover] = _left(dtd)
    assert leftover.startswith("incomplete.dtd.")
    assert any((dtd / "data" / leftover).rglob("*tfrecord*"))
    (dtd / "manual" / DTD).rename(dtd / "hidden")
    (dtd / "manual" / DTD).write_bytes(b"")
    with pytest.raises(UserError, match="is not the published"):
        datasets.load("dtd", "train", dtd / "data", dtd / "manual")
    (dtd / "hidden").rename(dtd / "manual" / DTD)
    assert len(datasets.load("dtd", "train", dtd / "data", dtd / "manual")) == 4
    assert _left(dtd) == ["dtd"]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, MemoryError])
def test_an_interrupted_attempt_leaves_nothing(dtd, monkeypatch, interruption):
    def stop(*_):
        raise interruption

    monkeypatch.setattr(tfds_builders, "find_undecodable", stop)
    with pytest.raises(interruption):
        _prepare(dtd)
    assert _left(dtd) == []


def test_a_second_process_waits_for_the_first_and_takes_what_it_made(dtd, capfd):
    _prepare(dtd)
    final, aside = dtd / "data" / "dtd", dtd / "aside"
    final.rename(aside)
    unfinished = dtd / "data" / "incomplete.dtd.other"
    unfinished.mkdir()
    with (dtd / "data" / ".dtd.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = threading.Thread(target=_prepare, args=[dtd])
        waiting.start()
        until = time.monotonic() + 10
        message = ""
        while "waiting for it" not in message and time.monotonic() < until:
            time.sleep(0.01)
            message += capfd.readouterr().err
        assert "Another process holds" in message
        assert unfinished.exists()
        aside.rename(final)
        before = tree_digest(final)
    waiting.join()
    assert tree_digest(final) == before


def test_where_files_cannot_be_locked_leftovers_stay(dtd, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    (dtd / "data" / "incomplete.dtd.other").mkdir(parents=True)
    _prepare(dtd)
    assert _left(dtd) == ["dtd", "incomplete.dtd.other"]


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left on device"), PermissionError(errno.EACCES, "No")],
)
def test_what_is_no_fault_of_the_files_is_not_said_of_them(tmp_path, error):
    with pytest.raises(type(error)), naming_cause("a.tar", tmp_path):
        raise RuntimeError("while writing") from error


def test_a_full_disk_that_tensorflow_reports_is_no_fault_of_the_files(tmp_path):
    with pytest.raises(OSError, match="No space"), naming_cause("a.tar", tmp_path):
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")
