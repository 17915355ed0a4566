"""Several processes that train one network together (MultiWorkerMirroredStrategy)."""

import tensorflow as tf


def are_several(strategy: tf.distribute.Strategy) -> bool:
    """Returns whether other processes take part; each then has its own share of every batch."""
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Returns whether this process is the one that writes; the only one always is."""
    if not are_several(strategy):
        return True
    resolver = strategy.cluster_resolver
    workers = resolver.cluster_spec().as_dict()
    return resolver.task_type == "chief" or (
        resolver.task_type == "worker" and resolver.task_id == 0 and "chief" not in workers
    )


class Agreement:
    """Lets all workers stop, or save, after the same step: saving takes all of them.

    Args:
      strategy: the tf.distribute strategy.
    """

    def __init__(self, strategy: tf.distribute.Strategy):
        self._alone = not are_several(strategy)
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
