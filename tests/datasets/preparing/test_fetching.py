import hashlib
import http.server
import threading
import time

import pytest
from tensorflow_datasets.core.download.resource import get_dl_fname

from repro import UserError, datasets
from repro.datasets.declaration import ArchiveFile
from repro.datasets.preparing import fetching
from tests.datasets import archives_tfds

CONTENT = bytes(range(256)) * 20


class _Server(http.server.BaseHTTPRequestHandler):
    """Serves what `files` holds, from where a Range header asks, and notes what was asked."""

    files: dict[str, bytes]
    asked: list[tuple[str, str | None]]
    silent_after: int | None
    ranges: bool

    def do_GET(self):
        self.asked.append((self.path, self.headers["Range"]))
        content = self.files.get(self.path.lstrip("/"))
        if content is None:
            self.send_error(404)
            return
        first = 0
        if self.ranges and self.headers["Range"]:
            first = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(len(content) - first))
        self.end_headers()
        if self.silent_after is not None:
            self.wfile.write(content[first : self.silent_after])
            self.wfile.flush()
            time.sleep(1)
            return
        self.wfile.write(content[first:])

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    """Serves on this machine; `server.handler` says what, `server.url` where."""
    state = {"files": {}, "asked": [], "silent_after": None, "ranges": True}
    handler = type("Handler", (_Server,), state)
    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    served.handler = handler
    served.url = f"http://127.0.0.1:{served.server_port}/"
    thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield served
    served.shutdown()
    thread.join()
    served.server_close()


@pytest.fixture
def archive(server):
    server.handler.files["a.bin"] = CONTENT
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    return ArchiveFile("a.bin", f"{server.url}a.bin", len(CONTENT), sha256)


def test_a_file_is_downloaded_under_its_name(archive, tmp_path):
    path = fetching.download(archive, tmp_path / "new")
    assert path == tmp_path / "new" / "a.bin"
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]


@pytest.fixture
def pets(tmp_path, server):
    """Lays the small Pets out in `official`, served from this machine; returns `tmp_path`."""
    archives_tfds.write_official("pets", tmp_path / "official")
    parts = archives_tfds.parts_of("pets", tmp_path / "official", server.url)
    for file in (tmp_path / "official").iterdir():
        server.handler.files[file.name] = file.read_bytes()
    with archives_tfds.declared("pets", tmp_path / "official", parts=parts):
        yield tmp_path


def test_what_is_not_in_the_manual_folder_is_downloaded(pets, server):
    (pets / "manual").mkdir()
    (pets / "official" / "images.tar.gz").rename(pets / "manual" / "images.tar.gz")
    datasets.prepare("pets", pets / "data", pets / "manual")
    assert [path for path, _ in server.handler.asked] == ["/annotations.tar.gz"]
    downloaded = [path.name for path in (pets / "data" / "downloads").rglob("*.*")]
    assert downloaded == ["annotations.tar.gz"]
    assert len(datasets.load("pets", "test", pets / "data")) == 4


def test_what_was_downloaded_before_is_used_again(pets, server):
    datasets.prepare("pets", pets / "data")
    (pets / "data" / "oxford_iiit_pet").rename(pets / "elsewhere")
    server.handler.files.clear()
    datasets.prepare("pets", pets / "data")
    assert len(server.handler.asked) == 2


@pytest.mark.parametrize("folder", ["downloads/oxford_iiit_pet", "downloads"])
def test_what_tfds_has_downloaded_is_used(pets, server, folder):
    for part in datasets.spec("pets").parts:
        [archive] = part.archives
        (pets / "data" / folder).mkdir(parents=True, exist_ok=True)
        name = get_dl_fname(archive.url, archive.sha256)
        (pets / "official" / archive.name).rename(pets / "data" / folder / name)
    datasets.prepare("pets", pets / "data")
    assert server.handler.asked == []


def test_without_network_one_message_names_all_that_is_missing(pets, server):
    server.handler.files.clear()
    (pets / "manual").mkdir()
    (pets / "manual" / "pictures.tar.gz").touch()
    with pytest.raises(UserError) as error:
        datasets.prepare("pets", pets / "data", pets / "manual")
    message = str(error.value)
    images, annotations = (part.archives[0] for part in datasets.spec("pets").parts)
    for fact in (
        "images.tar.gz could not be downloaded: ",
        "404",
        f"  images.tar.gz ({images.size:,} bytes, sha256 {images.sha256})\n    from {images.url}",
        f"  annotations.tar.gz ({annotations.size:,} bytes, sha256 {annotations.sha256})",
        f"from {annotations.url}",
        "into a folder and give that folder as --manual_dir.",
        f"--manual_dir={pets / 'manual'} holds pictures.tar.gz.",
    ):
        assert fact in message
    assert len(message.splitlines()) < 12
    assert not list((pets / "data").rglob("*tfrecord*"))


def test_a_manual_folder_that_is_none_is_said_before_anything_is_downloaded(pets, server):
    with pytest.raises(UserError, match=r"--manual_dir=.*nowhere is not a folder"):
        datasets.prepare("pets", pets / "data", pets / "nowhere")
    assert server.handler.asked == []


def test_a_file_of_another_size_or_digest_is_refused_with_both(pets):
    path = pets / "official" / "images.tar.gz"
    content = path.read_bytes()
    for changed in (content + b"\0", content[:-1] + b"\1"):
        path.write_bytes(changed)
        found = hashlib.sha256(changed).hexdigest()
        official = hashlib.sha256(content).hexdigest()
        with pytest.raises(
            UserError,
            match=f"is not the published images.tar.gz: it has {len(changed):,} bytes "
            rf"\(sha256 {found}\) instead of {len(content):,} \(sha256 {official}\).*allow_partial",
        ):
            datasets.prepare("pets", pets / "data", pets / "official")


def test_a_changed_file_is_used_on_request_with_a_warning(pets):
    archives_tfds.write_tar(pets / "official" / "images.tar.gz", archives_tfds.pets_images())
    with pytest.warns(UserWarning, match="images.tar.gz is not the published .* all the same"):
        datasets.prepare("pets", pets / "data", pets / "official", allow_partial=True)
    assert len(datasets.load("pets", "test", pets / "data")) == 4
