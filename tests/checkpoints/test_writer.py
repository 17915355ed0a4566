import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from repro import UserError, networks
from repro.checkpoints import CheckpointReader, restore, write, write_network, writer
from tests.checkpoints import made


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=st.dictionaries(
        st.from_regex(r"[A-Za-z0-9_.]+(/[A-Za-z0-9_.]+){0,3}", fullmatch=True),
        st.sampled_from([np.float32, np.float64, np.float16, np.int64, np.int32]).flatmap(
            lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=0, max_side=3))
        ),
        min_size=1,
        max_size=6,
    )
)
def test_what_is_written_is_read_back_to_the_bit(tmp_path, values):
    reader = CheckpointReader(write(tmp_path / "model.ckpt", values))
    assert set(reader.shapes) == set(values)
    for name, value in values.items():
        got = reader.read(name)
        assert (got.dtype, got.shape) == (value.dtype, value.shape)
        assert got.tobytes() == value.tobytes()


def test_tensorflow_lists_the_plain_names(v2):
    assert sorted(tf.train.load_checkpoint(str(v2)).get_variable_to_shape_map()) == sorted(
        made.small_values()
    )


def test_the_original_saver_restores_it(v2):
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        variables = {
            name: v1.get_variable(name, initializer=tf.zeros(np.shape(value), value.dtype))
            for name, value in made.small_values().items()
        }
        v1.train.Saver(variables).restore(session, str(v2))
        for name, value in made.small_values().items():
            np.testing.assert_array_equal(session.run(variables[name]), value)


def test_a_network_survives_the_way_there_and_back(tmp_path):
    model = networks.create("mobilenet_v1_0.25", 10)
    variables = networks.variables(model)
    before = {name: np.array(variable) for name, variable in variables.items()}
    path = write_network(tmp_path / "new" / "folder" / "model.ckpt", model)
    for variable in variables.values():
        variable.assign(np.zeros(variable.shape))
    report = restore(model, path, restore_logits=True)
    assert report.restored == tuple(variables)
    assert report.ignored == ()
    for name, variable in variables.items():
        np.testing.assert_array_equal(variable, before[name])


def test_the_same_values_give_the_same_bytes(v2):
    first = contents(v2.parent)
    assert sorted(first) == ["model.ckpt.data-00000-of-00001", "model.ckpt.index"]
    assert write(v2, dict(reversed(made.small_values().items()))) == v2
    assert contents(v2.parent) == first


@pytest.mark.parametrize("folder", ["a[b]c", "what?", "with space"])
def test_folders_may_have_any_name(tmp_path, folder):
    path = write(tmp_path / folder / "model.ckpt", made.small_values())
    assert CheckpointReader(path).read("global_step") == 7
    assert sorted(contents(path.parent)) == ["model.ckpt.data-00000-of-00001", "model.ckpt.index"]


def test_the_prefix_may_be_given_as_the_index(v2):
    assert write(v2.with_name("model.ckpt.index"), made.small_values()) == v2


@pytest.mark.parametrize(
    "failure",
    [KeyboardInterrupt(), OSError(28, "No space left"), tf.errors.UnknownError(None, None, "full")],
)
def test_an_interrupted_write_leaves_the_old_checkpoint(v2, monkeypatch, failure):
    before = contents(v2.parent)

    def save_half(prefix, _):
        prefix.with_name(prefix.name + ".data-00000-of-00001").write_bytes(b"half")
        raise failure

    monkeypatch.setattr(writer, "_save", save_half)
    with pytest.raises(KeyboardInterrupt if isinstance(failure, KeyboardInterrupt) else UserError):
        write(v2, {"other": np.zeros(3)})
    assert contents(v2.parent) == before


def test_death_between_the_two_moves_is_told_by_the_reader(v2, monkeypatch):
    monkeypatch.setattr(writer, "_move", _move_data_only)
    write(v2, {name: value + 1 for name, value in made.small_values().items()})
    with pytest.raises(UserError, match="damaged"):
        CheckpointReader(v2).read("global_step")


def _move_data_only(source, target):
    ending = ".data-00000-of-00001"
    source.with_name(source.name + ending).replace(target.with_name(target.name + ending))


def test_data_files_of_an_older_larger_checkpoint_do_not_stay(v2):
    for shard in range(3):
        v2.with_name(f"model.ckpt.data-{shard:05d}-of-00003").write_bytes(b"old")
    beside = v2.with_name("model.ckpt-10.data-00000-of-00003")
    beside.write_bytes(b"another checkpoint's")
    write(v2, made.small_values())
    assert sorted(contents(v2.parent)) == [
        beside.name,
        "model.ckpt.data-00000-of-00001",
        "model.ckpt.index",
    ]


def test_a_name_that_is_taken_is_refused(v1, tmp_path):
    with pytest.raises(UserError, match=r"model\.ckpt is a file"):
        write(v1, made.small_values())
    with pytest.raises(UserError, match="is a folder"):
        write(tmp_path, made.small_values())


def test_a_place_that_cannot_be_written_is_told(v1):
    with pytest.raises(UserError, match="cannot be written"):
        write(v1 / "model.ckpt", made.small_values())


def test_nothing_to_write_is_refused(tmp_path):
    with pytest.raises(UserError, match="no variables"):
        write(tmp_path / "model.ckpt", {})
