import hashlib
import resource
import signal
import time
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro import UserError
from repro.downloading import transfer as module
from repro.downloading import web
from repro.downloading.fingerprint import Fingerprint, fingerprint
from repro.downloading.partial import Partial, Version
from repro.downloading.transfer import DownloadError, Patience, download
from tests.downloading import light
from tests.downloading.server import Answer, Asked, Served

CONTENT = bytes(range(256)) * 40
OTHER = CONTENT[::-1]
SIZE = len(CONTENT)
KNOWN = Fingerprint(SIZE, hashlib.sha256(CONTENT).hexdigest())
NOTHING_KNOWN = Fingerprint()
QUICK = Patience(attempts=3, timeout=0.3, pause=0.01)
WHOLE = Asked("a.bin", None, None)


@pytest.fixture
def served(server):
    server.files["a.bin"] = Served(CONTENT, headers={"ETag": '"1"'})
    return server.files["a.bin"]


@pytest.fixture
def get(server, served, tmp_path):
    """Downloads a.bin (or what the urls name); `told` has what was said meanwhile."""

    def get(known=KNOWN, urls=None, **options):
        urls = urls or [server.url("a.bin")]
        options = {"patience": QUICK, "tell": get.told.append} | options
        _, get.source = download(urls, tmp_path / "a.bin", known, **options)
        return (tmp_path / "a.bin").read_bytes()

    get.told, get.served = [], served
    return get


@pytest.fixture
def begun(tmp_path):
    """Leaves the first 4000 bytes of a version, as an attempt that ended does."""

    def begin(content, version):
        partial = Partial(tmp_path / "a.bin")
        partial.begin(version)
        partial.path.write_bytes(content[:4000])

    return begin


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_whole_file_gets_its_name_and_nothing_else_is_left(get, tmp_path, server):
    assert get() == CONTENT
    assert names(tmp_path) == ["a.bin"]
    assert server.asked == [WHOLE]
    assert get.source == server.url("a.bin")
    assert get.told == []


def test_the_fingerprint_is_returned(server, tmp_path):
    server.files["a.bin"] = Served(CONTENT)
    found, _ = download([server.url("a.bin")], tmp_path / "a.bin", NOTHING_KNOWN)
    assert found == fingerprint(tmp_path / "a.bin")
    assert found.difference(KNOWN) is None
    assert found.sha384 == hashlib.sha384(CONTENT).hexdigest()


@pytest.mark.parametrize("known", [KNOWN, NOTHING_KNOWN])
def test_a_cut_file_is_gone_on_with_from_where_it_ended(served, get, server, known):
    served.answers = [Answer(cut_after=4000), Answer(cut_after=1000)]
    assert get(known) == CONTENT
    assert server.asked == [
        WHOLE,
        Asked("a.bin", "bytes=4000-", '"1"'),
        Asked("a.bin", "bytes=5000-", '"1"'),
    ]
    assert f"the connection ended after 4,000 of {SIZE:,} bytes. Next attempt in" in get.told[0]


def test_a_later_call_goes_on_too(served, get, server, tmp_path):
    served.answers = [Answer(cut_after=4000), Answer(500), Answer(500)]
    with pytest.raises(DownloadError, match="HTTP 500"):
        get(patience=Patience(2, pause=0.01))
    assert "a.bin" not in names(tmp_path)
    served.answers = []
    assert get() == CONTENT
    assert server.asked[-1].range == "bytes=4000-"
    assert names(tmp_path) == ["a.bin"]


def test_who_brings_a_little_each_time_is_not_given_up(served, get):
    served.answers = [Answer(cut_after=1000) for _ in range(9)]
    assert get() == CONTENT


def test_who_ignores_ranges_and_ends_early_each_time_is_given_up(served, get):
    served.ranges = False
    served.answers = [Answer(cut_after=4000) for _ in range(9)]
    with pytest.raises(DownloadError, match="ended after 4,000"):
        get()
    assert len(served.answers) == 6


def test_a_server_that_ignores_ranges_sends_the_whole(served, get):
    served.ranges = False
    served.answers = [Answer(cut_after=4000)]
    assert get() == CONTENT


