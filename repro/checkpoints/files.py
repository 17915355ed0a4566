"""Finds the files of a checkpoint and says what is wrong with them before TensorFlow does.

TF-Slim has two formats (tensorflow/core/util/saved_tensor_slice.proto and tensor_bundle.proto). V1
is one file, often called `model.ckpt`. V2 is `model.ckpt.index` with
`model.ckpt.data-00000-of-00001` (or more data files), and its path is their common prefix, which is
not itself a file. The training checkpoints of this project and the variables of a SavedModel are V2
too. Keras has `.keras` and `.weights.h5` files.
"""

import hashlib
import os
import re
import zipfile
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from repro import UserError
from repro.checkpoints import table

_SHARD = re.compile(r"\.data-(\d{5})-of-(\d{5})$")
_MOST_SHARDS = 99_999  # the file name has five digits
_NUM_SHARDS_TAG = 8  # field 1, an integer
_ARCHIVES = (".tar.gz", ".tgz", ".tar")
KERAS_WEIGHTS = "model.weights.h5"  # the member of a .keras file
_KERAS_ENDINGS = (".keras", ".weights.h5")
_ZIP, _HDF5 = b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"
_SAVED_MODEL = "saved_model.pb"
# What a file begins with -> what it is and what to do about it.
_FOREIGN_FORMATS = (
    (b"\x1f\x8b", "a gzip archive: unpack it with `tar -xzf` and give the .ckpt inside"),
    (_ZIP, f"a zip archive without {KERAS_WEIGHTS}, so that it is no .keras file either"),
    (b"<", "a web page or XML, as a failed download leaves behind: download it again"),
)


@dataclass(frozen=True)
class CheckpointFiles:
    """The files of one checkpoint.

    Attributes:
      path: of the V1 or Keras file, or the common prefix of the V2 files.
      format: "V1", "V2" or "Keras".
      files: all of them, sorted by name (V2: the data files, then the index).
    """

    path: Path
    format: Literal["V1", "V2", "Keras"]
    files: tuple[Path, ...]


def find(path: str | os.PathLike[str]) -> CheckpointFiles:
    """Finds a checkpoint and makes sure that its files are there and end as they should.

    Args:
      path: a V1 or Keras file, a V2 prefix, any one file of a V2 checkpoint, a SavedModel, a run
        folder with checkpoints/ in it, or a folder that holds exactly one checkpoint or a
        `checkpoint` state file (which then names the one to take).

    Raises:
      UserError: nothing is there, a part of it is missing, a folder holds none or several, or a
        file is empty, cut short or of another kind. Damage inside the files shows when reading.
    """
    if "://" in str(path):
        raise UserError(f"{path} is a URL. Download it, and give the path of the local copy.")
    path = Path(path).expanduser()
    try:
        found = _find(path)
        for file in found.files:
            file.open("rb").close()
    except OSError as error:
        raise UserError(f"{error.filename or path} cannot be read: {error.strerror}.") from error
    return found


def damaged(file: Path, where: str = "") -> UserError:
    """Returns the error for a file whose bytes are not those that were once written."""
    return UserError(
        f"{file} is damaged or cut short{where}: its checksums do not match. "
        "Copy or download it again."
    )


def _find(path: Path) -> CheckpointFiles:
    if path.is_dir():
        return _find_in_folder(path)
    if path.name == "checkpoint" and path.is_file() and (latest := _latest(path)) is not None:
        return _find(latest)
    prefix = _prefix(path)
    index = _sibling(prefix, ".index")
    if path == prefix and prefix.is_file() and index.exists():
        # TensorFlow would silently prefer the V2 files.
        raise UserError(
            f"{prefix} is ambiguous: both a file of that name and {index.name} are there. "
            "Move one of the two checkpoints to a folder of its own."
        )
    if index.exists():
        return _find_v2(prefix, index)
    present = shards(prefix)
    if present:
        raise UserError(
            f"{index} is missing, though {present[0].name} is there: a checkpoint needs both. "
            "Copy or download the index too."
        )
    if _is_keras(prefix):
        return CheckpointFiles(prefix, "Keras", (prefix,))
    if prefix.is_file():
        _check_table(prefix)
        return CheckpointFiles(prefix, "V1", (prefix,))
    raise UserError(f"There is no checkpoint {path}.{_nearest(prefix)}")


def sha256_of(path: str | os.PathLike[str]) -> str:
    """Returns the SHA-256 of a checkpoint's files as 64 hexadecimal digits.

    V1 and Keras: of the file, as `sha256sum` prints it. V2: of the data files and then the index,
    sorted by name and taken as one stream, as `cat model.ckpt.* | sha256sum` prints it where no
    .meta lies.

    Args:
      path: as in `find`.

    Raises:
      UserError: as `find`.
    """
    digest = hashlib.sha256()
    for file in find(path).files:
        with file.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()


def _find_v2(prefix: Path, index: Path) -> CheckpointFiles:
    _check_table(index)
    count = _shard_count(index)
    names = [f"{prefix.name}.data-{i:05d}-of-{count:05d}" for i in range(count)]
    missing = [name for name in names if not (prefix.parent / name).is_file()]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise UserError(
            f"{prefix.parent / missing[0]}{more} is missing, though {index.name} is there: a "
            "checkpoint needs both. Copy or download the data too."
        )
    return CheckpointFiles(prefix, "V2", (*(prefix.parent / name for name in names), index))


