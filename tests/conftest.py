"""Sets TensorFlow up for the whole suite, before any test initializes it."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # the workers share the cores
    for variable in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    # Two devices on any machine, so that the tests of tf.distribute have two replicas.
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
    )


@pytest.fixture(scope="session")
def two_replicas() -> "tf.distribute.Strategy":
    """One for the whole process: the collective operations of two would get in each other's way."""
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
