"""A web server on this machine that fails as servers do, and notes what it was asked for."""

import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Answer:
    """How one request for a file is answered.

    Attributes:
      status: 200 for the file, or for its rest where that is asked for.
      headers: further headers; those of the file are replaced.
      cut_after: bytes of the body after which the connection ends.
      silent_after: bytes of the body after which nothing comes, until the server is closed.
      piece, delay: bytes of the body at a time, and the seconds between them.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    silent_after: int | None = None
    piece: int = 1 << 20
    delay: float = 0.0


@dataclass
class Served:
    """A file on the server.

    Attributes:
      content: its bytes.
      headers: that come with it, such as ETag.
      ranges: whether a Range is obeyed.
      checks_if_range: whether an If-Range is.
      sized: whether Content-Length is sent.
      answers: to the requests in turn; then it is served as it should be.
    """

    content: bytes
    headers: dict[str, str] = field(default_factory=dict)
    ranges: bool = True
    checks_if_range: bool = True
    sized: bool = True
    answers: list[Answer] = field(default_factory=list)


@dataclass
class Asked:
    """A request."""

    path: str
    range: str | None
    if_range: str | None


class Server(http.server.ThreadingHTTPServer):
    """Serves `files` by name; `asked` has the requests."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, Served] = {}
        self.asked: list[Asked] = []
        self.closing = threading.Event()

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{name}"

    def handle_error(self, request, client_address):
        pass  # whoever asked was killed


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):
        headers = self.headers
        self.server.asked.append(Asked(self.path[1:], headers["Range"], headers["If-Range"]))
        served = self.server.files.get(self.path[1:])
        if served is None:
            self.send_error(404)
            return
        answer = served.answers.pop(0) if served.answers else Answer()
        status, body, own = answer.status, served.content, dict(served.headers)
        validators = (None, own.get("ETag"), own.get("Last-Modified"))
        same = headers["If-Range"] in validators or not served.checks_if_range
        if status == 200 and served.ranges and headers["Range"] and same:
            first = int(headers["Range"].removeprefix("bytes=").removesuffix("-"))
            size = len(body)
            if first >= size:
                status, body, own["Content-Range"] = 416, b"", f"bytes */{size}"
            else:
                status, body = 206, body[first:]
                own["Content-Range"] = f"bytes {first}-{size - 1}/{size}"
        if served.sized:
            own["Content-Length"] = str(len(body))
        self.send_response(status)
        for name, value in (own | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()
        self._send(body, answer)

    def _send(self, body: bytes, answer: Answer):
        for limit in (answer.cut_after, answer.silent_after):
            body = body if limit is None else body[:limit]
        for begin in range(0, len(body), answer.piece):
            self.wfile.write(body[begin : begin + answer.piece])
            time.sleep(answer.delay)
        if answer.silent_after is not None:
            self.wfile.flush()
            self.server.closing.wait(30)

    def log_message(self, *args):
        pass


@contextmanager
def serving() -> Iterator[Server]:
    """A context with a running server."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
