import pytest
import tensorflow as tf

import repro
from repro import preprocessing


def test_a_kind_names_its_module():
    assert preprocessing.get("inception") is preprocessing.inception
    assert preprocessing.get("vgg") is preprocessing.vgg


def test_an_unknown_kind_is_named_with_the_nearest():
    with pytest.raises(repro.UserError, match=r"incepton is unknown\. Did you mean inception\?"):
        preprocessing.get("incepton")


@pytest.mark.parametrize("kind", ["inception", "vgg"])
@pytest.mark.parametrize("size", [64, 224, 331])
def test_a_network_of_any_input_size_gets_its_pictures(kind, size):
    picture = tf.cast(tf.reshape(tf.range(90 * 70 * 3) % 256, (90, 70, 3)), tf.uint8)
    for processed in (
        preprocessing.for_evaluation(kind, size)(picture),
        preprocessing.for_training(kind, size)(picture, tf.constant([1, 2])),
    ):
        assert processed.shape == (size, size, 3)
        assert processed.dtype == tf.float32


def test_vggs_own_size_keeps_its_own_sides():
    picture = tf.cast(tf.reshape(tf.range(90 * 70 * 3) % 256, (90, 70, 3)), tf.uint8)
    ours = preprocessing.for_evaluation("vgg", 224)(picture)
    tf.debugging.assert_equal(ours, preprocessing.vgg.preprocess_for_eval(picture, 224, 224))


@pytest.mark.parametrize("kind", ["inception", "vgg"])
def test_what_a_network_is_given_can_be_shown_again(kind):
    flat = tf.constant([[[200, 100, 50]]], tf.uint8) + tf.zeros((90, 90, 1), tf.uint8)
    shown = preprocessing.to_rgb(kind, preprocessing.for_evaluation(kind, 64)(flat).numpy())
    assert shown.dtype == "uint8"
    assert (shown == flat.numpy()[:64, :64]).all()
