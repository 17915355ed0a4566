"""NASNet-A is TF-Slim's, in both sizes."""

import keras
import numpy as np
import pytest

from repro import UserError, networks
from repro.networks.drop_path import DropPath, DropPathDraw
from repro.networks.nasnet import SMALLEST_WIDTH, Size, nasnet
from tests.networks.golden_tests import GoldenTests
from tests.networks.goldens import relative_l2
from tests.networks.outputs import assign_recipe


def _drop_path_layers(model: keras.Model) -> list[keras.layers.Layer]:
    return [x for x in model.layers if isinstance(x, DropPath | DropPathDraw)]


class TestNASNetMobile(GoldenTests):
    name = "nasnet_mobile"

    def test_it_has_no_drop_path(self, fresh):
        assert not _drop_path_layers(fresh.model)

    def test_it_computes_the_same_where_the_size_is_not_known_beforehand(self, reference):
        """And so decides without shapes which earlier maps are as wide as the current one."""
        model = networks.create(
            self.name, reference.json("facts.json")["num_classes"], (None, None, 3)
        )
        assign_recipe(model)
        image = reference.image(reference.json("outputs_end_points.json")["input"])
        assert relative_l2(model(image), reference.array("outputs.npz")["logits"]) < 1e-5
        assert np.isfinite(model(image[:, :75, :101])).all()


class TestNASNetLarge(GoldenTests):
    name = "nasnet_large"

    @pytest.fixture(autouse=True)
    def _seed(self):
        """Drop-path drops next to nothing in the second step, but not always nothing."""
        keras.utils.set_random_seed(0)

    def test_drop_path_is_on_every_path_but_identities(self, fresh):
        normal = {0, 1, 2, 3, 4, 6, 7, 8}
        reduction = {0, 1, 2, 3, 4, 5, 7, 8, 9}
        reductions = {0, 1, 8, 15}  # two in the stem, then one after six normal cells each
        [draw, *paths] = sorted(
            _drop_path_layers(fresh.model), key=lambda layer: isinstance(layer, DropPath)
        )
        assert (draw.cells, draw.final_keep, draw.ramp_steps) == (22, 0.7, 250_000)
        assert sorted((path.cell, path.index) for path in paths) == [
            (cell, index)
            for cell in range(22)
            for index in sorted(reduction if cell in reductions else normal)
        ]

    def test_its_drop_path_step_is_saved_with_a_run_but_not_in_a_tf_slim_checkpoint(self, fresh):
        state = fresh.model.get_layer("drop_path_draw").seed_generator.state
        assert any(variable is state for variable in fresh.model.variables)
        assert all(variable is not state for variable in networks.variables(fresh.model).values())


def test_drop_path_reaches_the_features_late_in_training_only():
    size = Size(3, 8, 4, drop_path_keep=0.7, skips_reduction_input=True)
    graph = nasnet(keras.Input((32, 32, 3)), 2, size=size)
    model = keras.Model(graph.images, graph.features)
    image = np.random.default_rng(0).normal(size=(4, 32, 32, 3)).astype(np.float32)

    def features(step: int, seed: int) -> np.ndarray:
        model.get_layer("drop_path_draw").seed_generator.state.assign([seed, step])
        return np.asarray(model(image, training=True))

    np.testing.assert_array_equal(features(0, seed=1), features(0, seed=2))
    assert relative_l2(features(250_000, seed=1), features(250_000, seed=2)) > 0.1


def test_halvings_tell_equal_widths_from_the_smallest_width_on():
    """A map of width 1 stays as wide when halved; below the smallest width there is one."""

    def widths(image: int) -> list[int]:
        maps = [(image - 3) // 2 + 1]  # conv0, which is not padded
        for _ in range(4):
            maps.append(-(-maps[-1] // 2))
        return maps

    assert all(len(set(widths(image))) == 5 for image in range(SMALLEST_WIDTH, 1000))
    assert all(len(set(widths(image))) < 5 for image in range(3, SMALLEST_WIDTH))


def test_narrower_images_are_refused():
    with pytest.raises(UserError, match="32x18 pixels are too small"):
        networks.create("nasnet_mobile", 3, (32, 18, 3))
