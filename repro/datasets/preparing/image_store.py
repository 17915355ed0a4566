"""Where the images of an archive are until they are written.

An archive is read once: a compressed one of 40 GB takes long. But which split an image belongs to
is often known at its end only, and TFDS writes one split after the other. So an image that can be
read again is noted, and any other one copied to a temporary file.
"""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from repro.datasets.preparing.archives import Place


@dataclass(frozen=True)
class _Stored:
    place: Place | None
    offset: int
    length: int


class ImageStore:
    """Images by id, on disk.

    Args:
      folder: for the temporary file. It has no name, so that nothing is left of it in the end,
        not even where the process is killed.
    """

    def __init__(self, folder: Path):
        self._copies = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (closed with the store)
        self._stored: dict[str, _Stored] = {}

    def __contains__(self, identifier: str) -> bool:
        return identifier in self._stored

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def add(self, identifier: str, content: bytes, place: Place | None) -> None:
        """Keeps an image; `place` is where its bytes can be read again, None if nowhere."""
        offset = 0
        if place is None:
            offset = self._copies.seek(0, 2)
            self._copies.write(content)
        self._stored[identifier] = _Stored(place, offset, len(content))

    def read(self, identifiers: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yields (id, content)."""
        for identifier in identifiers:
            stored = self._stored[identifier]
            if stored.place is None:
                self._copies.seek(stored.offset)
                content = self._copies.read(stored.length)
            else:
                with stored.place.path.open("rb") as file:
                    file.seek(stored.place.offset)
                    content = file.read(stored.length)
            if len(content) != stored.length:
                raise OSError(f"the file of {identifier} became shorter while it was read")
            yield identifier, content
