import colorsys

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from repro.preprocessing import inception
from repro.preprocessing.resize import METHODS
from tests.preprocessing import goldens

EVALUATION = goldens.names("inception_eval") + goldens.names("inception_eval_nocrop")
NO_COLOR_CHANGE = {"brightness": 0.0, "saturation": 1.0, "hue": 0.0, "contrast": 1.0}
DRAWS = ("crop", "resize_method", "color_ordering", "flip", "factors")


def _evaluated(name, image):
    crop_image = goldens.ARRAYS[name].get("crop_image", True)
    return inception.preprocess_for_eval(image, *goldens.size(name), crop_image=crop_image)


def _trained(name, image):
    return inception.preprocess_for_train(
        image,
        *goldens.size(name),
        fast_mode=goldens.ARRAYS[name]["fast_mode"],
        draws=goldens.draws(name, *DRAWS),
    )


def _random_picture(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def _for_seeds(count, function):
    """The results of function(seed) for `count` seeds, run in a tf.data map."""
    seeds = tf.data.Dataset.range(count).map(lambda i: tf.stack([i, 17]))
    return list(seeds.map(function).as_numpy_iterator())


@pytest.mark.parametrize("name", EVALUATION)
def test_evaluation_equals_the_original_to_the_bit(name):
    image = goldens.picture(goldens.ARRAYS[name]["image"])
    goldens.assert_equal_to_the_bit(name, _evaluated(name, image))


@pytest.mark.parametrize("name", goldens.names("inception_train"))
def test_training_with_fixed_draws_equals_the_original_to_the_bit(name):
    image = goldens.picture(goldens.ARRAYS[name]["image"])
    goldens.assert_equal_to_the_bit(name, _trained(name, image))


@pytest.mark.parametrize("name", goldens.names("distort_color"))
def test_distorted_colors_equal_the_original_to_the_bit(name):
    array = goldens.ARRAYS[name]
    image = tf.image.convert_image_dtype(goldens.picture(array["image"]), tf.float32)
    result = inception.distort_color(
        image, array["color_ordering"], array["fast_mode"], array["factors"]
    )
    goldens.assert_equal_to_the_bit(name, result)


@pytest.mark.parametrize("name", goldens.names("adjust"))
def test_tensorflow_still_adjusts_colors_as_the_original_did(name):
    adjust = getattr(tf.image, "adjust_" + name.split("/")[1])
    image = tf.image.convert_image_dtype(goldens.picture(goldens.ARRAYS[name]["image"]), tf.float32)
    goldens.assert_equal_to_the_bit(name, adjust(image, goldens.ARRAYS[name]["factor"]))


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (_evaluated, "inception_eval/375x500/299"),
        (_evaluated, "inception_eval/375x500/none"),
        (_trained, "inception_train/fast1/method0/order0/flip1/B"),
        (_trained, "inception_train/fast0/method3/order3/flip1/A"),
    ],
)
def test_a_graph_that_does_not_know_the_size_gives_the_same_bits(function, name):
    image = goldens.picture(goldens.ARRAYS[name]["image"])
    result = goldens.through_tf_data(lambda image: function(name, image), image)
    goldens.assert_equal_to_the_bit(name, result)


