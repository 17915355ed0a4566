import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from repro.preprocessing import vgg
from tests.preprocessing import goldens

DRAWS = ("resize_side", "offset_height", "offset_width", "flip")
SHAPES = [
    (picture, int(side), shape)
    for picture, shapes in goldens.INDEX["vgg_resized_shape"].items()
    for side, shape in shapes.items()
]


def _evaluated(name, image):
    return vgg.preprocess_for_eval(image, *goldens.size(name), goldens.ARRAYS[name]["resize_side"])


def _trained(name, image):
    return vgg.preprocess_for_train(image, *goldens.size(name), draws=goldens.draws(name, *DRAWS))


def _random_picture(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


@pytest.mark.parametrize("name", goldens.names("vgg_eval"))
def test_evaluation_equals_the_original_to_the_bit(name):
    image = goldens.picture(goldens.ARRAYS[name]["image"])
    goldens.assert_equal_to_the_bit(name, _evaluated(name, image))


@pytest.mark.parametrize("name", goldens.names("vgg_train"))
def test_training_with_fixed_draws_equals_the_original_to_the_bit(name):
    image = goldens.picture(goldens.ARRAYS[name]["image"])
    goldens.assert_equal_to_the_bit(name, _trained(name, image))


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (_evaluated, "vgg_eval/500x333/224"),
        (_trained, "vgg_train/side512/off288_0/flip1"),
    ],
)
def test_a_graph_that_does_not_know_the_size_gives_the_same_bits(function, name):
    image = goldens.picture(goldens.ARRAYS[name]["image"])
    result = goldens.through_tf_data(lambda image: function(name, image), image)
    goldens.assert_equal_to_the_bit(name, result)


@pytest.mark.parametrize(("picture", "side", "shape"), SHAPES)
def test_the_resized_picture_has_the_originals_shape(picture, side, shape):
    height, width = map(int, picture.split("x"))
    assert [int(x) for x in vgg.resized_shape(height, width, side)] == shape


@settings(deadline=None, max_examples=20)
@given(
    st.integers(1, 60),
    st.integers(1, 60),
    st.integers(1, 32),
    st.integers(1, 32),
    st.integers(0, 9),
)
def test_any_picture_gives_finite_numbers_in_range(height_in, width_in, height, width, room):
    image = _random_picture(height_in, width_in)
    side = max(height, width) + room
    for result in (
        vgg.preprocess_for_eval(image, height, width, side),
        vgg.preprocess_for_train(
            image,
            height,
            width,
            seed=[height_in, width_in],
            resize_side_min=side,
            resize_side_max=side + room,
        ),
    ):
        assert result.dtype == tf.float32
        assert result.shape == (height, width, 3)
        color = result + np.float32(vgg.RGB_MEANS)
        assert np.all((color > -1e-4) & (color < 255 + 1e-4))  # False for NaN too.


def test_the_same_seed_gives_the_same_picture_and_another_seed_another():
    image = goldens.picture("375x500")
    first, again, other = (
        vgg.preprocess_for_train(image, 224, 224, seed=seed).numpy()
        for seed in ([3, 4], tf.constant([3, 4]), [3, 5])
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_without_a_seed_every_picture_of_a_data_set_gets_its_own():
    image = goldens.picture("32x32")
    dataset = tf.data.Dataset.range(3).map(lambda _: vgg.preprocess_for_train(image, 200, 200))
    assert len({picture.tobytes() for picture in dataset.as_numpy_iterator()}) == 3


def test_every_side_offset_and_flip_is_drawn_and_no_other():
    image = _random_picture(4, 4)

    def train(seed, draws=None):
        return vgg.preprocess_for_train(
            image, 4, 4, seed=seed, resize_side_min=4, resize_side_max=6, draws=draws
        )

    choices = [
        (side, top, left, flip)
        for side in (4, 5, 6)
        for top in range(side - 3)
        for left in range(side - 3)
        for flip in (False, True)
    ]
    name_of = {
        train(None, dict(zip(DRAWS, choice, strict=True))).numpy().tobytes(): choice
        for choice in choices
    }
    assert len(name_of) == len(choices)
    seeds = tf.data.Dataset.range(900).map(lambda i: tf.stack([i, 5]))
    drawn = [name_of[picture.tobytes()] for picture in seeds.map(train).as_numpy_iterator()]
    assert set(drawn) == set(choices)
    sides = np.array([side for side, *_ in drawn])
    # 300 are expected of each side, with a standard deviation of 14; 450 flips, with 15.
    assert all(230 < np.sum(sides == side) < 370 for side in (4, 5, 6))
    assert 375 < sum(flip for *_, flip in drawn) < 525


def test_fixing_the_flip_leaves_size_and_crop_to_the_same_chance():
    image = goldens.picture("32x32")
    straight, mirrored = (
        vgg.preprocess_for_train(image, 224, 224, seed=[1, 2], draws={"flip": flip})
        for flip in (False, True)
    )
    np.testing.assert_array_equal(mirrored, straight[:, ::-1])


def test_tf_data_knows_the_shape_of_the_result():
    spec = tf.TensorSpec([None, None, 3], tf.uint8)
    dataset = tf.data.Dataset.from_generator(lambda: iter([]), output_signature=spec)
    for function in (vgg.preprocess_for_eval, vgg.preprocess_for_train):
        element = dataset.map(lambda image, f=function: f(image, 224, 192)).element_spec
        assert element == tf.TensorSpec([224, 192, 3], tf.float32)


def test_an_unknown_draw_is_named():
    with pytest.raises(ValueError, match="draws has no field crop; it has resize_side"):
        vgg.preprocess_for_train(goldens.picture("32x32"), 8, 8, draws={"crop": 1})


def test_a_crop_larger_than_the_resized_picture_is_refused():
    with pytest.raises(ValueError, match=r"299 x 299 pixels.*shorter side is 256"):
        vgg.preprocess_for_eval(goldens.picture("32x32"), 299, 299)
    with pytest.raises(ValueError, match=r"299 x 299 pixels.*shorter side is 256"):
        vgg.preprocess_for_train(goldens.picture("32x32"), 299, 299)


def test_a_range_of_sides_upside_down_is_refused():
    with pytest.raises(ValueError, match="resize_side_max=256 is less than resize_side_min=300"):
        vgg.preprocess_for_train(
            goldens.picture("32x32"), 224, 224, resize_side_min=300, resize_side_max=256
        )
