"""What `inspect` says of a file is what numpy says of its arrays."""

import csv
import json
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from repro import checkpoint, checkpoints
from repro.checkpoints import inspection, open_checkpoint
from tests.checkpoints import made
from tests.commands import run_command
from tests.shared import shared_path

AVERAGED = "checkpoints/recipe_mobilenet_v1_025_v2format_ema"


def one_summary(folder, value):
    reader = open_checkpoint(checkpoints.write(Path(folder) / "model.ckpt", {"v": value}))
    (row,) = inspection.summaries(reader)
    return row


@settings(max_examples=60, deadline=None)
@given(
    value=arrays.arrays(
        st.sampled_from([np.float32, np.float64, np.float16, np.int64, np.int32]),
        arrays.array_shapes(min_dims=0, max_side=4),
    )
)
def test_moments_are_those_of_the_finite_values(value):
    with tempfile.TemporaryDirectory() as folder:
        row = one_summary(folder, value)
    finite = value[np.isfinite(value)].astype(np.float64)
    assert row.shape == "x".join(map(str, value.shape))
    assert row.dtype == value.dtype.name
    assert row.non_finite == value.size - finite.size
    if not finite.size:
        assert (row.mean, row.std, row.min, row.max) == (None,) * 4
        return
    assert (row.min, row.max) == (finite.min(), finite.max())
    with np.errstate(over="ignore", invalid="ignore"):
        np.testing.assert_allclose(row.mean, finite.mean(), rtol=1e-9, atol=1e-30)
        np.testing.assert_allclose(row.std, finite.std(), rtol=1e-6, atol=1e-30)


def test_moments_of_a_variable_in_several_pieces_are_those_of_the_whole(tmp_path):
    value = np.random.default_rng(0).normal(3, 2, 2_500_000).astype(np.float32)
    value[[5, -5]] = np.nan, np.inf
    row = one_summary(tmp_path, value)
    finite = value[np.isfinite(value)].astype(np.float64)
    assert row.non_finite == 2
    np.testing.assert_allclose([row.mean, row.std], [finite.mean(), finite.std()], rtol=1e-9)


def test_a_large_file_is_read_a_variable_at_a_time(tmp_path):
    values = {f"v{i:02d}": np.full(1_000_000, i, np.float32) for i in range(20)}
    reader = open_checkpoint(checkpoints.write(tmp_path / "model.ckpt", values))
    del values
    tracemalloc.start()
    try:
        assert [row.mean for row in inspection.summaries(reader)] == list(range(20))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40e6  # all of them are 80 MB


def test_totals_tell_the_network_from_averages_and_slots(tmp_path):
    network = made.small_values()
    weights = network["net/conv/weights"]
    extra = {
        "net/conv/weights/ExponentialMovingAverage": weights,
        "net/conv/weights/RMSProp": weights,
        "net/conv/weights/RMSProp_1": weights * np.nan,
    }
    reader = open_checkpoint(checkpoints.write(tmp_path / "model.ckpt", network | extra))
    sums = inspection.totals(reader, inspection.summaries(reader))
    own = sum(value.size for value in network.values()) - 1  # without the step
    assert sums == inspection.Totals(
        variables=7,
        values=own + 1 + 3 * weights.size,
        parameters=own,
        averages=weights.size,
        slots=2 * weights.size,
        non_finite=weights.size,
    )


def test_the_table_ends_with_the_totals_and_the_network(mobilenet_v2_format, capsys):
    outcome = run_command(capsys, checkpoint, "inspect", str(mobilenet_v2_format))
    assert outcome.status == 0, outcome.err
    header, *rows, _, sums, network = outcome.out.splitlines()
    assert header.split() == [*inspection.COLUMNS[:-1], "non-finite"]
    assert [row.split()[0] for row in rows] == sorted(made.shapes("mobilenet_v1_025"))
    assert sums.startswith("137 variables, 475,801 numbers: 475,801 of the network")
    assert network == "Every variable of mobilenet_v1_0.25 is there, with 1,001 classes."


def test_csv_and_json_hold_the_same(mobilenet_v1_format, capsys, mobilenet_values):
    outcome = run_command(capsys, checkpoint, "inspect", str(mobilenet_v1_format), "--format=csv")
    rows = list(csv.DictReader(outcome.out.splitlines()))
    outcome = run_command(capsys, checkpoint, "inspect", str(mobilenet_v1_format), "--format=json")
    document = json.loads(outcome.out)
    assert (document["network"], document["num_classes"]) == ("mobilenet_v1_0.25", 1001)
    assert [row["name"] for row in rows] == [row["name"] for row in document["variables"]]
    for row, same in zip(rows, document["variables"], strict=True):
        assert float(row["mean"]) == same["mean"]
        mean = mobilenet_values[row["name"]].mean(dtype=np.float64)
        np.testing.assert_allclose(same["mean"], mean, rtol=1e-9, atol=1e-12)


def test_averages_are_counted_apart_in_a_checkpoint_of_the_original_code():
    reader = open_checkpoint(shared_path(AVERAGED))
    sums = inspection.totals(reader, inspection.summaries(reader))
    assert (sums.parameters, sums.averages, sums.slots) == (475_801, 475_801, 0)


@pytest.mark.parametrize(
    "lost", ["MobilenetV1/Conv2d_0/weights", "MobilenetV1/Conv2d_0/BatchNorm/beta"]
)
def test_a_network_of_which_a_variable_lacks_is_not_guessed(tmp_path, mobilenet_values, lost):
    values = {name: value for name, value in mobilenet_values.items() if name != lost}
    reader = open_checkpoint(checkpoints.write(tmp_path / "model.ckpt", values))
    assert checkpoints.network_of(reader) is None


def test_text_in_a_file_has_no_moments(tmp_path):
    row = one_summary(tmp_path, np.array(b"some text"))
    assert (row.dtype, row.mean, row.non_finite) == ("string", None, 0)
