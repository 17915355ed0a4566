import dataclasses
import shutil
from types import SimpleNamespace

import keras
import ml_dtypes
import numpy as np
import pytest

from repro import UserError, checkpoints, networks
from repro.checkpoints import restore, write
from tests.checkpoints import made
from tests.shared import shared_path

LOGITS = ("MobilenetV1/Logits/Conv2d_1c_1x1/weights", "MobilenetV1/Logits/Conv2d_1c_1x1/biases")
FIRST = "MobilenetV1/Conv2d_0/weights"
MEAN = "MobilenetV1/Conv2d_0/BatchNorm/moving_mean"


@pytest.fixture(scope="module")
def network():
    return networks.create("mobilenet_v1_0.25", 1001)


@pytest.fixture(scope="module")
def ten_classes():
    return networks.create("mobilenet_v1_0.25", 10)


def weights(model):
    return {
        name: np.array(keras.ops.convert_to_numpy(variable))
        for name, variable in networks.variables(model).items()
    }


def clear(model):
    """Sets every variable to a value that no checkpoint here holds."""
    for variable in networks.variables(model).values():
        variable.assign(np.full(variable.shape, 0.25))


def assert_cleared(model, names=None):
    after = weights(model)
    for name in after if names is None else names:
        assert (after[name] == 0.25).all(), f"{name} was assigned"


def assert_equal(model, values, names=None):
    after = weights(model)
    for name in after if names is None else names:
        np.testing.assert_array_equal(after[name], values[name], err_msg=name, strict=True)


@pytest.mark.parametrize("checkpoint", ["mobilenet_v1_format", "mobilenet_v2_format"])
def test_every_variable_is_restored_to_the_bit(network, checkpoint, request, mobilenet_values):
    clear(network)
    path = request.getfixturevalue(checkpoint)
    report = restore(network, path)
    assert_equal(network, mobilenet_values)
    assert report == checkpoints.RestoreReport(
        path=path,
        restored=tuple(made.shapes("mobilenet_v1_025")),
        averaged=(),
        fresh=(),
        ignored=(),
    )


@pytest.mark.parametrize(
    "path",
    [
        "mobilenet_v1_0.25_128/mobilenet_v1_0.25_128.ckpt",
        "mobilenet_v1_0.25_224",
        "recipe_mobilenet_v1_025_v1format/mobilenet_v1_025.ckpt",
    ],
)
def test_checkpoints_of_the_original_code_are_restored_in_full(network, path):
    clear(network)
    path = shared_path(f"checkpoints/{path}")
    report = restore(network, path)
    assert report.restored == tuple(made.shapes("mobilenet_v1_025"))
    assert set(report.ignored) <= {"global_step"}
    reader = checkpoints.CheckpointReader(path)
    assert_equal(network, {name: reader.read(name) for name in report.restored})


def test_a_checkpoint_of_the_original_code_with_averages_is_restored(network):
    path = shared_path("checkpoints/recipe_mobilenet_v1_025_v2format_ema")
    reader = checkpoints.CheckpointReader(path)
    report = restore(network, path)
    assert report.restored == tuple(made.shapes("mobilenet_v1_025"))
    assert report.averaged == report.restored
    assert set(report.ignored) - {"global_step"} == set(report.restored)
    averages = {name: reader.read(name + made.AVERAGE) for name in report.restored}
    assert_equal(network, averages)
    report = restore(network, path, prefer_moving_average=False)
    assert report.averaged == ()
    assert_equal(network, {name: reader.read(name) for name in report.restored})


def test_an_average_is_preferred_variable_by_variable(network, tmp_path, mobilenet_values):
    averaged = {FIRST: mobilenet_values[FIRST] + 1, MEAN: mobilenet_values[MEAN] + 1}
    file = mobilenet_values | {name + made.AVERAGE: value for name, value in averaged.items()}
    path = write(tmp_path / "model.ckpt", file)
    report = restore(network, path)
    assert_equal(network, mobilenet_values | averaged)
    assert report.averaged == (FIRST, MEAN)
    assert set(report.ignored) == {FIRST, MEAN}
    report = restore(network, path, prefer_moving_average=False)
    assert_equal(network, mobilenet_values)
    assert set(report.ignored) == {FIRST + made.AVERAGE, MEAN + made.AVERAGE}


