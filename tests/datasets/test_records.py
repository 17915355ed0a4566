"""Records are read once for their ids and labels; images come from disk when asked for."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from repro.datasets import records
from repro.datasets.declaration import PLAIN_RECORDS


def _write(path: Path, examples: list[tuple[str, int, bytes]]) -> str:
    with tf.io.TFRecordWriter(str(path)) as writer:
        for name, label, image in examples:
            feature = {
                "id": tf.train.Feature(bytes_list=tf.train.BytesList(value=[name.encode()])),
                "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
                "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[image])),
            }
            example = tf.train.Example(features=tf.train.Features(feature=feature))
            writer.write(example.SerializeToString())
    return str(path)


def _examples(first: int, count: int) -> list[tuple[str, int, bytes]]:
    rng = np.random.default_rng(first)
    return [
        (f"é/{i:04d}", i % 7, rng.bytes(int(rng.integers(1, 5000))))
        for i in range(first, first + count)
    ]


@pytest.fixture
def files(tmp_path) -> list[str]:
    return [
        _write(tmp_path / "x.tfrecord-00000-of-00002", _examples(0, 300)),
        _write(tmp_path / "x.tfrecord-00001-of-00002", _examples(300, 5)),
    ]


def test_every_record_is_read_as_it_was_written(files):
    stored = records.read_split(files, PLAIN_RECORDS)
    expected = _examples(0, 300) + _examples(300, 5)
    assert list(stored.ids) == [name for name, _, _ in expected]
    assert list(stored.labels) == [label for _, label, _ in expected]
    assert list(stored.images) == [image for _, _, image in expected]


def test_images_are_chosen_and_joined_without_being_read(files, monkeypatch):
    stored = records.read_split(files, PLAIN_RECORDS).images
    everything = list(stored)
    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", lambda *_: pytest.fail("an image was read"))
        both = records.StoredImages.joined([stored[np.array([7, 304])], stored[np.array([0])]])
    assert list(both) == [everything[7], everything[304], everything[0]]


def test_several_threads_may_read(files):
    stored = records.read_split(files, PLAIN_RECORDS).images
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(stored.__getitem__, range(len(stored)))) == list(stored)


def test_the_index_is_made_once_and_anew_when_the_records_change(files, monkeypatch):
    first = records.read_split(files, PLAIN_RECORDS)
    with monkeypatch.context() as patch:
        patch.setattr(records, "_make_index", lambda *_: pytest.fail("the index was made again"))
        again = records.read_split(files, PLAIN_RECORDS)
    assert list(again.ids) == list(first.ids)
    assert list(again.images) == list(first.images)

    _write(Path(files[1]), _examples(500, 5))
    os.utime(files[1], ns=(1, 1))
    changed = records.read_split(files, PLAIN_RECORDS)
    assert list(changed.ids[-5:]) == [name for name, _, _ in _examples(500, 5)]


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04", b"no index"])
def test_a_damaged_index_is_made_again(files, damage):
    expected = records.read_split(files, PLAIN_RECORDS)
    [index] = Path(files[0]).parent.glob("repro_index_*.npz")
    index.write_bytes(damage)
    assert list(records.read_split(files, PLAIN_RECORDS).ids) == list(expected.ids)


def test_a_flipped_byte_is_found_by_its_checksum(files):
    content = bytearray(Path(files[0]).read_bytes())
    content[5000] ^= 1
    Path(files[0]).write_bytes(bytes(content))
    with pytest.raises(tf.errors.DataLossError):
        records.read_split(files, PLAIN_RECORDS)


def test_a_file_that_was_cut_since_is_an_error_and_no_short_image(files):
    images = records.read_split(files, PLAIN_RECORDS).images
    with Path(files[1]).open("r+b") as file:
        file.truncate(100)
    with pytest.raises(OSError, match="shorter"):
        images[304]