@pytest.mark.parametrize("name", goldens.INDEX["central_crop"])
def test_the_middle_is_cropped_where_the_original_cropped_it(name):
    height, width = map(int, name.split("x"))
    rows, columns = np.mgrid[:height, :width]
    # 9 bits of the position do not fit into one channel, so the third holds the carries.
    coordinates = np.stack([rows % 256, columns % 256, rows // 256 * 2 + columns // 256], -1)
    cropped = inception.preprocess_for_eval(coordinates.astype(np.uint8), None, None).numpy()
    low_row, low_column, carries = np.rint((cropped[0, 0] / 2 + 0.5) * 255).astype(int)
    expected = goldens.INDEX["central_crop"][name]
    assert list(cropped.shape[:2]) == expected["size"]
    offset = [low_row + carries // 2 * 256, low_column + carries % 2 * 256]
    assert offset == expected["offset"][0]


@settings(deadline=None, max_examples=25)
@given(
    st.integers(1, 70), st.integers(1, 70), st.integers(1, 40), st.integers(1, 40), st.booleans()
)
def test_any_picture_gives_finite_numbers_in_range(height_in, width_in, height, width, fast_mode):
    image = _random_picture(height_in, width_in)
    for result in (
        inception.preprocess_for_eval(image, height, width),
        inception.preprocess_for_train(
            image, height, width, seed=[height_in, width_in], fast_mode=fast_mode
        ),
    ):
        assert result.dtype == tf.float32
        assert result.shape == (height, width, 3)
        assert np.all(np.abs(result) <= 1)  # False for NaN too.


@pytest.mark.parametrize("shape", [(1, 700), (700, 1), (1, 1)])
def test_a_picture_without_a_fitting_crop_is_taken_whole(shape):
    crop = inception.draw_crop([*shape, 3], seed=[1, 2])
    assert [int(x) for x in (crop.height, crop.width)] == list(shape)


@pytest.mark.parametrize("fast_mode", [True, False])
def test_the_same_seed_gives_the_same_picture_and_another_seed_another(fast_mode):
    image = goldens.picture("375x500")
    first, again, other = (
        inception.preprocess_for_train(image, 64, 64, seed=seed, fast_mode=fast_mode).numpy()
        for seed in ([3, 4], tf.constant([3, 4]), [3, 5])
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_eager_and_tf_data_draw_the_same_from_a_seed():
    image = goldens.picture("375x500")

    def train(image):
        return inception.preprocess_for_train(image, 64, 64, seed=[3, 4])

    np.testing.assert_array_equal(train(image), goldens.through_tf_data(train, image))


def test_without_a_seed_every_picture_of_a_data_set_gets_its_own():
    image = goldens.picture("32x32")
    dataset = tf.data.Dataset.range(3).map(lambda _: inception.preprocess_for_train(image, 16, 16))
    results = {picture.tobytes() for picture in dataset.as_numpy_iterator()}
    assert len(results) == 3


def test_the_crop_can_be_drawn_without_the_picture():
    image = goldens.picture("500x333")
    crop = inception.draw_crop([500, 333, 3], seed=[5, 6])
    np.testing.assert_array_equal(
        inception.preprocess_for_train(image, 64, 64, seed=[5, 6]),
        inception.preprocess_for_train(image, 64, 64, seed=[5, 6], draws={"crop": crop}),
    )


def test_fixing_one_choice_leaves_the_others_to_the_same_chance():
    image = goldens.picture("32x32")

    def drawn_and_fixed(seed):
        return tuple(
            inception.preprocess_for_train(image, 16, 16, seed=seed, draws=draws)
            for draws in (None, {"flip": False}, {"flip": True})
        )

    flips = 0
    for drawn, straight, mirrored in _for_seeds(100, drawn_and_fixed):
        flips += np.array_equal(drawn, mirrored)
        assert np.array_equal(drawn, mirrored) or np.array_equal(drawn, straight)
        np.testing.assert_array_equal(mirrored, straight[:, ::-1])
    assert 35 < flips < 65


@pytest.mark.parametrize(
    ("choice", "values"), [("resize_method", METHODS), ("color_ordering", range(4))]
)
def test_slow_mode_draws_every_method_and_every_order_alike(choice, values):
    image = goldens.picture("32x32")

    def drawn_and_fixed(seed):
        return tuple(
            inception.preprocess_for_train(
                image, 24, 24, seed=seed, fast_mode=False, draws={} if v is None else {choice: v}
            )
            for v in (None, *values)
        )

    counts = np.zeros(4, int)
    for drawn, *fixed in _for_seeds(200, drawn_and_fixed):
        equal = [np.array_equal(drawn, picture) for picture in fixed]
        assert any(equal)
        counts += np.array(equal)
    assert counts.min() > 30


@pytest.mark.parametrize("name", goldens.INDEX["crop_statistics"])
def test_random_crops_are_distributed_as_the_originals(name):
    height, width = map(int, name.split("x"))

    def crop_of(seed):
        crop = inception.draw_crop([height, width, 3], seed)
        return tf.stack([crop.offset_height, crop.offset_width, crop.height, crop.width])

    top, left, rows, columns = np.array(_for_seeds(1500, crop_of)).T
    expected = goldens.INDEX["crop_statistics"][name]
    values = {"area_fraction": rows * columns / (height * width), "aspect_ratio": columns / rows}
    # Kolmogorov-Smirnov for 1500 against 6000 draws: p = 0.001 at 1.95 * sqrt(1/1500 + 1/6000).
    tolerance = 0.057
    for quantity, measured in values.items():
        for share, quantile in zip(expected["quantiles"], expected[quantity], strict=True):
            # Whole pixels make ties, and quantiles are printed to 4 digits.
            assert np.mean(measured < quantile - 1e-4) <= share + tolerance
            assert np.mean(measured <= quantile + 1e-4) >= share - tolerance
    assert values["area_fraction"].min() >= 0.0999
    # 0.02 is 5 standard errors of the means of 1500 draws.
    assert abs(values["area_fraction"].mean() - expected["area_mean"]) < 0.02
    assert abs(values["aspect_ratio"].mean() - expected["aspect_mean"]) < 0.02
    assert abs(np.mean((top + rows / 2) / height) - expected["y_centre_mean"]) < 0.02
    assert abs(np.mean((left + columns / 2) / width) - expected["x_centre_mean"]) < 0.02


def _saturation_factor(pixels):
    _, saturation, _ = colorsys.rgb_to_hsv(*pixels[0, 0])
    return saturation / colorsys.rgb_to_hsv(200, 160, 160)[1]


@pytest.mark.parametrize(
    ("factor", "colors", "recover", "low", "high"),
    [
        ("brightness", [(128, 128, 128)], lambda p: p[0, 0, 0] - 128 / 255, -32 / 255, 32 / 255),
        ("saturation", [(200, 160, 160)], _saturation_factor, 0.5, 1.5),
        (
            "hue",
            [(204, 51, 51)],
            lambda p: (colorsys.rgb_to_hsv(*p[0, 0])[0] + 0.5) % 1 - 0.5,
            -0.2,
            0.2,
        ),
        (
            "contrast",
            [(108, 108, 108), (148, 148, 148)],
            lambda p: (p[0, 1, 0] - p[0, 0, 0]) / (40 / 255),
            0.5,
            1.5,
        ),
    ],
)
def test_each_color_factor_is_uniform_in_its_range(factor, colors, recover, low, high):
    image = np.array([colors], np.uint8)
    fixed = {
        "crop": {"offset_height": 0, "offset_width": 0, "height": 1, "width": len(colors)},
        "resize_method": "nearest",
        "flip": False,
        "color_ordering": 0,
        "factors": {name: x for name, x in NO_COLOR_CHANGE.items() if name != factor},
    }
    pictures = _for_seeds(
        600,
        lambda seed: inception.preprocess_for_train(
            image, 1, len(colors), seed=seed, fast_mode=False, draws=fixed
        ),
    )
    shares = np.sort([(recover(p / 2 + 0.5) - low) / (high - low) for p in pictures])
    assert shares[0] > -1e-4
    assert shares[-1] < 1 + 1e-4
    # Kolmogorov-Smirnov: p = 0.001 at 1.95 / sqrt(600).
    assert np.abs(shares - (np.arange(600) + 0.5) / 600).max() < 0.08


def test_choices_are_independent_of_one_another():
    image = np.array([[(200, 160, 160), (180, 144, 144)]], np.uint8)
    whole = {"crop": {"offset_height": 0, "offset_width": 0, "height": 1, "width": 2}}
    drawn = []
    for pixels in _for_seeds(
        600, lambda seed: inception.preprocess_for_train(image, 1, 2, seed=seed, draws=whole)
    ):
        left, right = pixels[0] / 2 + 0.5
        flip = left.max() < right.max()
        changed = right if flip else left
        # Saturation leaves the largest channel alone.
        brightness = changed.max() - 200 / 255
        saturation = (1 - changed.min() / changed.max()) * (200 / 255 + brightness) / (40 / 255)
        drawn.append((flip, brightness, saturation))
    correlations = np.corrcoef(np.array(drawn, float).T)
    # 0.14 is 3.4 standard errors of a correlation of 600 independent pairs.
    assert np.abs(correlations - np.eye(3)).max() < 0.14


def test_fast_mode_leaves_hue_and_contrast_alone():
    draws = goldens.draws("inception_train/fast1/method0/order0/flip0/A", *DRAWS)
    image = goldens.picture("375x500")
    without = {**draws, "factors": {"brightness": 0.1, "saturation": 1.3}}
    np.testing.assert_array_equal(
        inception.preprocess_for_train(image, 32, 32, draws=draws),
        inception.preprocess_for_train(image, 32, 32, draws=without),
    )


def test_tf_data_knows_the_shape_of_the_result():
    spec = tf.TensorSpec([None, None, 3], tf.uint8)
    dataset = tf.data.Dataset.from_generator(lambda: iter([]), output_signature=spec)
    for function in (inception.preprocess_for_eval, inception.preprocess_for_train):
        element = dataset.map(lambda image, f=function: f(image, 224, 192)).element_spec
        assert element == tf.TensorSpec([224, 192, 3], tf.float32)


@pytest.mark.parametrize(
    "draws",
    [
        {"zoom": 2},
        {"factors": {"gamma": 2.0}},
        {"crop": {"offset_height": 0, "offset_width": 0, "height": 9, "width": 9, "top": 0}},
    ],
)
def test_an_unknown_draw_is_named(draws):
    with pytest.raises(ValueError, match=r"has no field (zoom|gamma|top); it has "):
        inception.preprocess_for_train(goldens.picture("32x32"), 8, 8, draws=draws)


def test_half_a_crop_is_refused():
    with pytest.raises(ValueError, match="missing: height, width"):
        inception.preprocess_for_train(
            goldens.picture("32x32"), 8, 8, draws={"crop": {"offset_height": 0, "offset_width": 0}}
        )


def test_an_ordering_that_does_not_exist_is_refused():
    image = tf.zeros([4, 4, 3])
    with pytest.raises(ValueError, match="0 to 3, got 4"):
        inception.distort_color(image, 4, True, NO_COLOR_CHANGE)


def test_a_missing_color_factor_is_named():
    with pytest.raises(ValueError, match="missing: hue, contrast"):
        inception.distort_color(
            tf.zeros([4, 4, 3]), 0, False, {"brightness": 0.0, "saturation": 1.0}
        )
