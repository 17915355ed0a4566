"""One request to a web server: what it answers, and whether to ask again if it fails."""

import http.client
import re
import socket
import ssl
import urllib.error
import urllib.request
from http import HTTPStatus

from repro.downloading.fingerprint import BLOCK

NOTHING_BEHIND = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE

_BUSY = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")


class FailedAttempt(Exception):  # noqa: N818 (not an error until the attempts are used up)
    """Worth another attempt: after `pause` seconds at least, `attempts` in all at most."""

    def __init__(self, reason: str, *, pause: float = 0.0, attempts: int | None = None):
        super().__init__(reason)
        self.pause = pause
        self.attempts = attempts


class DeadLink(Exception):  # noqa: N818
    """This URL does not have the file."""


def _opener() -> urllib.request.OpenerDirector:
    """Returns what opens http and https only: a redirection may lead to no file and no FTP."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.UnknownHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPErrorProcessor,
    ):
        opener.add_handler(handler())
    return opener


def open_url(url: str, headers: dict[str, str], timeout: float) -> http.client.HTTPResponse:
    """Returns the answer, of status 2xx or 416; raises `FailedAttempt` or `DeadLink`."""
    try:
        return _opener().open(urllib.request.Request(url, headers=headers), timeout=timeout)
    except urllib.error.HTTPError as answer:
        if answer.code == NOTHING_BEHIND:
            return answer
        reason = f"HTTP {answer.code} {answer.reason}"
        retry_after = answer.headers.get("Retry-After", "")
        answer.close()
        if answer.code in _BUSY or answer.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            pause = float(retry_after) if re.fullmatch(r"\d{1,6}", retry_after) else 0.0
            raise FailedAttempt(reason, pause=pause) from answer
        raise DeadLink(reason) from answer
    except urllib.error.URLError as error:
        raise _no_connection(error.reason) from error
    except (OSError, http.client.HTTPException) as error:
        raise FailedAttempt(_described(error)) from error
    except ValueError as error:  # a malformed URL, which a redirection may give
        raise DeadLink(str(error)) from error


def _no_connection(reason: Exception | str) -> FailedAttempt | DeadLink:
    if isinstance(reason, ssl.SSLCertVerificationError) or not isinstance(reason, OSError):
        return DeadLink(str(reason))
    if isinstance(reason, TimeoutError | ConnectionResetError):
        return FailedAttempt(_described(reason))
    # Without network, or with nobody there, waiting long is of no use.
    what = "the host is not found" if isinstance(reason, socket.gaierror) else _described(reason)
    return FailedAttempt(what, attempts=2)


def _described(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "the server fell silent (timed out)"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def read_block(response: http.client.HTTPResponse) -> bytes:
    """Returns what has come, at most a block; empty at the end."""
    try:
        return response.read1(BLOCK)
    except (OSError, http.client.HTTPException) as error:
        raise FailedAttempt(_described(error)) from error


def content_range(response: http.client.HTTPResponse) -> tuple[int | None, int | None]:
    """Returns the first byte and the size of the file, as the answer has them."""
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    if match is None:
        return None, None
    first, total = match.groups()
    return (
        None if first is None else int(first),
        None if total == "*" else int(total),
    )