def test_a_slow_server_is_waited_for(served, get):
    served.answers = [Answer(piece=1000, delay=0.05)]
    assert get(patience=Patience(1, timeout=0.3)) == CONTENT


def test_a_server_that_falls_silent_is_asked_again_for_the_rest(served, get, server):
    served.answers = [Answer(silent_after=3000)]
    assert get() == CONTENT
    assert [asked.range for asked in server.asked] == [None, "bytes=3000-"]
    assert "timed out" in get.told[0]


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_a_busy_server_is_asked_again(served, get, status):
    served.answers = [Answer(status), Answer(status)]
    assert get() == CONTENT
    assert [f"HTTP {status}" in line for line in get.told] == [True, True]


def test_pauses_double_and_last_as_long_as_the_server_asks(served, get, monkeypatch):
    slept = []
    monkeypatch.setattr(module, "time", SimpleNamespace(sleep=slept.append))
    served.answers = [Answer(500), Answer(500), Answer(503, {"Retry-After": "7"}), Answer(500)]
    served.answers += [Answer(503, {"Retry-After": "86400"})]
    get(patience=Patience(6, pause=1.0, longest_pause=60.0))
    assert slept == [1, 2, 7, 8, 60]


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_dead_link_is_left_at_once_for_the_next(get, server, status):
    server.files["old"] = Served(b"", answers=[Answer(status)])
    assert get(urls=[server.url("old"), server.url("a.bin")]) == CONTENT
    assert [asked.path for asked in server.asked] == ["old", "a.bin"]
    assert get.source == server.url("a.bin")
    [told] = get.told
    assert told.startswith(f"{server.url('old')}: HTTP {status} ")


def test_when_all_links_fail_each_has_its_reason(served, get, server, tmp_path):
    served.content = OTHER
    server.files["page"] = Served(b"<html>moved</html>")
    urls = [server.url("gone"), server.url("page"), server.url("a.bin"), "ftp://127.0.0.1/a.bin"]
    with pytest.raises(DownloadError) as caught:
        get(urls=[*urls, "http://127.0.0.1:9/a.bin"])
    gone, page, other, ftp, nobody = str(caught.value).splitlines()
    assert gone == f"{urls[0]}: HTTP 404 Not Found."
    assert page == f"{urls[1]}: what lies there has 18 bytes instead of {SIZE:,}."
    assert "what lies there is another file, its sha256 is" in other
    assert "unknown url type: ftp" in ftp
    assert "refused" in nobody
    assert names(tmp_path) == []


def test_a_host_that_is_not_found_is_soon_given_up(get):
    begin = time.monotonic()
    with pytest.raises(DownloadError, match=r"no\.such\.host\.invalid/a\.bin: .*host is not found"):
        get(urls=["http://no.such.host.invalid/a.bin"])
    assert time.monotonic() - begin < 10
    assert len(get.told) == 2


def test_redirections_are_followed_but_not_to_files_or_for_ever(get, server):
    def redirect(name, to):
        server.files[name] = Served(b"", answers=[Answer(302, {"Location": to})] * 20)
        return server.url(name)

    assert get(urls=[redirect("r1", server.url("a.bin"))]) == CONTENT
    assert server.asked[-1] == WHOLE
    for to, reason in (("file:///etc/hosts", "not allowed"), (server.url("r3"), "infinite loop")):
        with pytest.raises(DownloadError, match=reason):
            get(urls=[redirect("r3", to)])


@pytest.mark.parametrize("known", [KNOWN, NOTHING_KNOWN])
@pytest.mark.parametrize("checks_if_range", [True, False])
def test_a_file_that_was_changed_is_not_glued_to_an_old_half(
    served, get, begun, server, known, checks_if_range
):
    begun(OTHER, Version(server.url("a.bin"), etag='"0"', size=SIZE))
    served.checks_if_range = checks_if_range
    assert get(known) == CONTENT


@pytest.mark.parametrize("known", [KNOWN, NOTHING_KNOWN])
@pytest.mark.parametrize("range", [f"bytes 3999-{SIZE - 1}/{SIZE}", "bytes 4000-", ""])
def test_a_rest_that_is_not_the_one_asked_for_is_not_used(served, get, server, known, range):
    served.answers = [Answer(cut_after=4000), Answer(headers={"Content-Range": range})]
    assert get(known) == CONTENT
    assert [asked.range for asked in server.asked] == [None, "bytes=4000-", None]


