"""Several processes that train one network together (MultiWorkerMirroredStrategy)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import tensorflow as tf

from repro import UserError
from repro.datasets import several_workers

# An image that cannot be decoded, and memory that is full: no worker is gone then.
_OTHER_CAUSES = (tf.errors.InvalidArgumentError, tf.errors.ResourceExhaustedError)


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Returns whether this process is the one that writes; the only one always is."""
    if not several_workers(strategy):
        return True
    resolver = strategy.cluster_resolver
    workers = resolver.cluster_spec().as_dict()
    return resolver.task_type == "chief" or (
        resolver.task_type == "worker" and resolver.task_id == 0 and "chief" not in workers
    )


@contextmanager
def naming_lost_workers(
    strategy: tf.distribute.Strategy, what_is_left: Callable[[], str]
) -> Iterator[None]:
    """Turns what TensorFlow says of a worker that is gone into a `UserError`.

    Args:
      strategy: the tf.distribute strategy.
      what_is_left: a sentence on where the same command would go on.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if not several_workers(strategy) or isinstance(error, _OTHER_CAUSES):
            raise
        raise UserError(
            "Another worker of --strategy=multi_worker_mirrored is gone "
            f"({type(error).__name__}). {what_is_left()} Give the same command again on all "
            "workers: it goes on from there."
        ) from error


def require_same_start(strategy: tf.distribute.Strategy, step: int) -> None:
    """Raises `UserError` if the workers would go on from different steps.

    Args:
      strategy: the tf.distribute strategy.
      step: where this process would go on.
    """
    if not several_workers(strategy):
        return

    @tf.function
    def gathered(own):
        return strategy.gather(strategy.run(tf.identity, args=(own,)), axis=0)

    steps = sorted(set(gathered(tf.constant([step], tf.int64)).numpy().tolist()))
    if len(steps) > 1:
        raise UserError(
            f"The workers would go on from different steps ({', '.join(map(str, steps))}), as they "
            "see different checkpoints: --results_dir must be one folder that all of them share."
        )


class Agreement:
    """Lets all workers stop, or save, after the same step: saving takes all of them.

    Args:
      strategy: the tf.distribute strategy.
    """

    def __init__(self, strategy: tf.distribute.Strategy):
        self._alone = not several_workers(strategy)
        self._is_chief = is_chief(strategy)

        @tf.function
        def total(wishes):
            mine = strategy.run(tf.identity, args=(wishes,))
            return strategy.reduce(tf.distribute.ReduceOp.SUM, mine, axis=None)

        self._total = total

    def __call__(self, *, stop: bool, save: bool) -> tuple[bool, bool]:
        """Returns whether to stop and whether to save, the same in all workers.

        Args:
          stop: whether this process was asked to; one is enough.
          save: whether it is time to; the chief's clock decides.
        """
        if self._alone:
            return stop, save
        wishes = self._total(tf.constant([stop, save and self._is_chief], tf.float32)).numpy()
        return bool(wishes[0]), bool(wishes[1])