@pytest.mark.parametrize("prefer_moving_average", [True, False])
def test_an_average_alone_is_enough(network, tmp_path, mobilenet_values, prefer_moving_average):
    file = {name + made.AVERAGE: value for name, value in mobilenet_values.items()}
    path = write(tmp_path / "model.ckpt", file)
    report = restore(network, path, prefer_moving_average=prefer_moving_average)
    assert_equal(network, mobilenet_values)
    assert report.averaged == report.restored


def test_names_of_the_training_are_ignored_and_told(network, tmp_path, mobilenet_values):
    training = {
        "global_step": np.int64(5),
        f"{FIRST}/RMSProp": mobilenet_values[FIRST],
        f"{FIRST}/Momentum": np.full_like(mobilenet_values[FIRST], np.nan),
    }
    report = restore(network, write(tmp_path / "model.ckpt", mobilenet_values | training))
    assert_equal(network, mobilenet_values)
    assert report.ignored == tuple(sorted(training))


def test_logits_of_another_class_count_are_left_as_they_are(
    ten_classes, mobilenet_v2_format, mobilenet_values
):
    clear(ten_classes)
    report = restore(ten_classes, mobilenet_v2_format)
    assert report.fresh == LOGITS
    assert report.ignored == tuple(sorted(LOGITS))
    assert len(report.restored) == 135
    assert_cleared(ten_classes, LOGITS)
    assert_equal(ten_classes, mobilenet_values, report.restored)


def test_logits_that_must_fit_and_do_not_are_an_error(ten_classes, mobilenet_v2_format):
    clear(ten_classes)
    with pytest.raises(
        UserError,
        match=r"2 of 137 variables differently \(.*\[1, 1, 256, 1001\] and should be "
        r"\[1, 1, 256, 10\]; .*\[1001\] and should be \[10\]\).*restore_logits=False",
    ):
        restore(ten_classes, mobilenet_v2_format, restore_logits=True)
    assert_cleared(ten_classes)


def test_logits_that_fit_can_be_left_as_they_are(network, mobilenet_v2_format, mobilenet_values):
    clear(network)
    report = restore(network, mobilenet_v2_format, restore_logits=False)
    assert report.fresh == LOGITS
    assert_cleared(network, LOGITS)
    assert_equal(network, mobilenet_values, report.restored)


def test_logits_of_the_same_class_count_by_coincidence_are_restored(network, mobilenet_v2_format):
    assert restore(network, mobilenet_v2_format, restore_logits="auto").fresh == ()
    assert restore(network, mobilenet_v2_format, restore_logits=True).fresh == ()


def test_logits_of_another_depth_are_an_error_even_so(ten_classes, tmp_path, mobilenet_values):
    file = mobilenet_values | {LOGITS[0]: np.zeros((1, 1, 128, 10), np.float32)}
    with pytest.raises(UserError, match=r"\[1, 1, 128, 10\] and should be \[1, 1, 256, 10\]"):
        restore(
            ten_classes,
            write(tmp_path / "model.ckpt", file | {LOGITS[1]: np.zeros(10, np.float32)}),
        )


def test_a_file_without_logits_needs_their_leave(network, tmp_path, mobilenet_values):
    file = {name: value for name, value in mobilenet_values.items() if name not in LOGITS}
    path = write(tmp_path / "model.ckpt", file)
    with pytest.raises(UserError, match=r"lacks 2 of 137 variables.*use restore_logits=False"):
        restore(network, path)
    assert restore(network, path, restore_logits=False).fresh == LOGITS


def test_an_unknown_choice_about_logits_is_refused(network, mobilenet_v2_format):
    with pytest.raises(UserError, match="restore_logits='maybe' is unknown"):
        restore(network, mobilenet_v2_format, restore_logits="maybe")


