"""Downloads one file from the first of several URLs that has it, and proves that it is the file."""

import http.client
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from repro import UserError
from repro.downloading.fingerprint import (
    Fingerprint,
    fingerprint,
    progress_bar,
    writing,
)
from repro.downloading.partial import Partial, Version
from repro.downloading.web import (
    NOTHING_BEHIND,
    DeadLink,
    FailedAttempt,
    content_range,
    open_url,
    read_block,
)

Tell = Callable[[str], None]

_MOST_BYTES = 8 << 30  # of a file whose size is not known


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
        except DeadLink as reason:
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
        """Attempts until the file is there and verified; raises `DeadLink` when it gives up."""
        failures, furthest = 0, self.partial.size
        while True:
            try:
                return self._verified(is_composed=self._attempt())
            except FailedAttempt as failure:
                # Who brings something new each time may go on for ever; a file has an end.
                failures = 1 if self.partial.size > furthest else failures + 1
                furthest = max(furthest, self.partial.size)
                if failures >= (failure.attempts or self.patience.attempts):
                    raise DeadLink(failure) from failure
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
            raise FailedAttempt(f"the parts do not make the file ({difference}): from the start")
        raise DeadLink(f"what lies there is another file, {difference}")

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
        with open_url(self.url, headers, self.patience.timeout) as response:
            first, total = 0, response.length
            if response.status in (HTTPStatus.PARTIAL_CONTENT, NOTHING_BEHIND):
                first, total = content_range(response)
                if response.status == NOTHING_BEHIND and total == there > 0:
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
        """Raises `FailedAttempt` unless the answer is the rest of the file that is partly there.

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
        raise FailedAttempt("the file there is no longer the one that was begun: from the start")

    def _append(self, response: http.client.HTTPResponse, first: int, total: int | None) -> None:
        """Writes the answer to the partial file, behind `first` bytes of it."""
        size, known = first, self.known.size
        if known is not None and total not in (None, known):
            raise DeadLink(f"what lies there has {total:,} bytes instead of {known:,}")
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
                while block := read_block(response):
                    size += len(block)
                    if size > (_MOST_BYTES if total is None else total):
                        self.partial.discard()
                        raise DeadLink("what lies there is longer than the file")
                    file.write(block)
                    file.flush()  # so that a killed process leaves all that came
                    bar.update(len(block))
        if total is not None and size < total:
            raise FailedAttempt(f"the connection ended after {size:,} of {total:,} bytes")

    def _check_room(self, total: int | None, first: int) -> None:
        folder = self.partial.path.parent
        with writing(folder):
            free = shutil.disk_usage(folder).free
        if total is not None and total - first > free:
            raise UserError(
                f"{folder} has no room for {self.partial.final.name}: it needs {total - first:,} "
                f"more bytes, and {free:,} are free. Make room there, or choose another folder."
            )
