from collections import Counter

import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings

from repro import UserError, datasets
from repro.datasets import Share
from repro.datasets.pipeline import _ShuffledOrder
from tests.datasets.archives import image_bytes

# Larger than what is decoded ahead, so that the images themselves are looked up.
LARGE = [image_bytes(seed, 70, 40 + seed) for seed in range(7)]
SMALL = [image_bytes(seed, 8, 8, "PNG") for seed in range(7)]


@pytest.fixture(params=["small", "large"])
def examples(request, examples_of):
    return examples_of(SMALL if request.param == "small" else LARGE)


def mean_and_seed(image, seed):
    mean = tf.reduce_mean(tf.cast(image, tf.float32))
    return tf.stack([mean, tf.random.stateless_uniform([], seed)])


def run(examples, num_steps, seed=3, first_step=0, batch_size=4):
    batches = datasets.training_batches(
        examples, mean_and_seed, batch_size, num_steps, seed, first_step
    )
    return [(images.numpy(), labels.numpy()) for images, labels in batches]


def labels_of(batches):
    return np.concatenate([labels for _, labels in batches])


def test_every_epoch_visits_each_example_exactly_once(examples):
    labels = labels_of(run(examples, num_steps=14))
    epochs = labels.reshape(-1, 7)
    assert len(epochs) == 8
    assert np.all(np.sort(epochs) == np.arange(7))


def test_epochs_have_different_orders(examples):
    epochs = labels_of(run(examples, num_steps=14)).reshape(-1, 7)
    assert len({tuple(epoch) for epoch in epochs}) > 1


def test_an_image_goes_with_its_label(examples):
    means = [tf.io.decode_image(image, channels=3).numpy().mean() for image in examples.images]
    for images, labels in run(examples, num_steps=4):
        np.testing.assert_allclose(images[:, 0], np.array(means)[labels], rtol=1e-5)


def test_the_same_seed_gives_the_same_run(examples):
    for one, other in zip(run(examples, 5), run(examples, 5), strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


def test_another_seed_gives_another_order_and_other_random_choices(examples):
    one, other = run(examples, 7, seed=3), run(examples, 7, seed=4)
    assert not np.array_equal(labels_of(one), labels_of(other))
    assert not set(one[0][0][:, 1]) & set(other[0][0][:, 1])


def test_a_resumed_run_sees_what_the_whole_run_saw(examples):
    whole = run(examples, num_steps=9)
    for first_step in (1, 4, 8):
        resumed = run(examples, num_steps=9, first_step=first_step)
        for one, other in zip(whole[first_step:], resumed, strict=True):
            np.testing.assert_array_equal(one[0], other[0])
            np.testing.assert_array_equal(one[1], other[1])


def test_the_random_choices_of_an_example_differ_from_epoch_to_epoch(examples):
    batches = run(examples, num_steps=14)
    draws = np.concatenate([images[:, 1] for images, _ in batches])
    assert len(set(draws)) == 56


def test_a_finished_run_has_no_batches_left(examples):
    assert run(examples, num_steps=5, first_step=5) == []


def test_a_batch_may_be_larger_than_the_training_set(examples):
    batches = run(examples, num_steps=2, batch_size=21)
    assert Counter(labels_of(batches)) == dict.fromkeys(range(7), 6)


def test_training_batches_have_fixed_shapes(examples):
    batches = datasets.training_batches(examples, mean_and_seed, 4, 2, seed=0)
    assert [spec.shape.as_list() for spec in batches.element_spec] == [[4, 2], [4]]
    assert [spec.dtype for spec in batches.element_spec] == [tf.float32, tf.int64]


def test_labels_may_be_vectors(examples_of):
    examples = examples_of(LARGE)
    labels = np.eye(7, 20, dtype=np.int64)
    examples = datasets.Examples(**{**vars(examples), "labels": labels})
    _, images_labels = next(iter(datasets.training_batches(examples, mean_and_seed, 7, 1, seed=0)))
    assert images_labels.shape == (7, 20)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 40), st.integers(0, 2**63), st.integers(1, 90), st.integers(0, 10**9))
def test_the_order_is_a_permutation_of_every_epoch(num_examples, seed, batch_size, epoch):
    order = _ShuffledOrder(num_examples, seed)
    positions = epoch * num_examples + np.arange(3 * num_examples)
    batches = np.split(positions, range(batch_size, len(positions), batch_size))
    indices = np.concatenate([order(batch) for batch in batches])
    assert np.all(np.sort(indices.reshape(3, -1)) == np.arange(num_examples))


EXPECTED_ORDER = [5, 0, 3, 2, 1, 4, 1, 0, 3, 4, 5, 2]


def test_the_order_of_a_seed_has_not_changed():
    """A change here breaks every run that is resumed with a newer version."""
    assert list(_ShuffledOrder(6, seed=0)(np.arange(12))) == EXPECTED_ORDER


def identity_mean(image):
    return tf.reshape(tf.reduce_mean(tf.cast(image, tf.float32)), [1])


@pytest.mark.parametrize("batch_size", [1, 3, 7, 10])
def test_evaluation_sees_each_example_once_in_order(examples, batch_size):
    batches = list(datasets.evaluation_batches(examples, identity_mean, batch_size))
    assert [len(images) for _, images, _ in batches[:-1]] == [batch_size] * (len(batches) - 1)
    indices = np.concatenate([index for index, _, _ in batches])
    assert list(indices) == list(range(7))
    np.testing.assert_array_equal(np.concatenate([labels for _, _, labels in batches]), indices)
    means = [tf.io.decode_image(image, channels=3).numpy().mean() for image in examples.images]
    np.testing.assert_allclose(
        np.concatenate([images for _, images, _ in batches])[:, 0], means, rtol=1e-5
    )