@pytest.mark.parametrize("known", [KNOWN, NOTHING_KNOWN])
def test_without_versions_a_change_is_told_by_the_size(served, get, begun, server, known):
    begun(OTHER, Version(server.url("a.bin"), size=SIZE + 1))
    served.headers = {}
    assert get(known) == CONTENT


def test_without_versions_a_change_of_equal_size_is_told_by_the_digest(served, get, begun, server):
    begun(OTHER, Version(server.url("a.bin"), size=SIZE))
    served.headers = {}
    assert get() == CONTENT
    assert "the parts do not make the file" in get.told[0]
    assert [asked.range for asked in server.asked] == ["bytes=4000-", None]


def test_the_date_is_the_version_where_the_etag_is_weak(served, get, begun, server):
    headers = {"ETag": 'W/"1"', "Last-Modified": "Sun, 28 Aug 2016 00:00:00 GMT"}
    begun(CONTENT, Version(server.url("a.bin"), 'W/"1"', headers["Last-Modified"], SIZE))
    served.headers = headers
    assert get() == CONTENT
    assert server.asked == [Asked("a.bin", "bytes=4000-", headers["Last-Modified"])]


def test_another_url_goes_on_where_a_digest_proves_the_whole(get, begun, server):
    begun(CONTENT, Version("http://elsewhere/a.bin", etag='"7"', size=SIZE))
    assert get() == CONTENT
    assert server.asked == [Asked("a.bin", "bytes=4000-", None)]


def test_another_url_begins_anew_where_nothing_does(get, begun, server):
    begun(OTHER, Version("http://elsewhere/a.bin", etag='"1"', size=SIZE))
    assert get(NOTHING_KNOWN) == CONTENT
    assert server.asked == [WHOLE]


def test_a_part_without_a_note_of_its_version_is_not_used(get, server, tmp_path):
    (tmp_path / ".a.bin.part").write_bytes(OTHER[:4000])
    assert get() == CONTENT
    (tmp_path / ".a.bin.part").write_bytes(OTHER[:4000])
    (tmp_path / ".a.bin.part.json").write_text('{"url": 1, "sp')
    assert get(NOTHING_KNOWN) == CONTENT
    assert server.asked == [WHOLE, WHOLE]


def test_a_part_that_is_whole_is_not_asked_for_again(get, begun, server):
    begun(CONTENT[:4000], Version(server.url("a.bin"), size=4000))
    assert get(NOTHING_KNOWN) == CONTENT[:4000]
    assert server.asked == []


def test_a_part_that_is_whole_is_known_by_the_server_where_no_size_is(served, get, begun, server):
    served.content = CONTENT[:4000]
    begun(CONTENT, Version(server.url("a.bin"), etag='"1"'))
    assert get(NOTHING_KNOWN) == CONTENT[:4000]
    assert [asked.range for asked in server.asked] == ["bytes=4000-"]


def test_a_file_of_no_announced_size_is_taken_to_its_end(served, get):
    served.sized = False
    served.answers = [Answer(cut_after=4000)]
    assert get() == CONTENT  # for its size is known, the end of the first attempt was none
    assert get(NOTHING_KNOWN) == CONTENT


def test_a_longer_file_of_no_announced_size_is_left_off(served, get, tmp_path):
    served.sized, served.content = False, CONTENT * 2
    with pytest.raises(DownloadError, match="longer than the file"):
        get()
    assert names(tmp_path) == []


def test_a_wrong_content_length_never_makes_a_file(served, get, tmp_path):
    served.answers = [Answer(headers={"Content-Length": str(SIZE - 1)})] * 9
    with pytest.raises(DownloadError, match=f"{SIZE - 1:,} bytes instead of {SIZE:,}"):
        get()
    served.answers = [Answer(headers={"Content-Length": str(SIZE + 1)})] * 9
    with pytest.raises(DownloadError, match=f"{SIZE + 1:,} bytes instead of {SIZE:,}"):
        get()
    served.ranges = False
    served.answers = [Answer(headers={"Content-Length": str(SIZE + 1)})] * 9
    with pytest.raises(DownloadError, match=f"ended after {SIZE:,} of {SIZE + 1:,}"):
        get(NOTHING_KNOWN)
    assert "a.bin" not in names(tmp_path)


