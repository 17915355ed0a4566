import gc
import random
import tempfile

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repro import UserError
from repro.checkpoints import CheckpointReader, write
from tests.checkpoints import made
from tests.golden import recipe
from tests.shared import shared_path

DATA = "model.ckpt.data-00000-of-00001"
INDEX = "model.ckpt.index"
UNUSED_BYTES = 13 + 40  # the empty meta-index block, the footer but for its magic number


def read_all(path):
    """Returns everything a checkpoint holds, in a form that compares bit for bit."""
    reader = CheckpointReader(path)
    values = {name: reader.read(name) for name in reader.shapes}
    return {name: (value.dtype.str, value.shape, value.tobytes()) for name, value in values.items()}


@pytest.mark.parametrize("checkpoint", ["mobilenet_v1_format", "mobilenet_v2_format"])
def test_both_formats_give_names_shapes_and_values(checkpoint, request):
    reader = CheckpointReader(request.getfixturevalue(checkpoint))
    shapes = made.shapes("mobilenet_v1_025")
    assert reader.shapes == shapes
    assert list(reader.shapes) == sorted(shapes)
    assert set(reader.dtypes.values()) == {tf.float32}
    for name, shape in shapes.items():
        np.testing.assert_array_equal(reader.read(name), recipe.value(name, shape))


@pytest.mark.parametrize(
    ("path", "format"),
    [
        ("recipe_mobilenet_v1_025_v1format/mobilenet_v1_025.ckpt", "V1"),
        ("mobilenet_v1_0.25_128", "V1"),
        ("mobilenet_v1_0.25_224/mobilenet_v1_0.25_224.ckpt.index", "V2"),
        ("recipe_mobilenet_v1_025_v2format_ema", "V2"),
    ],
)
def test_checkpoints_of_the_original_code_can_be_read(path, format):
    reader = CheckpointReader(shared_path(f"checkpoints/{path}"))
    assert reader.format == format
    raw = {
        name: shape
        for name, shape in reader.shapes.items()
        if not name.endswith(made.AVERAGE) and name != "global_step"
    }
    assert raw == made.shapes("mobilenet_v1_025")
    for name in reader.shapes:
        assert np.isfinite(reader.read(name)).all()


def test_an_unknown_name_is_a_key_error(v2):
    with pytest.raises(KeyError, match="no/such/variable"):
        CheckpointReader(v2).read("no/such/variable")


@pytest.mark.parametrize("folder", ["a[b]c", "a*", "what?", "back\\slash", "with space"])
def test_folders_may_have_any_name(v1, v2, tmp_path, folder):
    for checkpoint in (v1, v2):
        moved = checkpoint.parent.rename(tmp_path / folder)
        assert CheckpointReader(moved / "model.ckpt").read("global_step") == 7
        assert CheckpointReader(moved).path == moved / "model.ckpt"
        moved.rename(tmp_path / "done" if checkpoint == v1 else tmp_path / "done too")


def test_no_links_are_left_behind(v1, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    moved = v1.parent.rename(tmp_path / "a[b]c")
    reader = CheckpointReader(moved)
    assert any((tmp_path / "temporary").iterdir())
    del reader
    gc.collect()
    assert not any((tmp_path / "temporary").iterdir())


def _untold_flips(file, checkpoint, places):
    """Flips bits, one at a time; returns how many flips nobody told."""
    whole, expected = file.read_bytes(), read_all(checkpoint)
    untold = 0
    for offset, bit in places:
        file.write_bytes(made.flipped(whole, offset, bit))
        try:
            got = read_all(checkpoint)
        except UserError as error:
            assert str(checkpoint) in str(error)
        else:
            assert got == expected, f"bit {bit} of byte {offset} changed weights silently"
            untold += 1
    file.write_bytes(whole)
    return untold


def test_a_flipped_bit_in_any_byte_of_a_v1_file_is_told_or_harmless(v1):
    size = v1.stat().st_size
    untold = _untold_flips(v1, v1, [(offset, offset % 8) for offset in range(size)])
    assert untold <= UNUSED_BYTES


@pytest.mark.parametrize("name", [DATA, INDEX])
def test_a_flipped_bit_in_any_byte_of_a_v2_file_is_told_or_harmless(v2, name):
    file = v2.parent / name
    size = file.stat().st_size
    untold = _untold_flips(file, v2, [(offset, offset % 8) for offset in range(size)])
    assert untold <= UNUSED_BYTES if name == INDEX else untold == 0


@pytest.mark.parametrize("format", ["v1", "v2"])
def test_flipped_bits_in_a_networks_weights_are_told(format, request, tmp_path):
    original = request.getfixturevalue(f"mobilenet_{format}_format")
    for file in original.parent.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    file = tmp_path / ("model.ckpt" if format == "v1" else DATA)
    rng = random.Random(format)
    places = [(rng.randrange(file.stat().st_size), rng.randrange(8)) for _ in range(40)]
    assert _untold_flips(file, tmp_path / "model.ckpt", places) == 0


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_file_that_is_cut_short_anywhere_is_told(v1, v2, data):
    file = data.draw(st.sampled_from([v1, v2.parent / DATA, v2.parent / INDEX]))
    whole = file.read_bytes()
    file.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    try:
        with pytest.raises(UserError, match=r"empty|cut short|damaged|text file|another kind"):
            read_all(file)
    finally:
        file.write_bytes(whole)


def test_data_of_another_checkpoint_is_told(v2, tmp_path):
    others = {name: value + 1 for name, value in made.small_values().items()}
    other = write(tmp_path / "other" / "model.ckpt", others)
    (other.parent / DATA).replace(v2.parent / DATA)
    with pytest.raises(UserError, match=r"model\.ckpt is damaged or cut short where .* is stored"):
        read_all(v2)


def test_a_kind_of_number_that_v1_cannot_give_back_is_told(tmp_path):
    path = made.write_v1(tmp_path / "model.ckpt", {"half": np.zeros(3, np.float16)})
    with pytest.raises(UserError, match=r"holds half as float16 .* V2 format"):
        CheckpointReader(path).read("half")
