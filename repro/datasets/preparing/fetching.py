"""Finds, checks and downloads the published files that a data set is made from."""

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tensorflow_datasets.core.download.resource import get_dl_fname

from repro import UserError, downloading
from repro.datasets.declaration import ArchiveFile, DatasetSpec, Part
from repro.datasets.preparing import archives
from repro.downloading import DownloadError, Fingerprint, fingerprint

_NAMED_AT_MOST = 10


@dataclass(frozen=True)
class SourceFile:
    """A file at hand.

    Attributes:
      archive: the published file that it stands for.
      path: where it lies.
      size: its bytes, which may differ from the published.
      sha256: its digest, likewise.
    """

    archive: ArchiveFile
    path: Path
    size: int
    sha256: str


def gather(
    spec: DatasetSpec,
    data_dir: Path,
    manual_dir: Path | None,
    download_dir: Path,
    allow_changed: bool = False,
) -> list[SourceFile]:
    """Returns a checked file for each part of a data set; downloads what is nowhere.

    Args:
      spec: the declaration.
      data_dir: of the prepared data sets, for the message.
      manual_dir: folder of files that a person fetched; these come first.
      download_dir: folder of files that were downloaded before, by TFDS or here, and to download
        to.
      allow_changed: accept a file of another size or digest than the published one, with a warning.

    Raises:
      UserError: `manual_dir` is no folder; a file is neither there nor to be had, naming all that
        are missing; or one is not the published one.
    """
    if manual_dir is not None and not manual_dir.is_dir():
        raise UserError(f"--manual_dir={manual_dir} is not a folder.")
    paths = {part: _find(part, manual_dir, download_dir) for part in spec.parts}
    for part, path in paths.items():
        if path is None:
            try:
                paths[part] = download(part.archives[0], download_dir)
            except DownloadError as error:
                cause = str(error).rstrip(".")
                reason = f"{part.archives[0].name} could not be downloaded: {cause}"
                lacking = [part for part, path in paths.items() if path is None]
                raise missing_error(spec, lacking, data_dir, manual_dir, reason) from error
    return [_checked(path, part.archives[0], allow_changed) for part, path in paths.items()]


def _find(part: Part, manual_dir: Path | None, download_dir: Path) -> Path | None:
    for folder in (manual_dir, download_dir):
        if folder is not None and (found := archives.find(part, folder)) is not None:
            return found
    archive = part.archives[0]
    # Names that TFDS gives, those of its older releases one folder up.
    by_tfds = get_dl_fname(archive.url, archive.sha256)
    candidates = (folder / by_tfds for folder in (download_dir, download_dir.parent))
    return next((path for path in candidates if path.is_file()), None)


def download(archive: ArchiveFile, folder: Path) -> Path:
    """Downloads a file, going on where an earlier attempt ended.

    Args:
      archive: its url, size and sha256 must be known.
      folder: where to put it; is made if it is not there.

    Returns:
      Its path.

    Raises:
      DownloadError: it cannot be had, or is not the published file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / archive.name
    downloading.download([archive.url], path, Fingerprint(archive.size, archive.sha256))
    return path


def _checked(path: Path, archive: ArchiveFile, allow_changed: bool) -> SourceFile:
    try:
        found = fingerprint(path)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from error
    if found.difference(Fingerprint(archive.size, archive.sha256)) is not None:
        difference = (
            f"{path} is not the published {archive.name}: it has {found.size:,} bytes "
            f"(sha256 {found.sha256}) instead of {archive.size:,} (sha256 {archive.sha256})."
        )
        if not allow_changed:
            raise UserError(
                f"{difference} Fetch it again, or use it as it is with --allow_partial."
            )
        warnings.warn(f"{difference} It is used all the same.", stacklevel=2)
    return SourceFile(archive, path, found.size, found.sha256)


def missing_error(
    spec: DatasetSpec,
    lacking: Sequence[Part],
    data_dir: str | os.PathLike,
    manual_dir: Path | None,
    reason: str,
) -> UserError:
    """Returns the error that says which files to fetch, from where, and where to put them.

    Args:
      spec: the data set.
      lacking: its parts that are missing.
      data_dir: where the data set is not prepared.
      manual_dir: where the files were looked for; None if no folder was given.
      reason: why they have to be fetched by hand.
    """
    wanted = "\nand".join(
        f"{'' if _has_one_form(part) else ' one of'}\n{archives.how_to_get(part)}"
        for part in lacking
    )
    return UserError(
        f"{spec.name} is not prepared in --data_dir={data_dir}, and {reason}. Put{wanted}"
        "\ninto a folder and give that folder as --manual_dir.\n"
        f"{_what_is_there(manual_dir)}\nAbout the data set: {spec.homepage}"
    )


def _has_one_form(part: Part) -> bool:
    return len(part.archives) == 1 and part.folder is None


def _what_is_there(manual_dir: Path | None) -> str:
    if manual_dir is None:
        return "--manual_dir was not given."
    if not manual_dir.is_dir():
        return f"--manual_dir={manual_dir} is not a folder."
    names = sorted(path.name for path in manual_dir.iterdir())
    if not names:
        return f"--manual_dir={manual_dir} is empty."
    more = f" and {len(names) - _NAMED_AT_MOST:,} more" if len(names) > _NAMED_AT_MOST else ""
    return f"--manual_dir={manual_dir} holds {', '.join(names[:_NAMED_AT_MOST])}{more}."
