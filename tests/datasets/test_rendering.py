import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repro.datasets.rendering import CLASS_NAMES, draw, glyphs
from repro.datasets.rendering.canvas import enlarge

classes = st.integers(0, len(CLASS_NAMES) - 1)
instances = st.integers(0, 2**40)


@given(classes, instances)
@settings(deadline=None, max_examples=30)
def test_a_picture_follows_from_its_class_and_instance_alone(class_index, instance):
    first = draw(class_index, instance)
    draw(0, 0)
    np.testing.assert_array_equal(draw(class_index, instance), first)


@given(classes, instances, st.sampled_from([8, 31, 32, 64, 97]))
@settings(deadline=None, max_examples=25)
def test_a_picture_has_the_asked_size(class_index, instance, size):
    picture = draw(class_index, instance, size)
    assert picture.shape == (size, size, 3)
    assert picture.dtype == np.uint8


def test_no_class_is_blank():
    contrasts = {name: np.ptp(draw(index, 1)) for index, name in enumerate(CLASS_NAMES)}
    assert {name for name, contrast in contrasts.items() if contrast < 40} == set()


def test_there_are_200_classes_of_three_families():
    assert len(set(CLASS_NAMES)) == 200
    families = [name.split("_")[0] for name in CLASS_NAMES]
    assert [(key, len(list(group))) for key, group in itertools.groupby(families)] == [
        ("glyph", 140),
        ("shape", 30),
        ("texture", 30),
    ]


def test_classes_differ():
    pictures = np.stack([draw(index, 0, 32) for index in range(len(CLASS_NAMES))])
    assert len(np.unique(pictures.reshape(len(pictures), -1), axis=0)) == len(CLASS_NAMES)


@pytest.mark.parametrize("class_index", range(0, len(CLASS_NAMES), 20))
def test_instances_of_a_class_differ(class_index):
    pictures = np.stack([draw(class_index, instance) for instance in range(4)])
    assert len(np.unique(pictures.reshape(4, -1), axis=0)) == 4


@pytest.mark.parametrize("class_index", [-1, len(CLASS_NAMES)])
def test_a_class_that_does_not_exist_is_named(class_index):
    with pytest.raises(IndexError, match=f"class_index={class_index} "):
        draw(class_index, 0)


def test_a_negative_instance_is_named():
    with pytest.raises(ValueError, match="instance=-3 "):
        draw(0, -3)


def test_letters_are_unlike_each_other_their_mirror_images_and_digits():
    variants = np.stack([glyphs.signatures(glyph) for glyph in glyphs.invented()])
    plain = variants[:, 0]
    likeness = np.einsum("gvp,hp->vgh", variants, plain).max(axis=0)
    np.fill_diagonal(likeness, 0)
    assert likeness.max() < 0.801
    digits = [glyphs.likeness_to_digits(glyph) for glyph in glyphs.invented()]
    assert max(digits) < 0.721


def test_the_stored_letters_are_those_the_search_finds_first():
    assert glyphs.search(8) == glyphs.CANDIDATES[:8]


def test_corner_enlargement_is_the_resize_of_tf1():
    row = np.array([0.0, 1.0], np.float32)
    enlarged = enlarge(np.stack([row, row]), 4, "corner")
    np.testing.assert_allclose(enlarged, np.tile([0, 0.5, 1, 1], (4, 1)), atol=1e-6)


def test_block_enlargement_repeats_pixels():
    enlarged = enlarge(np.array([[0, 1], [2, 3]], np.float32), 4, "block")
    np.testing.assert_array_equal(
        enlarged, [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]
    )


def test_the_drawings_have_not_changed():
    """A change here is a new data set: train the quickstart checkpoint anew, then change this."""
    pictures = np.stack([draw(index, 3) for index in range(0, len(CLASS_NAMES), 20)])
    halves = pictures.astype(float).reshape(10, 2, 32, 64, 3).mean(axis=(2, 3, 4))
    np.testing.assert_allclose(halves, EXPECTED_HALVES, atol=0.5)


# Mean brightness of the upper and the lower half of one picture of every twentieth class.
EXPECTED_HALVES = [
    [60.0, 21.8],
    [223.1, 225.7],
    [36.0, 46.7],
    [50.5, 89.7],
    [51.2, 66.1],
    [73.4, 47.2],
    [177.5, 171.7],
    [129.4, 197.5],
    [26.4, 30.5],
    [193.3, 191.5],
]
