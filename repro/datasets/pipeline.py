"""The tf.data pipeline: which example is seen when, decoded and preprocessed.

Training is a function of (seed, step) alone. The example at global position p = step * batch_size
+ i is entry p mod n of the permutation of epoch p // n, and its random choices come from a seed
made of (seed, p): a run resumed at any step sees what the uninterrupted run would have seen.

The encoded images stay in one Python list and are looked up a batch at a time; a tensor of them
would hold every byte a second time.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from repro import UserError
from repro.datasets.decoding import (
    bad_images_error,
    decode,
    decode_crop,
    find_undecodable,
)
from repro.datasets.examples import Examples
from repro.datasets.sharing import WHOLE, Share

TrainingPreprocess = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
EvaluationPreprocess = Callable[[tf.Tensor], tf.Tensor]

# Batches made ready ahead; a batch of large images takes hundreds of megabytes.
_PREFETCHED_BATCHES = 2


def training_batches(
    examples: Examples,
    preprocess: TrainingPreprocess,
    batch_size: int,
    num_steps: int,
    seed: int,
    first_step: int = 0,
    share: Share = WHOLE,
) -> tf.data.Dataset:
    """Returns the batches of steps first_step, ..., num_steps - 1 of a training run.

    Every epoch visits each example exactly once, in an order of its own; batches run across the
    borders of epochs, so that all are full.

    Args:
      examples: the training set.
      preprocess: (image uint8 [height, width, 3], seed int32 [2]) -> float32 of a fixed shape; all
        its random choices must come from the seed. If it has `draw_crop` and `from_crop` (see
        `preprocessing.CropFirst`), only the crop of a JPEG is decoded.
      batch_size: the global batch size.
      num_steps: steps of the whole run, those before `first_step` included.
      seed: of the run, 0 or more; fixes the order and the random choices.
      first_step: where a resumed run goes on.
      share: the part of every batch to make; by default all of it.

    Returns:
      A data set of (images float32 [b, ...], labels int64 [b, ...]), where b is batch_size divided
      by the replicas; a step has as many elements as the share has replicas.

    Raises:
      UserError: `seed` is negative, `examples` is empty, or the replicas do not divide a batch.
    """
    if seed < 0:
        raise UserError(f"--seed={seed} is negative; it must be 0 or more.")
    _refuse_empty(examples)
    contents = _Contents(examples)
    order = _ShuffledOrder(len(examples), seed)

    rows = share.per_replica(batch_size)

    def positions_of(element: tf.Tensor) -> tf.Tensor:
        step, replica = element // share.count, share.first + element % share.count
        return step * batch_size + replica * rows + tf.range(rows, dtype=tf.int64)

    def finish(
        position: tf.Tensor, content: tf.Tensor, label: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        example_seed = tf.random.stateless_uniform(
            [2],
            seed=tf.stack([tf.constant(seed, tf.int64), position]),
            minval=None,
            maxval=None,
            dtype=tf.int32,
            alg="philox",
        )
        return contents.preprocessed(content, preprocess, example_seed), label

    return _batches(
        tf.data.Dataset.range(first_step * share.count, num_steps * share.count).map(positions_of),
        lambda positions: contents.look_up(order(positions)),
        contents,
        finish,
        rows,
        share.count,
        drop_remainder=True,
    )


def evaluation_batches(
    examples: Examples,
    preprocess: EvaluationPreprocess,
    batch_size: int,
    first_example: int = 0,
    share: Share = WHOLE,
) -> tf.data.Dataset:
    """Returns each example once, in order; the last batch may be smaller.

    Among several replicas all batches are full, as the replicas step together: after the last
    example there are images of index -1, which stand for none.

    Args:
      examples: the split to evaluate.
      preprocess: image uint8 [height, width, 3] -> float32 of a fixed shape.
      batch_size: the global batch size.
      first_example: index to begin with; those before it are left out.
      share: the part of every batch to make; by default all of it.

    Returns:
      A data set of (index int64 [b] into `examples`, images float32 [b, ...], labels int64
      [b, ...]) with b = batch_size, or less in the last batch; for a share of several replicas
      b = batch_size divided by them, rounded up, and an element for each.

    Raises:
      UserError: `examples` is empty.
    """
    _refuse_empty(examples)
    contents = _Contents(examples)

    def finish(
        index: tf.Tensor, content: tf.Tensor, label: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        return index, preprocess(contents.decode(content)), label

    indices, rows = tf.data.Dataset.range(first_example, len(examples)), batch_size
    if share.total == 1:
        batches = indices.batch(rows)
    else:
        rows = -(-batch_size // share.total)
        batches = indices.concatenate(_no_example(len(indices), rows * share.total))
        batches = batches.batch(rows).batch(share.total, drop_remainder=True)
        own = slice(share.first, share.first + share.count)
        batches = batches.map(lambda batch: batch[own]).unbatch()
    return _batches(
        batches, contents.look_up, contents, finish, rows, share.count, drop_remainder=False
    )


def _no_example(num_examples: int, multiple: int) -> tf.data.Dataset:
    """Returns as many indices of -1 as fill the last of the batches."""
    return tf.data.Dataset.from_tensors(np.int64(-1)).repeat(-num_examples % multiple)


def undecodable(examples: Examples) -> tuple[str, ...]:
    """Returns the ids of the examples whose image cannot be decoded; decodes all of them."""
    return tuple(name for name, _ in _find_undecodable(examples))


@contextmanager
def naming_bad_images(examples: Examples) -> Iterator[None]:
    """Turns a decoder's error inside the block into a UserError that names the images.

    Wrap the loop that consumes `training_batches` or `evaluation_batches`: TensorFlow's own
    message names no file. Errors that no image causes pass unchanged.

    Raises:
      UserError: an image of `examples` cannot be decoded.
    """
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        bad = _find_undecodable(examples)
        if not bad:
            raise
        origin = f"{examples.spec.name} ({examples.split})"
        raise bad_images_error(bad, len(examples), origin) from error


def _find_undecodable(examples: Examples) -> list[tuple[str, str]]:
    images = zip(map(str, examples.ids), examples.images, strict=True)
    return find_undecodable(images, examples.spec.crop_bottom)


def _refuse_empty(examples: Examples) -> None:
    if not len(examples):
        raise UserError(f"{examples.spec.name} has no example in split {examples.split}.")


def _batches(
    keys: tf.data.Dataset,
    look_up: Callable[[NDArray[np.int64]], tuple[NDArray, NDArray[np.int64]]],
    contents: "_Contents",
    finish: Callable[..., tuple],
    batch_size: int,
    batches_in_step: int,
    *,
    drop_remainder: bool,
) -> tf.data.Dataset:
    """Looks up batches of keys in Python, and finishes their examples in parallel."""

    def attach(batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        found, labels = tf.numpy_function(look_up, [batch], [contents.dtype, tf.int64])
        found = tf.ensure_shape(found, [None, *contents.shape])
        return batch, found, tf.ensure_shape(labels, [None, *contents.labels.shape[1:]])

    dataset = keys.map(attach).unbatch()
    dataset = dataset.map(finish, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    dataset = dataset.batch(batch_size, drop_remainder=drop_remainder)
    options = tf.data.Options()
    options.deterministic = True
    # The share has parted the examples already.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    return dataset.prefetch(_PREFETCHED_BATCHES * batches_in_step).with_options(options)


class _Contents:
    """Images and labels by index: encoded, or decoded where the pictures are small.

    Decoding takes most of the time of a small picture, and all of them decoded fit in memory.
    """

    def __init__(self, examples: Examples):
        self.labels = np.asarray(examples.labels, np.int64)
        self._images = examples.images
        self._pictures = examples.small_pictures
        self._crop_bottom = examples.spec.crop_bottom

    @property
    def dtype(self) -> tf.DType:
        return tf.string if self._pictures is None else tf.uint8

    @property
    def shape(self) -> tuple[int, ...]:
        return () if self._pictures is None else self._pictures.shape[1:]

    def look_up(self, indices: NDArray[np.int64]) -> tuple[NDArray, NDArray[np.int64]]:
        if self._pictures is not None:
            return self._pictures[indices], self.labels[indices]
        images = np.array([self._images[index] for index in indices], dtype=object)
        return images, self.labels[indices]

    def preprocessed(
        self, content: tf.Tensor, preprocess: TrainingPreprocess, seed: tf.Tensor
    ) -> tf.Tensor:
        if self._pictures is not None or not hasattr(preprocess, "draw_crop"):
            return preprocess(self.decode(content), seed)
        return tf.cond(
            tf.io.is_jpeg(content),
            lambda: preprocess.from_crop(self._decode_crop(content, preprocess, seed), seed),
            lambda: preprocess(self.decode(content), seed),
        )

    def _decode_crop(
        self, content: tf.Tensor, preprocess: TrainingPreprocess, seed: tf.Tensor
    ) -> tf.Tensor:
        shape = tf.io.extract_jpeg_shape(content)
        crop = preprocess.draw_crop(shape - [self._crop_bottom, 0, 0], seed)
        window = crop.offset_height, crop.offset_width, crop.height, crop.width
        return decode_crop(content, shape, window)

    def decode(self, content: tf.Tensor) -> tf.Tensor:
        return content if self._pictures is not None else decode(content, self._crop_bottom)


class _ShuffledOrder:
    """The index of the example at each global position of a training run."""

    def __init__(self, num_examples: int, seed: int):
        self._num_examples = num_examples
        self._seed = seed
        # A batch touches two epochs at the most, unless it is larger than the data set.
        self._permutation = lru_cache(maxsize=2)(self._draw_permutation)

    def __call__(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        epochs, offsets = np.divmod(positions, self._num_examples)
        indices = np.empty_like(positions)
        for epoch in np.unique(epochs):
            here = epochs == epoch
            indices[here] = self._permutation(int(epoch))[offsets[here]]
        return indices

    def _draw_permutation(self, epoch: int) -> NDArray[np.int64]:
        # RandomState's streams are frozen by NumPy's policy; those of Generator are not.
        seeds = np.random.SeedSequence([self._seed, epoch])
        return np.random.RandomState(np.random.MT19937(seeds)).permutation(self._num_examples)
