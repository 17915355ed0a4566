"""On JAX the networks compute what the original computed, and nothing needs TensorFlow."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from repro import networks
from tests.networks.goldens import golden

CHECKOUT = Path(__file__).resolve().parents[2]
FAST = ("mobilenet_v1_0.25", "mobilenet_v2", "resnet_v1_50")
SLOW = tuple(name for name in networks.NETWORKS if name not in FAST and golden(name).exists)

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("jax") is None, reason="needs the package jax"
)


def check(*names: str) -> list[str]:
    """Returns the names that a process without TensorFlow reports, one line each."""
    environment = os.environ | {
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",  # most of the time is the compiler's
    }
    process = subprocess.run(
        [sys.executable, "-m", "tests.networks.jax_check", *names],
        cwd=CHECKOUT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [line.split()[0] for line in process.stdout.splitlines()]


def test_small_networks_compute_what_the_original_computed():
    assert check(*FAST) == [*FAST]


@pytest.mark.every_network
@pytest.mark.parametrize("name", SLOW)
def test_the_others_compute_what_the_original_computed(name):
    assert check(name) == [name]
