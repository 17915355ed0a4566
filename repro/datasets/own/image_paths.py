"""Images that a person names one by one, by folder or by pattern, made ready for a network."""

import glob
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import tensorflow as tf

from repro import UserError
from repro.datasets.decoding import UndecodableError, decode, made_decodable
from repro.datasets.own.folders import SUFFIXES

# Says of an image that cannot be used which it is, and why.
OnBad = Callable[[str, str], None]


def image_paths(given: Sequence[str], on_bad: OnBad) -> list[str]:
    """Returns the image files that are meant, each once, in the order given.

    Args:
      given: files of any name; folders, of which every image below is taken, in order of names;
        patterns such as photos/*.jpg.
      on_bad: called for what is not there.

    Raises:
      UserError: something is a URL.
    """
    found: dict[str, None] = {}
    for name in given:
        if "://" in name:
            raise UserError(f"{name} is a URL. Download it, and give the path of the local copy.")
        paths, problem = _paths(Path(name).expanduser())
        found.update(dict.fromkeys(paths))
        if not paths:
            on_bad(name, problem)
    return list(found)


def batches(
    paths: Sequence[str],
    preprocess: Callable[[tf.Tensor], tf.Tensor],
    batch_size: int,
    on_bad: OnBad,
) -> tf.data.Dataset:
    """Returns batches of (index int64 [b] into `paths`, images float32 [b, ...]).

    Args:
      paths: of image files.
      preprocess: image uint8 [height, width, 3] -> float32 of a fixed shape.
      batch_size: images in a batch, less in the last one.
      on_bad: called, while the batches are read, for an image that is then left out.
    """

    def contents() -> Iterator[tuple[int, bytes]]:
        for index, path in enumerate(paths):
            try:
                content = Path(path).read_bytes()
            except OSError as error:
                on_bad(path, f"cannot be read: {error.strerror or error}")
                continue
            yield index, content

    def decodable_ones() -> Iterator[tuple[int, bytes]]:
        for index, _, content in made_decodable(contents()):
            if isinstance(content, UndecodableError):
                on_bad(paths[index], str(content))
            else:
                yield index, content

    signature = (tf.TensorSpec([], tf.int64), tf.TensorSpec([], tf.string))
    return (
        tf.data.Dataset.from_generator(decodable_ones, output_signature=signature)
        .map(lambda index, content: (index, preprocess(decode(content))), tf.data.AUTOTUNE)
        .batch(batch_size)
        .prefetch(1)
    )


def _paths(path: Path) -> tuple[list[str], str]:
    """Returns the files that one name means, and what is wrong where there are none."""
    if path.is_dir():
        files = (file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES)
        return sorted(str(file) for file in files if file.is_file()), "has no images"
    if path.exists():
        return [str(path)], ""
    return sorted(glob.glob(str(path), recursive=True)), "is not there"  # noqa: PTH207
