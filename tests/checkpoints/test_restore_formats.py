"""Keras files, SavedModels and training checkpoints are restored as TF-Slim's; none is executed."""

import json
import pickle
import shutil
import zipfile
from contextlib import suppress
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from repro import UserError, checkpoints, networks
from repro.checkpoints import open_checkpoint, restore
from repro.networks.layers import FullyConnected
from repro.training import Trainer, TrainingConfig
from tests.checkpoints import made

NAME = "mobilenet_v1_0.25"
KINDS = ("model.keras", "model.weights.h5", "saved_model", "model.ckpt")
FIRST = "MobilenetV1.Conv2d_0.weights"


@pytest.fixture(scope="module")
def network():
    return networks.create(NAME, 1001)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, mobilenet_v2_format):
    """The recipe's weights in every format."""
    folder = tmp_path_factory.mktemp("formats")
    for kind in KINDS:
        checkpoints.convert(mobilenet_v2_format, folder / kind, NAME)
    return folder


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """What a training run of ten classes leaves behind, and its network."""
    folder = tmp_path_factory.mktemp("run")
    model = networks.create(NAME, 10, (32, 32, 3))
    config = TrainingConfig(0.1, 1e-5, steps=10, batch_size=2)
    trainer = Trainer(model, config, tf.distribute.get_strategy())
    manager = tf.train.CheckpointManager(trainer.checkpoint(), str(folder / "checkpoints"), 2)
    manager.save(checkpoint_number=10)
    (folder / "history.csv").touch()
    return folder, model


def values(model):
    return {
        name: np.array(keras.ops.convert_to_numpy(variable))
        for name, variable in networks.variables(model).items()
    }


def clear(model):
    for variable in networks.variables(model).values():
        variable.assign(np.full(variable.shape, 0.25))