def test_missing_and_misshapen_variables_are_told_together(network, tmp_path, mobilenet_values):
    file = dict(mobilenet_values)
    del file[MEAN]
    file[FIRST] = np.zeros((3, 3, 3, 16), np.float32)
    clear(network)
    with pytest.raises(UserError) as caught:
        restore(network, write(tmp_path / "model.ckpt", file))
    message = str(caught.value)
    assert f"lacks 1 of 137 variables ({MEAN})" in message
    assert f"{FIRST} is [3, 3, 3, 16] and should be [3, 3, 3, 8]" in message
    assert_cleared(network)


def test_a_long_list_is_shortened_with_a_count(network, tmp_path, mobilenet_values):
    wider = {name: np.concatenate([value] * 2, -1) for name, value in mobilenet_values.items()}
    with pytest.raises(
        UserError, match=r"135 of 137 variables differently \(.*and 125 more\)"
    ) as e:
        restore(network, write(tmp_path / "wider.ckpt", wider))
    assert len(str(e.value)) < 2000
    half = dict(list(mobilenet_values.items())[::2])
    with pytest.raises(UserError, match=r"lacks 68 of 137 variables \(.*and 58 more\)"):
        restore(network, write(tmp_path / "half.ckpt", half))


def test_a_checkpoint_of_another_network_is_told_at_once(network, v2):
    with pytest.raises(UserError, match=r"no checkpoint of mobilenet_v1_0\.25: it has none.*conv"):
        restore(network, v2)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_undefined_values_are_named_and_nothing_is_assigned(
    network, tmp_path, mobilenet_values, value
):
    broken = mobilenet_values[MEAN].copy()
    broken[3] = value
    clear(network)
    with pytest.raises(UserError, match=f"values in {MEAN}: "):
        restore(network, write(tmp_path / "model.ckpt", mobilenet_values | {MEAN: broken}))
    assert_cleared(network)


def test_damage_in_the_last_tensor_leaves_the_network_alone(network, tmp_path, mobilenet_v2_format):
    for file in mobilenet_v2_format.parent.iterdir():
        shutil.copy(file, tmp_path)
    data = tmp_path / "model.ckpt.data-00000-of-00001"
    data.write_bytes(made.flipped(data.read_bytes(), -1, 0))
    clear(network)
    with pytest.raises(UserError, match="damaged"):
        restore(network, tmp_path)
    assert_cleared(network)


def test_an_average_lost_to_damage_in_the_index_does_not_become_the_raw_value(
    network, tmp_path, mobilenet_values
):
    # TensorFlow alone stops at a damaged block of the index and does not know what comes after.
    weights = LOGITS[0]
    average = {weights + made.AVERAGE: mobilenet_values[weights] + 1}
    between = {f"{weights}/{i:04d}{'x' * 200}": np.float32(0) for i in range(1500)}
    path = write(tmp_path / "model.ckpt", mobilenet_values | average | between)
    assert restore(network, path).averaged == (weights,)
    index = path.with_name("model.ckpt.index")
    index.write_bytes(made.flipped(index.read_bytes(), -1000, 3))
    clear(network)
    with pytest.raises(UserError, match=r"model\.ckpt\.index is damaged"):
        restore(network, path)
    assert_cleared(network)


@pytest.mark.parametrize("dtype", [np.float64, np.float16, ml_dtypes.bfloat16])
def test_other_widths_of_floating_point_are_converted(network, tmp_path, mobilenet_values, dtype):
    other = {name: value.astype(dtype) for name, value in mobilenet_values.items()}
    restore(network, write(tmp_path / "model.ckpt", other))
    assert_equal(network, {name: value.astype(np.float32) for name, value in other.items()})


def test_values_beyond_the_variables_range_are_refused(network, tmp_path, mobilenet_values):
    large = np.full(mobilenet_values[MEAN].shape, 1e300)
    with pytest.raises(UserError, match=f"infinite.*{MEAN}"):
        restore(network, write(tmp_path / "model.ckpt", mobilenet_values | {MEAN: large}))


