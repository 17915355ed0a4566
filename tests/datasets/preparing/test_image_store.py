import pytest

from repro.datasets.preparing.archives import Place
from repro.datasets.preparing.image_store import ImageStore


def test_images_come_back_from_where_they_are(tmp_path):
    (tmp_path / "archive").write_bytes(b"0123456789")
    store = ImageStore(tmp_path)
    store.add("copied", b"abc", None)
    store.add("noted", b"3456", Place(tmp_path / "archive", 3))
    store.add("copied too", b"defg", None)
    assert list(store) == ["copied", "noted", "copied too"]
    assert "noted" in store
    assert "lost" not in store
    assert dict(store.read(["copied too", "noted", "copied"])) == {
        "copied too": b"defg",
        "noted": b"3456",
        "copied": b"abc",
    }
    store.add("late", b"h", None)  # after reading, not over what is there
    assert dict(store.read(store))["copied too"] == b"defg"


def test_the_copies_have_no_name(tmp_path):
    ImageStore(tmp_path).add("a", b"abc", None)
    assert not list(tmp_path.iterdir())


def test_a_file_that_became_shorter_is_noticed(tmp_path):
    (tmp_path / "archive").write_bytes(b"0123456789")
    store = ImageStore(tmp_path)
    store.add("a", b"89", Place(tmp_path / "archive", 8))
    (tmp_path / "archive").write_bytes(b"012345678")
    with pytest.raises(OSError, match="file of a became shorter"):
        list(store.read(["a"]))