def assert_equal(model, expected, names=None):
    found = values(model)
    for name in found if names is None else names:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name, strict=True)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_is_restored_to_the_bit(network, folder, kind, mobilenet_values):
    clear(network)
    report = restore(network, folder / kind)
    assert_equal(network, mobilenet_values)
    assert report.restored == tuple(made.shapes("mobilenet_v1_025"))
    assert report.ignored == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_reader_gives_tf_slims_names_whatever_the_kind(folder, kind):
    reader = open_checkpoint(folder / kind)
    assert dict(reader.shapes) == dict(sorted(made.shapes("mobilenet_v1_025").items()))
    assert {dtype.name for dtype in reader.dtypes.values()} == {"float32"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_command_finds_and_hashes_every_kind(folder, kind):
    path = checkpoints.locate(NAME, folder / kind)
    assert len(checkpoints.sha256_of(path)) == 64


@pytest.mark.parametrize("kind", ["model.keras", "model.weights.h5"])
def test_what_keras_itself_saves_of_a_network_is_restored(network, tmp_path, kind):
    saved = networks.create(NAME, 7)
    (saved.save if kind == "model.keras" else saved.save_weights)(tmp_path / kind)
    report = restore(network, tmp_path)  # the only one in its folder
    assert len(report.fresh) == 2  # the logits of 7 classes
    assert_equal(network, values(saved), report.restored)


def test_keras_itself_refuses_weights_of_other_names(tmp_path):
    def model(name):
        images = keras.Input((4,))
        return keras.Model(images, FullyConnected(2, "zeros", name=name)(images))

    model("one.logits").save_weights(tmp_path / "model.weights.h5")
    with pytest.raises(ValueError, match=r"other\.logits\.weights is not in the file"):
        model("other.logits").load_weights(tmp_path / "model.weights.h5")


@pytest.mark.parametrize("place", ["", "checkpoints", "checkpoints/ckpt-10"])
def test_a_training_checkpoint_is_restored_from_its_run(run_folder, place):
    folder, trained = run_folder
    model = networks.create(NAME, 10, (32, 32, 3))
    clear(model)
    report = restore(model, folder / place)
    assert_equal(model, values(trained))
    assert report.path == folder / "checkpoints" / "ckpt-10"
    assert {"global_step", f"{FIRST.replace('.', '/')}/Momentum"} <= set(report.ignored)


def test_a_run_on_other_classes_starts_a_new_one(run_folder):
    model = networks.create(NAME, 6)
    clear(model)
    report = restore(model, run_folder[0], restore_logits=False)
    assert len(report.fresh) == 2
    assert_equal(model, values(run_folder[1]), report.restored)


def test_the_averages_replicas_keep_apart_are_restored_as_their_mean(tmp_path, two_replicas):
    with two_replicas.scope():
        trained = networks.create(NAME, 10, (32, 32, 3))
    mean = networks.variables(trained)["MobilenetV1/Conv2d_0/BatchNorm/moving_mean"]
    two_replicas.run(
        lambda: mean.value.assign(
            tf.fill(
                mean.shape,
                tf.cast(tf.distribute.get_replica_context().replica_id_in_sync_group, tf.float32),
            )
        )
    )
    config = TrainingConfig(0.1, 1e-5, steps=10, batch_size=2)
    trainer = Trainer(trained, config, two_replicas)
    path = trainer.checkpoint().save(str(tmp_path / "ckpt"))
    model = networks.create(NAME, 10, (32, 32, 3))
    restore(model, path)
    restored = networks.variables(model)["MobilenetV1/Conv2d_0/BatchNorm/moving_mean"]
    np.testing.assert_array_equal(restored.value, np.full(restored.shape, 0.5))


def test_a_keras_file_of_other_layers_says_what_it_lacks(network, tmp_path):
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save(tmp_path / "model.keras")
    with pytest.raises(UserError, match=r"no Keras file of this project's mobilenet.*dense.*0"):
        restore(network, tmp_path / "model.keras")


def with_weights_of(source: Path, target: Path) -> None:
    """Replaces the weights in one .keras file by another's."""
    with zipfile.ZipFile(source) as theirs, zipfile.ZipFile(target) as ours:
        members = {name: ours.read(name) for name in ours.namelist()}
        members["model.weights.h5"] = theirs.read("model.weights.h5")
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_a_lambda_layer_is_never_run(network, folder, tmp_path, mobilenet_values):
    marker, path = tmp_path / "was_run", tmp_path / "model.keras"
    name = str(marker)  # Keras stores what the function closes over
    layer = keras.layers.Lambda(lambda x: (open(name, "w").close(), x)[1])  # noqa: PTH123
    images = keras.Input((4,))
    keras.Model(images, layer(images)).save(path)
    with_weights_of(folder / "model.keras", path)
    marker.unlink()
    clear(network)
    restore(network, path)
    checkpoints.verify(path)
    assert not marker.exists()
    assert_equal(network, mobilenet_values)
    # What was there to be run: Keras runs it when told to trust the file.
    with suppress(ValueError):
        keras.saving.load_model(path, safe_mode=False)
    assert marker.exists()


class Payload:
    """Writes a file when it is unpickled."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


def changed_h5(folder, tmp_path):
    path = tmp_path / "model.weights.h5"
    shutil.copy(folder / path.name, path)
    return path


def place_of(path, key=FIRST):
    """Returns where Keras put a variable."""
    with h5py.File(path) as file:
        places = []
        file.visit(places.append)
        (place,) = (place for place in places if place.endswith(f"/{key}"))
    return place


def test_a_pickle_in_a_files_numbers_or_beside_them_is_never_read(network, folder, tmp_path):
    marker = tmp_path / "was_run"
    content = pickle.dumps(Payload(marker))
    pickle.loads(content)
    marker.unlink()  # so it would have been run
    path = changed_h5(folder, tmp_path)
    place = place_of(path)
    with h5py.File(path, "a") as file:
        del file[place]
        file[place] = np.void(content)
        file.attrs["pickle"] = np.void(content)
    archive = tmp_path / "model.keras"
    with zipfile.ZipFile(archive, "w") as written:
        written.write(path, "model.weights.h5")
        written.writestr("config.json", json.dumps({"module": "os", "class_name": "system"}))
        written.writestr("model.pkl", content)
    for file in (path, archive):
        with pytest.raises(UserError, match=r"Conv2d_0/weights is \[\] and should be"):
            restore(network, file)
        assert not checkpoints.verify(file, NAME).is_good
    assert not marker.exists()


def make_soft_link(group, name, _):
    group[name] = h5py.SoftLink("/layers")


def make_external_link(group, name, secret):
    group[name] = h5py.ExternalLink(secret, "secret")


def make_external_storage(group, name, secret):
    group.create_dataset(name, (3, 3, 3, 8), "f4", external=[(secret, 0, 864)])


def make_virtual(group, name, secret):
    layout = h5py.VirtualLayout((3, 3, 3, 8), "f4")
    layout[...] = h5py.VirtualSource(secret, "secret", (3, 3, 3, 8))
    group.create_virtual_dataset(name, layout)


@pytest.mark.parametrize(
    "refer", [make_soft_link, make_external_link, make_external_storage, make_virtual]
)
def test_a_file_that_reaches_into_other_files_is_refused(network, folder, tmp_path, refer):
    path = changed_h5(folder, tmp_path)
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["secret"] = np.ones((3, 3, 3, 8), np.float32)
    place = place_of(path)
    with h5py.File(path, "a") as file:
        group = file[place].parent
        del file[place]
        refer(group, FIRST, str(secret))
    clear(network)
    with pytest.raises(UserError, match=r"refers to another place or file at .*Conv2d_0"):
        restore(network, path)
    assert (values(network)["MobilenetV1/Conv2d_0/weights"] == 0.25).all()


def test_a_group_that_holds_itself_is_walked_once(network, folder, tmp_path):
    path = changed_h5(folder, tmp_path)
    with h5py.File(path, "a") as file:
        file["layers/again"] = file["layers"]
    assert len(restore(network, path).restored) == 137


def test_numbers_that_a_file_only_claims_to_have_are_not_made_room_for(tmp_path):
    with h5py.File(tmp_path / "model.weights.h5", "w") as file:
        file.create_dataset("layers/conv2d/vars/0", (1 << 50,), "f4", chunks=(1 << 20,))
    reader = open_checkpoint(tmp_path)
    with pytest.raises(UserError, match="compressed or not in full"):
        reader.read("layers/conv2d/vars/0")


def test_an_archive_that_unpacks_to_much_more_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", bytes(10_000_000))
    with pytest.raises(UserError, match="damaged"):
        open_checkpoint(tmp_path / "model.keras")


@pytest.mark.parametrize("kind", ["model.keras", "model.weights.h5"])
@pytest.mark.parametrize("kept", [0.001, 0.5, 0.999])
def test_a_file_cut_short_is_told(network, folder, tmp_path, kind, kept):
    content = (folder / kind).read_bytes()
    (tmp_path / kind).write_bytes(content[: int(kept * len(content))])
    clear(network)
    with pytest.raises(UserError, match=r"damaged|cut short"):
        restore(network, tmp_path / kind)
    assert all((value == 0.25).all() for value in values(network).values())


@pytest.fixture(scope="module")
def small_keras_file(tmp_path_factory):
    """A few kilobytes with a name of ours, and the values in it."""
    folder = tmp_path_factory.mktemp("small")
    weights = np.arange(12, dtype=np.float32).reshape(3, 4)
    with h5py.File(folder / "h5", "w") as file:
        file["layers/fully_connected/vars/net.logits.weights"] = weights
    with zipfile.ZipFile(folder / "model.keras", "w") as archive:
        archive.write(folder / "h5", "model.weights.h5")
    return folder / "model.keras", weights


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_one_flipped_bit_of_a_keras_archive_is_an_error_or_changes_nothing(small_keras_file, data):
    path, weights = small_keras_file
    content = path.read_bytes()
    offset = data.draw(st.integers(0, len(content) - 1), label="offset")
    bit = data.draw(st.integers(0, 7), label="bit")
    changed = path.with_name("changed.keras")
    changed.write_bytes(made.flipped(content, offset, bit))
    try:
        reader = open_checkpoint(changed)
        found = {name: reader.read(name) for name in reader.shapes}
    except UserError:
        return
    np.testing.assert_array_equal(found["net/logits/weights"], weights, strict=True)
