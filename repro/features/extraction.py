"""From a network and its weights to the penultimate features of a split."""

import time
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from repro import UserError, checkpoints, datasets, networks, preprocessing
from repro.datasets import Examples
from repro.features.cache import FeatureCache
from repro.features.entry import Features
from repro.features.forward import Forward, progress_bar
from repro.features.key import FeatureKey, device_of, precision_of
from repro.networks import NetworkSpec


class Extractor:
    """A network up to its penultimate features, built when they are first to be computed.

    Args:
      network: which one.
      checkpoint: its weights, as `checkpoints.restore` takes them; a run's folder too.
      image_size: height and width of its input; None for the network's own.
      strategy: the tf.distribute strategy that it runs under.
      batch_size: images over all replicas.
      show_progress: progress bars on stderr.
      notify: called with what a person may want to know, such as what was restored.
    """

    def __init__(
        self,
        network: NetworkSpec,
        checkpoint: Path,
        image_size: int | None,
        strategy: tf.distribute.Strategy,
        *,
        batch_size: int = 64,
        show_progress: bool = False,
        notify: Callable[[str], None] = print,
    ):
        self.network = network
        self._checkpoint = checkpoint
        self._image_size = image_size or network.image_size
        self.strategy = strategy
        self._batch_size = batch_size
        self._show_progress = show_progress
        self._notify = notify

    @cached_property
    def model(self) -> keras.Model:
        """From images to features, of inference only: batch normalization is folded."""
        with self.strategy.scope():
            shape = (self._image_size, self._image_size, 3)
            model = networks.create(self.network.name, 2, shape)  # its logits are not used
            report = checkpoints.restore(model, self._checkpoint, restore_logits=False)
            self._notify(report.summary())
            return networks.folded(networks.feature_extractor(model))

    @cached_property
    def checkpoint_sha256(self) -> str:
        """Digest of the weights' files."""
        return checkpoints.sha256_of(self._checkpoint)

    def key(self, examples: Examples) -> FeatureKey:
        """Returns what the features of a split depend on."""
        return FeatureKey(
            network=self.network.name,
            checkpoint_sha256=self.checkpoint_sha256,
            image_size=self._image_size,
            preprocessing=self.network.preprocessing,
            dataset=examples.spec.name,
            split=examples.split,
            split_sha256=examples.sha256,
            data_sha256=examples.data_sha256,
            precision=precision_of(self.strategy),
        )

    def features(self, examples: Examples, cache: FeatureCache | None = None) -> Features:
        """Returns the features of a split, from the cache if they are there.

        Args:
          examples: the split.
          cache: where they are kept; None computes them in any case and keeps them nowhere.

        Raises:
          UserError: an image cannot be decoded, weights that do not fit, or a cache that cannot
            be written to.
        """
        with datasets.naming_bad_images(examples):
            if cache is not None:
                return cache.get(
                    self.key(examples),
                    examples.ids,
                    lambda first: self._rows(examples, first),
                    device=self._device,
                )
            rows = self._rows(examples, 0)
            started = time.monotonic()
            values = np.concatenate(list(rows))
        return Features(values, time.monotonic() - started, self._device, cached=False)

    @property
    def _device(self) -> str:
        return f"{self.strategy.num_replicas_in_sync} x {device_of(self.strategy)}"

    @cached_property
    def _forward(self) -> Forward:
        return Forward(self.model, self.strategy)

    def _rows(self, examples: Examples, first: int) -> Iterator[NDArray[np.float32]]:
        """Builds the network, and returns the rows of each batch, in order."""
        if datasets.several_workers(self.strategy):
            raise UserError(
                "Features are computed by one process, not under "
                "--strategy=multi_worker_mirrored. Use mirrored or one_device."
            )
        return self._rows_of(self._forward, examples, first)

    def _rows_of(
        self, forward: Forward, examples: Examples, first: int
    ) -> Iterator[NDArray[np.float32]]:
        preprocess = preprocessing.for_evaluation(self.network.preprocessing, self._image_size)

        def batches(share: datasets.Share) -> tf.data.Dataset:
            return datasets.evaluation_batches(examples, preprocess, self._batch_size, first, share)

        description = f"features of {examples.split}"
        with progress_bar(len(examples), description, self._show_progress, first) as bar:
            for index, values in forward.outputs(batches):
                if not np.array_equal(index, np.arange(first, first + len(index))):
                    raise RuntimeError(f"Image {first} was to be next, not {index[:1]}.")
                first += len(index)
                yield values
                bar.update(len(index))