@given(cuts=st.lists(st.integers(0, SIZE), max_size=6), ranges=st.booleans(), etag=st.booleans())
def test_wherever_connections_end_the_file_is_whole(
    cuts, ranges, etag, running_server, tmp_path_factory
):
    served = Served(CONTENT, {"ETag": '"1"'} if etag else {}, ranges=ranges)
    served.answers = [Answer(cut_after=cut) for cut in cuts]
    running_server.files["a.bin"] = served
    path = tmp_path_factory.mktemp("cut") / "a.bin"
    download(
        [running_server.url("a.bin")],
        path,
        NOTHING_KNOWN,
        patience=Patience(9, pause=0.0),
        tell=lambda _: None,
    )
    assert path.read_bytes() == CONTENT


def test_a_full_disk_is_told_before_anything_comes(get, monkeypatch, tmp_path):
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: SimpleNamespace(free=5000))
    with pytest.raises(UserError, match=f"it needs {SIZE:,} more bytes, and 5,000 are free"):
        get()
    assert names(tmp_path) == []


_TO_ARGUMENT = """
from pathlib import Path
from repro import UserError
from repro.downloading.transfer import download
from repro.downloading.fingerprint import Fingerprint
def get():
    try:
        download([sys.argv[1]], Path(sys.argv[2]), Fingerprint(int(sys.argv[3]), sys.argv[4]))
    except UserError as error:
        print(error)
"""


def test_a_disk_that_becomes_full_is_told_and_what_came_is_kept(get, server, tmp_path):
    code = f"import resource; resource.setrlimit({resource.RLIMIT_FSIZE}, (6000, 6000))"
    arguments = (server.url("a.bin"), str(tmp_path / "a.bin"), str(SIZE), KNOWN.sha256)
    said = light.run(f"{_TO_ARGUMENT}\n{code}\nget()", *arguments)
    assert "a.bin.part cannot be written: File too large. Make room there, or choose" in said
    assert (tmp_path / ".a.bin.part").stat().st_size == 6000
    assert get() == CONTENT
    assert server.asked[-1].range == "bytes=6000-"


def test_a_killed_process_leaves_a_part_that_the_next_goes_on_from(served, get, server, tmp_path):
    served.answers = [Answer(silent_after=7000)]
    arguments = (server.url("a.bin"), str(tmp_path / "a.bin"), str(SIZE), KNOWN.sha256)
    process = light.start(f"{_TO_ARGUMENT}\nget()", *arguments)
    part = tmp_path / ".a.bin.part"
    while not part.exists() or part.stat().st_size < 7000:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert "a.bin" not in names(tmp_path)
    assert get() == CONTENT
    assert server.asked[-1].range == "bytes=7000-"


def test_a_folder_that_cannot_be_written_to_is_told(server, tmp_path):
    server.files["a.bin"] = Served(CONTENT)
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"file.* cannot be written: Not a directory. Choose"):
        download([server.url("a.bin")], tmp_path / "file" / "a.bin", KNOWN)


@pytest.mark.parametrize(("show", "is_shown"), [(True, True), (False, False), (None, False)])
def test_progress_is_on_stderr_on_a_terminal_or_on_request(get, capsys, show, is_shown):
    get(show_progress=show)
    out, err = capsys.readouterr()
    assert out == ""
    assert ("a.bin: 100%" in err) == is_shown


@pytest.mark.parametrize(
    ("header", "meaning"),
    [
        ("bytes 5-9/10", (5, 10)),
        ("bytes 5-9/*", (5, None)),
        ("bytes */10", (None, 10)),
        ("lines 5-9/10", (None, None)),
        ("", (None, None)),
    ],
)
def test_a_content_range_is_read(header, meaning):
    response = SimpleNamespace(headers={"Content-Range": header})
    assert web.content_range(response) == meaning
