"""At any size of image a network computes what TF-Slim's code computes.

TF-Slim's own code is run for the networks that the tf_slim package holds. For the others the sizes
of their maps are compared with TensorFlow's arithmetic in test_map_sizes.py, and their pieces with
plain NumPy in test_layers.py.
"""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from repro import networks
from tests.networks import tf_slim_reference
from tests.networks.goldens import relative_l2
from tests.networks.outputs import assign_recipe, outputs_model

CHECKOUT = Path(__file__).resolve().parents[2]
SIZES = [(97, 131), (128, 75), (75, 224)]
VGG_SIZES = [(224, 259), (257, 231)]
FAST = ("inception_v1", "inception_v2", "inception_v3", "resnet_v1_50")
SLOW = tuple(name for name in tf_slim_reference.NETWORKS if name not in FAST)


def sizes_of(name: str) -> list[tuple[int, int]]:
    return VGG_SIZES if name.startswith("vgg") else SIZES


def tf_slims(file: Path, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Returns what TF-Slim's code computes, or skips the calling test."""
    for package in ("tf_slim", "tf_keras"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"needs the package {package}")
    requests = [
        f"{name}={','.join(f'{height}x{width}' for height, width in sizes_of(name))}"
        for name in names
    ]
    subprocess.run(
        [sys.executable, "-m", "tests.networks.tf_slim_reference", str(file), *requests],
        cwd=CHECKOUT,
        check=True,
    )
    return dict(np.load(file))


@pytest.fixture(scope="module")
def fast_references(tmp_path_factory):
    return tf_slims(tmp_path_factory.mktemp("tf_slim") / "outputs.npz", FAST)


def assert_the_same(name: str, references: dict[str, np.ndarray]) -> None:
    model = networks.create(name, tf_slim_reference.CLASSES, (None, None, 3))
    assign_recipe(model)
    computed = outputs_model(model)
    for size in sizes_of(name):
        prefix = tf_slim_reference.key(name, size, "")
        theirs = {
            key.removeprefix(prefix): array
            for key, array in references.items()
            if key.startswith(prefix)
        }
        ours = computed(tf_slim_reference.image(name, size), training=False)
        theirs.pop(f"{name}/fc8", None)  # VGG's map of logits, of which ours are the average
        assert set(ours) > set(theirs) > {"logits", "features"}
        for output in theirs:
            assert ours[output].shape == theirs[output].shape, (size, output)
            assert relative_l2(ours[output], theirs[output]) < 1e-5, (size, output)


@pytest.mark.parametrize("name", FAST)
def test_at_odd_and_non_square_sizes_all_outputs_are_tf_slims(name, fast_references):
    assert_the_same(name, fast_references)


@pytest.mark.every_network
@pytest.mark.parametrize("name", SLOW)
def test_at_other_sizes_all_outputs_of_a_large_network_are_tf_slims(name, tmp_path):
    assert_the_same(name, tf_slims(tmp_path / "outputs.npz", (name,)))