def test_integers_are_no_weights(network, tmp_path, mobilenet_values):
    file = mobilenet_values | {MEAN: np.zeros(8, np.int32)}
    with pytest.raises(UserError, match=f"{MEAN} is int32 and should be float32"):
        restore(network, write(tmp_path / "model.ckpt", file))


@pytest.fixture
def nasnet_head(monkeypatch):
    """Stands in for a NASNet with an auxiliary head of 5 classes: its last layers and no more."""
    shapes = {
        "final_layer/FC/weights": (6, 5),
        "final_layer/FC/biases": (5,),
        "aux_11/aux_logits/proj/weights": (1, 1, 4, 5),  # as wide as there are classes
        "aux_11/aux_logits/aux_bn0/beta": (5,),
        "aux_11/aux_logits/FC/weights": (7, 5),
        "aux_11/aux_logits/FC/biases": (5,),
    }
    variables = {name: keras.Variable(np.zeros(shape), "float32") for name, shape in shapes.items()}
    spec = SimpleNamespace(
        name="nasnet", logits_scope="final_layer/FC", auxiliary_scope="aux_11/aux_logits"
    )
    monkeypatch.setattr(networks, "variables", lambda model: model)
    monkeypatch.setattr(networks, "spec_of", lambda _: spec)
    return variables


@pytest.mark.parametrize("scope", ["FC", "fully_connected"])
@pytest.mark.parametrize("ending", ["", made.AVERAGE])
def test_nasnets_last_layers_are_found_under_either_name(nasnet_head, tmp_path, scope, ending):
    file = {
        name.replace("FC", scope) + ending: np.full(variable.shape, 3, np.float32)
        for name, variable in nasnet_head.items()
    }
    report = restore(nasnet_head, write(tmp_path / "model.ckpt", file))
    assert report.restored == tuple(nasnet_head)
    assert report.ignored == ()
    assert all((keras.ops.convert_to_numpy(v) == 3).all() for v in nasnet_head.values())


@pytest.mark.parametrize("classes", [5, 1001])
def test_auxiliary_logits_follow_the_logits_rule(nasnet_head, tmp_path, classes):
    file = {
        name: np.ones(
            (*variable.shape[:-1], classes) if "FC" in name else variable.shape, "float32"
        )
        for name, variable in nasnet_head.items()
    }
    path = write(tmp_path / "model.ckpt", file)
    last = tuple(name for name in nasnet_head if "FC" in name)
    assert restore(nasnet_head, path).fresh == (() if classes == 5 else last)
    assert restore(nasnet_head, path, restore_logits=False).fresh == last


def test_a_file_without_the_auxiliary_head_says_what_to_do(nasnet_head, tmp_path):
    file = {
        name: np.zeros(variable.shape, np.float32)
        for name, variable in nasnet_head.items()
        if not name.startswith("aux")
    }
    with pytest.raises(UserError, match=r"lacks 4 of 6 .*Build the network without its auxiliary"):
        restore(nasnet_head, write(tmp_path / "model.ckpt", file))


def test_an_auxiliary_head_is_ignored_by_a_network_without_one(tmp_path):
    values = made.values("inception_v4")
    path = write(tmp_path / "model.ckpt", values)
    model = networks.create("inception_v4", 7)
    report = restore(model, path)
    auxiliary = {name for name in values if name.startswith("InceptionV4/AuxLogits/")}
    logits = {name for name in values if name.startswith("InceptionV4/Logits/Logits/")}
    assert set(report.fresh) == logits
    assert set(report.ignored) == auxiliary | logits
    assert set(report.restored) == set(values) - auxiliary - logits
    assert_equal(model, values, report.restored)


def test_the_report_reads_as_a_few_lines():
    report = checkpoints.RestoreReport(
        path="model.ckpt",
        restored=("a", "b"),
        averaged=("a",),
        fresh=("c",),
        ignored=tuple("defgh"),
    )
    assert str(report).splitlines() == [
        "Restored 2 variables from model.ckpt.",
        "  1 taken from moving averages: a",
        "  1 left as they were: c",
        "  5 of the file not used: d, e, f, and 2 more",
    ]
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.fresh = ()
