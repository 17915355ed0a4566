"""Which part of every global batch an input pipeline of tf.distribute makes ready."""

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

from repro import UserError


@dataclass(frozen=True)
class Share:
    """The replicas that one input pipeline feeds; each gets its own rows of every global batch.

    Attributes:
      first: number of the first of them, from 0.
      count: how many they are.
      total: replicas over all pipelines.
    """

    first: int = 0
    count: int = 1
    total: int = 1

    def per_replica(self, batch_size: int) -> int:
        """Returns a replica's part of a global batch; `UserError` if it cannot be parted evenly."""
        if batch_size % self.total:
            lower = batch_size // self.total * self.total
            either = f"{lower} or {lower + self.total}" if lower else f"{self.total}"
            raise UserError(
                f"A batch of {batch_size} cannot be parted evenly among {self.total} replicas: "
                f"give a --batch_size such as {either}."
            )
        return batch_size // self.total


WHOLE = Share()


def several_workers(strategy: tf.distribute.Strategy) -> bool:
    """Returns whether other processes take part; each then has its own share of every batch."""
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


def distribute(
    strategy: tf.distribute.Strategy, make_batches: Callable[[Share], tf.data.Dataset]
) -> tf.distribute.DistributedDataset:
    """Returns global batches for `strategy.run`, each replica's part of them on its device.

    Args:
      strategy: the tf.distribute strategy.
      make_batches: from a share to the batches of its replicas, in turn: first that of its first
        replica, then of the next.
    """

    def pipeline(context: tf.distribute.InputContext) -> tf.data.Dataset:
        count = context.num_replicas_in_sync // context.num_input_pipelines
        first = context.input_pipeline_id * count
        return make_batches(Share(first, count, context.num_replicas_in_sync))

    return strategy.distribute_datasets_from_function(pipeline)
