import hashlib
from collections import Counter

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from repro.datasets.splits import digest, hold_out

LABELLED_IDS = st.dictionaries(st.text(max_size=8), st.integers(0, 4), max_size=60)


@settings(deadline=None, max_examples=50)
@given(LABELLED_IDS, st.randoms(use_true_random=False))
def test_the_held_out_examples_do_not_depend_on_the_order(labelled, random):
    items = list(labelled.items())
    shuffled = random.sample(items, len(items))

    def held_out(pairs):
        mask = hold_out([name for name, _ in pairs], [label for _, label in pairs])
        return {name for (name, _), held in zip(pairs, mask, strict=True) if held}

    assert held_out(items) == held_out(shuffled)


@settings(deadline=None, max_examples=50)
@given(LABELLED_IDS, st.sampled_from([0.1, 0.2, 1 / 3, 0.5]))
def test_each_class_gives_the_fraction(labelled, fraction):
    mask = hold_out(list(labelled), list(labelled.values()), fraction)
    sizes = Counter(labelled.values())
    held = Counter(label for label, is_held in zip(labelled.values(), mask, strict=True) if is_held)
    assert {label: held[label] for label in sizes} == {
        label: round(fraction * size) for label, size in sizes.items()
    }


def test_the_smallest_hashes_of_the_class_are_held_out():
    ids = [f"été/{index}" for index in range(10)]
    by_hash = sorted(ids, key=lambda name: hashlib.sha256(name.encode("utf-8")).digest())
    mask = hold_out(ids, [3] * 10)
    assert {name for name, held in zip(ids, mask, strict=True) if held} == set(by_hash[:2])


def test_a_class_of_two_gives_none():
    assert not hold_out(["a", "b"], [0, 0]).any()


def test_numpy_strings_are_as_good_as_python_ones():
    ids = [f"{index}" for index in range(20)]
    assert np.array_equal(hold_out(ids, [0] * 20), hold_out(np.array(ids), np.zeros(20, int)))


def test_an_id_that_occurs_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        hold_out(["a", "a"], [0, 1])


def test_ids_without_labels_are_refused():
    with pytest.raises(ValueError, match="2 ids but 1 labels"):
        hold_out(["a", "b"], [0])


def test_the_digest_is_that_of_the_sorted_lines():
    assert digest(["b", "a"]) == hashlib.sha256(b"a\nb").hexdigest()
    assert digest(np.array(["a", "b"])) == digest(["b", "a"])
    assert digest(["a"]) != digest(["a", "b"])
