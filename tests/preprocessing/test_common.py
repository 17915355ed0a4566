import numpy as np
import pytest
import tensorflow as tf

from repro.preprocessing import inception, vgg
from tests.preprocessing import goldens

FUNCTIONS = [
    module_function
    for module in (inception, vgg)
    for module_function in (module.preprocess_for_eval, module.preprocess_for_train)
]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("image", "said"),
    [
        (np.zeros((40, 50, 1), np.uint8), r"uint8 of shape \(40, 50, 1\)"),
        (np.zeros((40, 50), np.uint8), r"uint8 of shape \(40, 50\)"),
        (np.zeros((40, 50, 4), np.uint8), r"uint8 of shape \(40, 50, 4\)"),
        (np.zeros((1, 40, 50, 3), np.uint8), r"uint8 of shape \(1, 40, 50, 3\)"),
        (np.zeros((40, 50, 3), np.float32), r"float32 of shape \(40, 50, 3\)"),
    ],
)
def test_a_picture_that_is_not_uint8_rgb_is_refused(function, image, said):
    with pytest.raises(ValueError, match=f"{said}.*channels=3"):
        function(image, 32, 32)


def test_a_graph_refuses_a_picture_of_unknown_channels():
    spec = tf.TensorSpec([None, None, None], tf.uint8)
    dataset = tf.data.Dataset.from_generator(lambda: iter([]), output_signature=spec)
    with pytest.raises(ValueError, match=r"shape \(None, None, None\).*channels=3"):
        dataset.map(lambda image: vgg.preprocess_for_eval(image, 224, 224))


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("size", [(None, 224), (224, 0), (-1, 224)])
def test_a_size_that_makes_no_sense_is_refused(function, size):
    with pytest.raises(ValueError, match="height and width must be positive"):
        function(goldens.picture("32x32"), *size)


@pytest.mark.parametrize("module", [inception, vgg])
@pytest.mark.parametrize("seed", [3, [1, 2, 3], [0.5, 1.0]])
def test_a_seed_of_another_form_is_refused(module, seed):
    with pytest.raises(ValueError, match=r"int32 or int64 tensor of shape \[2\]"):
        module.preprocess_for_train(goldens.picture("32x32"), 32, 32, seed=seed)


@pytest.mark.parametrize("module", [inception, vgg])
@pytest.mark.parametrize("dtype", [tf.int32, tf.int64])
def test_seeds_may_be_of_either_integer_type(module, dtype):
    seed = tf.constant([7, 8], dtype)
    result = module.preprocess_for_train(goldens.picture("32x32"), 32, 32, seed=seed)
    assert result.shape == (32, 32, 3)


@pytest.mark.parametrize("module", [inception, vgg])
def test_draws_may_be_a_dataclass_or_a_mapping(module):
    image = goldens.picture("32x32")
    np.testing.assert_array_equal(
        module.preprocess_for_train(image, 24, 24, seed=[1, 2], draws={"flip": True}),
        module.preprocess_for_train(image, 24, 24, seed=[1, 2], draws=module.Draws(flip=True)),
    )
