"""Downloads one file from the first of several URLs that has it, and proves that it is the file."""

import http.client
import re
import shutil
import socket
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from repro import UserError
from repro.checkpoints.fingerprint import (
    BLOCK,
    Fingerprint,
    fingerprint,
    progress_bar,
    writing,
)
from repro.checkpoints.partial import Partial, Version

Tell = Callable[[str], None]

_MOST_BYTES = 8 << 30  # of a file whose size is not known
_NOTHING_BEHIND = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
_BUSY = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")


class DownloadError(Exception):
    """No URL gave the file; the message has a line for each, with the reason."""


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for.

    Attributes:
      attempts: in a row that bring no new byte, until a URL is given up.
      timeout: seconds without a byte until an attempt is given up.
      pause: seconds before the second attempt; doubles with each further one.
      longest_pause: in seconds.
    """

    attempts: int = 5
    timeout: float = 30.0
    pause: float = 1.0
    longest_pause: float = 60.0

    def pause_after(self, failures: int, asked_for: float) -> float:
        """Returns the seconds to wait after so many failures, at least what the server asks for."""
        return min(max(self.pause * 2 ** (failures - 1), asked_for), self.longest_pause)


class _FailedAttempt(Exception):  # noqa: N818 (not an error until the attempts are used up)
    """Worth another attempt: after `pause` seconds at least, `attempts` in all at most."""

    def __init__(self, reason: str, *, pause: float = 0.0, attempts: int | None = None):
        super().__init__(reason)
        self.pause = pause
        self.attempts = attempts


class _DeadLink(Exception):  # noqa: N818
    """This URL does not have the file."""


def print_to_stderr(text: str) -> None:
    """Prints a line where a progress bar is."""
    print(text, file=sys.stderr, flush=True)


def download(
    urls: Sequence[str],
    path: Path,
    known: Fingerprint,
    *,
    patience: Patience | None = None,
    show_progress: bool | None = None,
    tell: Tell = print_to_stderr,
) -> tuple[Fingerprint, str]:
    """Downloads a file; it gets its name when it is whole and agrees with what is known of it.

    Until then it is `.<name>.part` beside `path`, from which a later call goes on. Parts of two
    files are never put together: HTTP's If-Range asks for the rest of the same version only, size
    and version of the answer are compared, and at the end the digest.

    Args:
      urls: http or https, tried in turn.
      path: of the file; its folder must exist.
      known: of the file. Without a digest, the size that the server gives is all there is to check.
      patience: with the server.
      show_progress: None to show a bar on a terminal only.
      tell: called with one line for each thing that goes wrong.

    Returns:
      The file's fingerprint, and the URL that gave it.

    Raises:
      DownloadError: no URL gave the file.
      UserError: it cannot be written.
    """
    partial, reasons = Partial(path), []
    for url in urls:
        source = _Source(url, partial, known, patience or Patience(), show_progress, tell)
        try:
            found = source.fetch()
        except _DeadLink as reason:
            tell(f"{url}: {reason}.")
            reasons.append(f"{url}: {reason}.")
            continue
        with writing(path):
            partial.finish()
        return found, url
    raise DownloadError("\n".join(reasons))


@dataclass(frozen=True)
class _Source:
    """One URL, and what it is downloaded to."""

    url: str
    partial: Partial
    known: Fingerprint
    patience: Patience
    show_progress: bool | None
    tell: Tell

    def fetch(self) -> Fingerprint:
        """Attempts until the file is there and verified; raises `_DeadLink` when it gives up."""
        failures, furthest = 0, self.partial.size
        while True:
            try:
                return self._verified(is_composed=self._attempt())
            except _FailedAttempt as failure:
                # Who brings something new each time may go on for ever; a file has an end.
                failures = 1 if self.partial.size > furthest else failures + 1
                furthest = max(furthest, self.partial.size)
                if failures >= (failure.attempts or self.patience.attempts):
                    raise _DeadLink(failure) from failure
                pause = self.patience.pause_after(failures, failure.pause)
                self.tell(f"{self.url}: {failure}. Next attempt in {pause:.3g} s.")
                time.sleep(pause)

    def _verified(self, is_composed: bool) -> Fingerprint:
        found = fingerprint(self.partial.path, self.show_progress)
        difference = found.difference(self.known)
        if difference is None:
            return found
        with writing(self.partial.path):
            self.partial.discard()
        if is_composed:
            raise _FailedAttempt(f"the parts do not make the file ({difference}): from the start")
        raise _DeadLink(f"what lies there is another file, {difference}")

    def _attempt(self) -> bool:
        """Completes the partial file; returns whether a part of it was there before."""
        with writing(self.partial.path):
            there, version = self.partial.resumable(self.url, self.known)
        if there and there == self._size_of(version):
            return True
        headers = {"User-Agent": "repro", "Accept-Encoding": "identity"}
        if there:
            headers["Range"] = f"bytes={there}-"
            if version.url == self.url and version.validator:
                headers["If-Range"] = version.validator
        with _open(self.url, headers, self.patience.timeout) as response:
            first, total = 0, response.length
            if response.status in (HTTPStatus.PARTIAL_CONTENT, _NOTHING_BEHIND):
                first, total = _content_range(response)
                if response.status == _NOTHING_BEHIND and total == there > 0:
                    return True
                self._check_is_rest(response, first, total, there, version)
            self._append(response, first, total)
        return first > 0

    def _size_of(self, version: Version) -> int | None:
        return version.size if self.known.size is None else self.known.size

    def _check_is_rest(
        self,
        response: http.client.HTTPResponse,
        first: int | None,
        total: int | None,
        there: int,
        version: Version,
    ) -> None:
        """Raises `_FailedAttempt` unless the answer is the rest of the file that is partly there.

        Where the server names no versions, equal sizes are all that speaks for it; then the digest
        has to decide.
        """
        now, size = Version.of(self.url, response, total), self._size_of(version)
        if (
            response.status == HTTPStatus.PARTIAL_CONTENT
            and first == there > 0
            and total in (None, size if size is not None else total)
            and not now.differs_from(version)
            and (size is not None or now.is_same_as(version))
        ):
            return
        with writing(self.partial.path):
            self.partial.discard()
        raise _FailedAttempt("the file there is no longer the one that was begun: from the start")

    def _append(self, response: http.client.HTTPResponse, first: int, total: int | None) -> None:
        """Writes the answer to the partial file, behind `first` bytes of it."""
        size, known = first, self.known.size
        if known is not None and total not in (None, known):
            raise _DeadLink(f"what lies there has {total:,} bytes instead of {known:,}")
        total = total if known is None else known
        self._check_room(total, first)
        with writing(self.partial.path):
            if not first:
                self.partial.begin(Version.of(self.url, response, total))
            with (
                self.partial.path.open("ab") as file,
                progress_bar(
                    self.partial.final.name, total, self.show_progress, initial=first
                ) as bar,
            ):
                while block := _read(response):
                    size += len(block)
                    if size > (_MOST_BYTES if total is None else total):
                        self.partial.discard()
                        raise _DeadLink("what lies there is longer than the file")
                    file.write(block)
                    file.flush()  # so that a killed process leaves all that came
                    bar.update(len(block))
        if total is not None and size < total:
            raise _FailedAttempt(f"the connection ended after {size:,} of {total:,} bytes")

    def _check_room(self, total: int | None, first: int) -> None:
        folder = self.partial.path.parent
        with writing(folder):
            free = shutil.disk_usage(folder).free
        if total is not None and total - first > free:
            raise UserError(
                f"{folder} has no room for {self.partial.final.name}: it needs {total - first:,} "
                f"more bytes, and {free:,} are free. Make room there, or choose another folder "
                "with --checkpoint_dir."
            )


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


def _open(url: str, headers: dict[str, str], timeout: float) -> http.client.HTTPResponse:
    """Returns the answer, of status 2xx or 416; raises `_FailedAttempt` or `_DeadLink`."""
    try:
        return _opener().open(urllib.request.Request(url, headers=headers), timeout=timeout)
    except urllib.error.HTTPError as answer:
        if answer.code == _NOTHING_BEHIND:
            return answer
        reason = f"HTTP {answer.code} {answer.reason}"
        retry_after = answer.headers.get("Retry-After", "")
        answer.close()
        if answer.code in _BUSY or answer.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            pause = float(retry_after) if re.fullmatch(r"\d{1,6}", retry_after) else 0.0
            raise _FailedAttempt(reason, pause=pause) from answer
        raise _DeadLink(reason) from answer
    except urllib.error.URLError as error:
        raise _no_connection(error.reason) from error
    except (OSError, http.client.HTTPException) as error:
        raise _FailedAttempt(_described(error)) from error
    except ValueError as error:  # a malformed URL, which a redirection may give
        raise _DeadLink(str(error)) from error


def _no_connection(reason: Exception | str) -> _FailedAttempt | _DeadLink:
    if isinstance(reason, ssl.SSLCertVerificationError) or not isinstance(reason, OSError):
        return _DeadLink(str(reason))
    if isinstance(reason, TimeoutError | ConnectionResetError):
        return _FailedAttempt(_described(reason))
    # Without network, or with nobody there, waiting long is of no use.
    what = "the host is not found" if isinstance(reason, socket.gaierror) else _described(reason)
    return _FailedAttempt(what, attempts=2)


def _described(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "the server fell silent (timed out)"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _read(response: http.client.HTTPResponse) -> bytes:
    """Returns what has come, at most a block; empty at the end."""
    try:
        return response.read1(BLOCK)
    except (OSError, http.client.HTTPException) as error:
        raise _FailedAttempt(_described(error)) from error


def _content_range(response: http.client.HTTPResponse) -> tuple[int | None, int | None]:
    """Returns the first byte and the size of the file, as the answer has them."""
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    if match is None:
        return None, None
    first, total = match.groups()
    return (
        None if first is None else int(first),
        None if total == "*" else int(total),
    )