def test_replicas_share_each_batch(examples, two_replicas):
    seen = [
        [list(part.numpy()) for part in two_replicas.experimental_local_results(index)]
        for index, *_ in datasets.distribute(
            two_replicas,
            lambda share: datasets.evaluation_batches(examples, identity_mean, 4, share=share),
        )
    ]
    assert seen == [[[0, 1], [2, 3]], [[4, 5], [6, -1]]]


SHARES = {
    "one worker of two replicas": [Share(0, 2, 2)],
    "two workers of one replica": [Share(0, 1, 2), Share(1, 1, 2)],
    "two workers of two replicas": [Share(0, 2, 4), Share(2, 2, 4)],
    "four workers": [Share(i, 1, 4) for i in range(4)],
}


def in_replicas_order(shares: list[Share], parts: list[list]) -> list[list]:
    """From each worker's elements to a list for each step, in the order of all replicas."""
    steps = {len(part) / share.count for share, part in zip(shares, parts, strict=True)}
    assert len(steps) == 1, "the workers would wait for each other"
    return [
        [
            element
            for share, part in zip(shares, parts, strict=True)
            for element in part[step * share.count : (step + 1) * share.count]
        ]
        for step in range(int(steps.pop()))
    ]


@pytest.mark.parametrize("shares", SHARES.values(), ids=SHARES)
@pytest.mark.parametrize("first_step", [0, 3])
def test_the_shares_of_a_training_batch_make_up_the_batch(examples, shares, first_step):
    whole = run(examples, 6, first_step=first_step, batch_size=8)
    parts = [
        list(datasets.training_batches(examples, mean_and_seed, 8, 6, 3, first_step, share))
        for share in shares
    ]
    for (images, labels), elements in zip(whole, in_replicas_order(shares, parts), strict=True):
        np.testing.assert_array_equal(np.concatenate([each[0] for each in elements]), images)
        np.testing.assert_array_equal(np.concatenate([each[1] for each in elements]), labels)


@pytest.mark.parametrize("shares", SHARES.values(), ids=SHARES)
@pytest.mark.parametrize("batch_size", [1, 3, 4, 8])
def test_the_shares_of_an_evaluation_see_each_example_once_in_order(examples, shares, batch_size):
    parts = [
        list(datasets.evaluation_batches(examples, identity_mean, batch_size, share=share))
        for share in shares
    ]
    elements = [each for step in in_replicas_order(shares, parts) for each in step]
    assert len({len(index) for index, *_ in elements}) == 1
    seen = np.concatenate([index for index, *_ in elements])
    assert list(seen[seen >= 0]) == list(range(7))


def test_a_batch_that_the_replicas_do_not_divide_names_the_flag_and_batches_that_fit(examples):
    with pytest.raises(UserError, match=r"6 .* 4 replicas.*--batch_size such as 4 or 8"):
        datasets.training_batches(examples, mean_and_seed, 6, 2, seed=0, share=Share(0, 1, 4))


def test_more_bytes_than_a_tensor_can_hold_are_looked_up(examples_of):
    """A constant of more than 2 GB does not fit into a graph; one object many times is 2.4 GB."""
    padded = LARGE[0] + bytes(8 << 20)
    examples = examples_of([padded] * 300)
    batches = datasets.evaluation_batches(examples, identity_mean, batch_size=2)
    assert sum(map(len, examples.images)) > 2**31
    assert len(list(batches.take(2))) == 2


def test_bad_images_in_mid_run_are_named(examples_of):
    images = list(LARGE)
    images[2], images[5] = images[2][:-9], b""
    examples = examples_of(images)
    assert datasets.undecodable(examples) == ("image_0002", "image_0005")
    with (
        pytest.raises(UserError, match=r"2 of 7 images of digits \(train\) .*\n  image_0002 "),
        datasets.naming_bad_images(examples),
    ):
        for _ in datasets.training_batches(examples, mean_and_seed, 4, 9, seed=0):
            pass


def test_an_error_that_no_image_causes_passes_unchanged(examples):
    with pytest.raises(tf.errors.InvalidArgumentError), datasets.naming_bad_images(examples):
        tf.reshape(tf.zeros([3]), [2])


def test_a_bad_small_picture_is_named_too(examples_of):
    examples = examples_of([*SMALL, b"bad"])
    with pytest.raises(UserError, match="image_0007"), datasets.naming_bad_images(examples):
        list(datasets.evaluation_batches(examples, identity_mean, 3))


def test_a_negative_seed_is_refused(examples):
    with pytest.raises(UserError, match="--seed=-1 is negative"):
        datasets.training_batches(examples, mean_and_seed, 4, 2, seed=-1)


def test_an_empty_split_is_refused(examples_of):
    empty = examples_of([])
    with pytest.raises(UserError, match="digits has no example in split train"):
        datasets.evaluation_batches(empty, identity_mean, 4)
    with pytest.raises(UserError, match="digits has no example in split train"):
        datasets.training_batches(empty, mean_and_seed, 4, 2, seed=0)
