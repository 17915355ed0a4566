import pytest
import tensorflow as tf


@pytest.fixture(autouse=True)
def _on_the_cpu():
    """Preprocessing runs in tf.data, on the CPU; a GPU's kernels round differently."""
    with tf.device("/CPU:0"):
        yield
