"""Features kept on disk: computed once, then read, by one process or several."""

import errno
import shutil
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from repro import UserError
from repro._files import file_name, lock
from repro.features import entry
from repro.features.entry import DamagedEntryError, Features, Writer
from repro.features.key import FeatureKey

# From the first row that is wanted to blocks of rows, [b, d] each, in order.
RowsAfter = Callable[[int], Iterable[NDArray[np.float32]]]


class FeatureCache:
    """A folder of features, one folder in it for each key.

    Args:
      folder: of the cache; made when something is kept in it.
      seconds_between_saves: of what an extraction loses at most if it is killed.
    """

    def __init__(self, folder: Path, *, seconds_between_saves: float = 5.0):
        self.folder = Path(folder).expanduser()
        self._seconds_between_saves = seconds_between_saves

    def path_of(self, key: FeatureKey) -> Path:
        """Returns the folder of an entry."""
        place = self.folder / key.network / file_name(key.dataset)
        return place / f"{file_name(key.split)}_{key.sha256[:16]}"

    def find(self, key: FeatureKey, ids: NDArray[np.str_]) -> Features | None:
        """Returns the features if they are there, complete and undamaged; else None."""
        try:
            return entry.read(self.path_of(key), key.words(), ids)
        except DamagedEntryError:
            return None

    def get(
        self, key: FeatureKey, ids: NDArray[np.str_], rows_after: RowsAfter, *, device: str = "?"
    ) -> Features:
        """Returns the features, which are computed if they are not there.

        Another process that computes the same is waited for. What an interrupted one has left is
        gone on with. A damaged entry is computed again, with a warning.

        Args:
          key: of the features.
          ids: of the split, in its order.
          rows_after: computes the rows from a given one on.
          device: what they are computed on, for a person.

        Raises:
          UserError: the folder cannot be written to, or its disk has too little space.
        """
        folder = self.path_of(key)
        found = self.find(key, ids)
        if found is not None:
            return found
        with self._locked(folder):
            try:
                found = entry.read(folder, key.words(), ids)
            except DamagedEntryError as error:
                warnings.warn(
                    f"The features in {folder} are damaged ({error}) and are computed again.",
                    stacklevel=2,
                )
                with self._writing(folder):
                    (folder / "features.npy").unlink()
            if found is None:
                self._extract(folder, key, ids, rows_after, device)
                found = entry.read(folder, key.words(), ids)
                found = Features(found.values, found.seconds, device, cached=False, folder=folder)
        return found

    def _extract(
        self,
        folder: Path,
        key: FeatureKey,
        ids: NDArray[np.str_],
        rows_after: RowsAfter,
        device: str,
    ) -> None:
        words = key.words()
        writer = Writer(folder, words, key.sha256, ids, device, self._seconds_between_saves)
        blocks = rows_after(writer.rows) if writer.rows < len(ids) else ()
        with self._writing(folder):
            writer.open()
        try:
            for values in blocks:
                with self._writing(folder):
                    _require_space(folder, writer.bytes_needed(values.shape[1]))
                    writer.append(values)
            with self._writing(folder):
                writer.finish()
        finally:  # after Ctrl-C too, so that nothing is lost
            with self._writing(folder):
                writer.close()

    @contextmanager
    def _locked(self, folder: Path) -> Iterator[None]:
        """Holds the entry's lock, which the system takes back from a process that dies."""
        with self._writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            file = (folder / "lock").open("a")
        with file:
            with self._writing(folder):
                waits = f"Another process computes {folder}; waiting for it."
                lock(file, lambda: print(waits, file=sys.stderr))
            yield

    @contextmanager
    def _writing(self, folder: Path) -> Iterator[None]:
        """Turns an error of the file system into a `UserError`."""
        try:
            yield
        except OSError as error:
            raise UserError(
                f"The features folder {folder} cannot be written to ({error.strerror or error}). "
                "Choose another with --features_dir, mend its permissions, free space on its "
                "disk, or do without it by --nocache_features."
            ) from error


def _require_space(folder: Path, num_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < num_bytes:
        raise OSError(
            errno.ENOSPC, f"{num_bytes / 1e9:.2f} GB are needed and {free / 1e9:.2f} GB are free"
        )
