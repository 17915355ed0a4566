"""A checkpoint turned into every other kind of file and back is the same to the bit."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro import UserError, checkpoint, checkpoints, networks
from repro.checkpoints import convert, open_checkpoint
from tests.checkpoints import made
from tests.commands import run_command
from tests.networks.goldens import golden
from tests.shared import shared_path

NAME = "mobilenet_v1_0.25"
NETWORKS = (NAME, "inception_v1", "nasnet_mobile", "resnet_v1_50")
KERAS = ("model.keras", "model.weights.h5")
LARGE = pytest.mark.every_network
DATA = ".data-00000-of-00001"


def original(name, folder):
    """Writes the recipe's weights, those of an auxiliary head too, as TF-Slim's Saver would."""
    return checkpoints.write(folder / "original.ckpt", golden(name).values())


def assert_same_checkpoint(one, other):
    for ending in (DATA, ".index"):
        found = [path.with_name(path.name + ending).read_bytes() for path in (one, other)]
        assert found[0] == found[1], ending


def round_trip(path, folder, *kinds, name):
    for kind in (*kinds, "back.ckpt"):
        path = convert(path, folder / kind, name).output
    return path


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        (NAME, KERAS),
        ("inception_v1", KERAS),
        ("nasnet_mobile", KERAS[:1]),
        ("resnet_v1_50", KERAS[1:]),
        pytest.param("vgg_16", KERAS, marks=LARGE),
    ],
)
def test_keras_files_and_back_is_the_same_checkpoint_to_the_bit(name, kinds, tmp_path):
    path = original(name, tmp_path)
    assert_same_checkpoint(path, round_trip(path, tmp_path, *kinds, name=name))


@pytest.mark.parametrize(
    "name",
    [NAME, *(pytest.param(name, marks=LARGE) for name in (*NETWORKS[1:], "vgg_16"))],
)
def test_a_saved_model_and_back_is_the_same_checkpoint_to_the_bit(name, tmp_path):
    path = original(name, tmp_path)
    assert_same_checkpoint(path, round_trip(path, tmp_path, name, name=name))


def test_the_network_need_not_be_named(mobilenet_v1_format, mobilenet_v2_format, tmp_path):
    done = convert(mobilenet_v1_format, tmp_path / "model.ckpt")
    assert (done.network, done.classes) == (NAME, 1001)
    assert_same_checkpoint(mobilenet_v2_format, tmp_path / "model.ckpt")


@pytest.fixture(scope="module")
def three_classes(tmp_path_factory):
    """A checkpoint of three classes, and the network it is of."""
    model = networks.create(NAME, 3, (64, 64, 3))
    return checkpoints.write_network(tmp_path_factory.mktemp("three") / "model.ckpt", model), model


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).uniform(-1, 1, (2, 64, 64, 3)).astype(np.float32)


def test_keras_loads_the_file_and_computes_the_same(three_classes, images, tmp_path):
    path, model = three_classes
    done = convert(path, tmp_path / "model.keras", NAME, image_size=64)
    assert done.classes == 3
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(images, training=False), model(images, training=False))
    assert list(networks.variables(loaded)) == list(networks.variables(model))


def test_tensorflow_alone_runs_the_saved_model(three_classes, images, tmp_path):
    path, model = three_classes
    convert(path, tmp_path / "model", NAME, image_size=64)
    np.save(tmp_path / "images.npy", images)
    program = (
        "import sys, numpy as np, tensorflow as tf\n"
        "serve = tf.saved_model.load('model').signatures['serving_default']\n"
        "outputs = serve(images=tf.constant(np.load('images.npy')))\n"
        "assert 'repro' not in sys.modules\n"
        "np.savez('outputs.npz', **outputs)\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True)
    outputs = np.load(tmp_path / "outputs.npz")
    features = networks.feature_extractor(model)(images, training=False)
    np.testing.assert_allclose(outputs["logits"], model(images, training=False), atol=1e-6)
    np.testing.assert_allclose(outputs["features"], features, rtol=1e-5, atol=1e-6)


def test_an_auxiliary_head_is_kept_or_left_behind(tmp_path):
    path = original("nasnet_mobile", tmp_path)
    convert(path, tmp_path / "less.ckpt", "nasnet_mobile", auxiliary_head=False)
    scope = f"{networks.spec('nasnet_mobile').auxiliary_scope}/"
    names = set(open_checkpoint(path).shapes)
    assert any(name.startswith(scope) for name in names)
    assert set(open_checkpoint(tmp_path / "less.ckpt").shapes) == {
        name for name in names if not name.startswith(scope)
    }


@pytest.mark.parametrize("averages", [True, False])
def test_moving_averages_become_the_variables_unless_the_raw_ones_are_asked_for(
    averages, capsys, tmp_path
):
    path = shared_path("checkpoints/recipe_mobilenet_v1_025_v2format_ema")
    outcome = run_command(
        capsys,
        checkpoint,
        *("convert", str(path), f"--output={tmp_path / 'model.ckpt'}"),
        *(() if averages else ("--nomoving_averages",)),
    )
    assert outcome.status == 0, outcome.err
    assert outcome.last_line == f"Wrote {NAME} with 1,001 classes to {tmp_path / 'model.ckpt'}."
    before, after = open_checkpoint(path), open_checkpoint(tmp_path / "model.ckpt")
    assert set(after.shapes) == set(made.shapes("mobilenet_v1_025"))
    for name in after.shapes:
        source = name + made.AVERAGE if averages else name
        np.testing.assert_array_equal(after.read(name), before.read(source), strict=True)


def test_a_file_is_replaced_and_nothing_else_is_left(mobilenet_v2_format, tmp_path):
    output = tmp_path / "model.weights.h5"
    output.write_text("an older file")
    convert(mobilenet_v2_format, output, NAME)
    assert open_checkpoint(output).shapes
    assert [file.name for file in tmp_path.iterdir()] == ["model.weights.h5"]


def test_a_failure_leaves_the_older_file(mobilenet_v2_format, tmp_path, monkeypatch):
    output = tmp_path / "model.keras"
    output.write_text("an older file")

    def fail(_, path):
        path.write_text("half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keras.Model, "save", fail)
    with pytest.raises(UserError, match=r"model\.keras cannot be written: No space left"):
        convert(mobilenet_v2_format, output, NAME)
    assert output.read_text() == "an older file"
    assert [file.name for file in tmp_path.iterdir()] == ["model.keras"]


def test_a_folder_that_is_there_is_not_written_over(mobilenet_v2_format, tmp_path):
    with pytest.raises(UserError, match="exists already"):
        convert(mobilenet_v2_format, tmp_path, NAME)


@given(ending=st.from_regex(r"\.[a-z]\w{0,5}", fullmatch=True))
def test_an_ending_that_says_no_format_is_refused_before_anything_is_read(ending):
    if ending in (".ckpt", ".keras"):
        return
    with pytest.raises(UserError, match=r"says no format; allowed: \*\.keras"):
        convert("nowhere.ckpt", f"model{ending}")


def test_a_checkpoint_of_no_network_asks_for_its_name(v2, tmp_path):
    with pytest.raises(UserError, match="Say with --model"):
        convert(v2, tmp_path / "model.keras")
    with pytest.raises(UserError, match=r"lacks MobilenetV1/Logits.*weights, the logits of"):
        convert(v2, tmp_path / "model.keras", NAME)


def test_the_command_needs_an_output(mobilenet_v2_format, capsys):
    outcome = run_command(capsys, checkpoint, "convert", str(mobilenet_v2_format))
    assert outcome.status == 2
    assert "--output is required" in outcome.err
