"""The part of a download that is there, and of which version of the file it is."""

import http.client
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from repro._files import replacing
from repro.downloading.fingerprint import Fingerprint


@dataclass(frozen=True)
class Version:
    """What a server said of the file that it sent; None stands for what it did not say.

    Attributes:
      url: where the file was.
      etag: HTTP's ETag.
      modified: HTTP's Last-Modified.
      size: of the whole file in bytes.
    """

    url: str
    etag: str | None = None
    modified: str | None = None
    size: int | None = None

    @classmethod
    def of(cls, url: str, response: http.client.HTTPResponse, size: int | None) -> "Version":
        """Returns the version that an answer is of."""
        return cls(url, response.headers.get("ETag"), response.headers.get("Last-Modified"), size)

    @property
    def validator(self) -> str | None:
        """What If-Range takes: a strong ETag (RFC 9110, 13.1.5), else the date."""
        if self.etag is not None and not self.etag.startswith("W/"):
            return self.etag
        return self.modified

    def differs_from(self, other: "Version") -> bool:
        """Whether what two answers of one URL both say shows that the file was changed."""
        if self.url != other.url:
            return False  # of mirrors only the size and the digest can be compared
        pairs = ((self.etag, other.etag), (self.modified, other.modified), (self.size, other.size))
        return any(mine != theirs for mine, theirs in pairs if None not in (mine, theirs))

    def is_same_as(self, other: "Version") -> bool:
        """Whether two answers show by their validators that the file was not changed."""
        return self.validator is not None and (self.url, self.validator) == (
            other.url,
            other.validator,
        )


class Partial:
    """A file that is not whole: `.<name>.part`, with its `Version` in `.<name>.part.json`.

    Attributes:
      final: the path that the file gets when it is whole.
      path: of the part.
    """

    def __init__(self, final: Path):
        self.final = final
        self.path = final.with_name(f".{final.name}.part")
        self._note = final.with_name(f".{final.name}.part.json")

    @property
    def size(self) -> int:
        """Bytes that are there."""
        return self.path.stat().st_size if self.path.is_file() else 0

    def resumable(self, url: str, known: Fingerprint) -> tuple[int, Version]:
        """Returns how many bytes can be gone on from, and the version that they are of.

        What came from another URL counts only where a digest will prove the whole. What cannot be
        used is removed.
        """
        version = self._version()
        if version is not None:
            size = version.size if known.size is None else known.size
            may_be_same = version.url == url or known.has_digest
            can_be_told = size is not None or (version.url == url and version.validator)
            if may_be_same and can_be_told and (size is None or self.size <= size):
                return self.size, version
        self.discard()
        return 0, Version(url)

    def begin(self, version: Version) -> None:
        """Makes an empty part of a version."""
        self.discard()  # first, so that an old part never stands beside the new note
        with replacing(self._note) as temporary:
            temporary.write_text(json.dumps(asdict(version)), encoding="utf-8")
        self.path.touch()

    def discard(self) -> None:
        """Removes the part."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def finish(self) -> None:
        """Gives the part its final name."""
        with self.path.open("rb") as file:
            os.fsync(file.fileno())
        self.path.replace(self.final)
        self._note.unlink(missing_ok=True)

    def _version(self) -> Version | None:
        try:
            return Version(**json.loads(self._note.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