def _find_in_folder(folder: Path) -> CheckpointFiles:
    if (folder / _SAVED_MODEL).is_file():
        return _find(folder / "variables" / "variables")
    state = folder / "checkpoint"
    if state.is_file() and (latest := _latest(state)) is not None:
        return _find(latest)
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    v2 = {str(_prefix(Path(name))) for name in names if _SHARD.search(name)}
    v2 |= {name.removesuffix(".index") for name in names if name.endswith(".index")}
    v1 = {
        name
        for name in names
        if name.endswith((".ckpt", *_KERAS_ENDINGS))
        or (not name.endswith(".index") and table.is_table(folder / name))
    }
    found = sorted(v1 | v2)
    if len(found) == 1:
        return _find(folder / found[0])
    if found:
        raise UserError(
            f"The folder {folder} holds {len(found)} checkpoints: {_shorten(found)}. "
            "Give the path of one of them."
        )
    if (folder / "checkpoints").is_dir():  # of a run
        return _find_in_folder(folder / "checkpoints")
    archives = [name for name in names if name.endswith(_ARCHIVES)]
    hint = f" Unpack {archives[0]} there, or give" if archives else " Give"
    raise UserError(f"The folder {folder} holds no checkpoint.{hint} the path of a checkpoint.")


def _latest(state: Path) -> Path | None:
    """Returns the checkpoint that a state file names; None where it names none that is there."""
    text = state.read_bytes().decode("utf-8", errors="replace")
    match = re.search(r'^\s*model_checkpoint_path:\s*"((?:[^"\\]|\\.)*)"', text, re.MULTILINE)
    if match is None:
        return None
    named = Path(re.sub(r"\\(.)", r"\1", match[1]))
    # A state file that came with its folder from elsewhere names a path of that other machine.
    for candidate in (state.parent / named, state.parent / named.name):
        if _sibling(candidate, ".index").is_file() or candidate.is_file():
            return candidate
    return None


def _prefix(path: Path) -> Path:
    name = _SHARD.sub("", path.name).removesuffix(".index").removesuffix(".meta")
    return path.with_name(name) if name else path


def _sibling(prefix: Path, ending: str) -> Path:
    return prefix.with_name(prefix.name + ending)


def shards(prefix: Path) -> list[Path]:
    """Returns the data files of a V2 checkpoint that are there, sorted by name."""
    if not prefix.parent.is_dir():
        return []
    beside = (entry for entry in prefix.parent.iterdir() if _SHARD.search(entry.name))
    return sorted(entry for entry in beside if _prefix(entry) == prefix)


def _nearest(prefix: Path) -> str:
    if not prefix.parent.is_dir():
        return f" There is no folder {prefix.parent} either."
    names = {_prefix(entry).name for entry in prefix.parent.iterdir()}
    nearest = get_close_matches(prefix.name, names, n=3, cutoff=0.5)
    return f" Did you mean {' or '.join(nearest)}?" if nearest else ""


def _shorten(names: list[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _is_keras(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as stream:
        head = stream.read(8)
    if not head.startswith(_ZIP):
        return head == _HDF5
    try:
        with zipfile.ZipFile(file) as archive:
            return KERAS_WEIGHTS in archive.namelist()
    except Exception:  # zipfile raises of every kind on damaged files
        return file.name.endswith(_KERAS_ENDINGS)  # cut short: the list of its members is its end


def _check_table(file: Path) -> None:
    """Raises a `UserError` unless the file ends as a V1 checkpoint or a V2 index does."""
    if file.stat().st_size == 0:
        raise UserError(f"{file} is empty. Copy or download it again.")
    if not table.is_table(file):
        raise UserError(f"{file} {_diagnosis(file)}.")
    try:
        table.index_block(file)
    except table.DamagedTableError as error:
        raise damaged(file) from error


def _diagnosis(file: Path) -> str:
    with file.open("rb") as stream:
        head = stream.read(512)
    for start, what in _FOREIGN_FORMATS:
        if head.lstrip().startswith(start):
            return f"is no TF-Slim checkpoint but {what}"
    if head[257:262] == b"ustar":
        return (
            "is no TF-Slim checkpoint but a tar archive: unpack it with `tar -xf` and give the "
            ".ckpt inside"
        )
    if head.startswith(b"\0\0"):  # the first entry of either format has the empty key
        return "is a checkpoint that is cut short or damaged at its end. Copy or download it again"
    try:
        head.decode("utf-8")
        what = "looks like a text file"
    except UnicodeDecodeError:
        what = "is of another kind, or damaged"
    return f"is no TF-Slim checkpoint: it {what}. Give a .ckpt file, or the prefix of an .index"


def _shard_count(index: Path) -> int:
    """Returns the number of data files, the first field of the BundleHeaderProto at the start."""
    try:
        header = table.first_value(index)
        count, _ = table.varint(header, 1)
    except table.DamagedTableError as error:
        raise damaged(index) from error
    if header[0] != _NUM_SHARDS_TAG or not 1 <= count <= _MOST_SHARDS:
        raise damaged(index)
    return count
