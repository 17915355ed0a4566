"""A subset has as many examples of every class, drawn the same way on every machine."""

import numpy as np
import pytest

from repro import UserError, datasets
from repro.datasets.subsets import few_per_class


@pytest.fixture(scope="module")
def digits(tmp_path_factory) -> datasets.Examples:
    return datasets.load("digits", "train", tmp_path_factory.mktemp("data"))


@pytest.mark.parametrize("per_class", [1, 5, 40])
def test_every_class_has_as_many_examples_of_the_training_set(digits, per_class):
    subset = few_per_class(digits, per_class, 0)
    assert np.bincount(subset.labels).tolist() == [per_class] * 10
    place = {name: i for i, name in enumerate(digits.ids)}
    rows = [place[name] for name in subset.ids]
    assert len(set(rows)) == 10 * per_class
    np.testing.assert_array_equal(subset.labels, digits.labels[rows])
    assert list(subset.images) == [digits.images[row] for row in rows]
    assert sorted(subset.ids) == list(subset.ids)


def test_subsets_differ_and_each_is_always_the_same(digits):
    digests = [few_per_class(digits, 5, k).sha256[:8] for k in (0, 1, 2, 0)]
    assert digests == ["89952c1f", "17003da5", "a3ce7b30", "89952c1f"]


def test_too_many_of_a_class_or_none_are_refused_with_the_flag(digits):
    with pytest.raises(UserError, match=r"--per_class=1000: class .* has \d+ examples in train"):
        few_per_class(digits, 1000, 0)
    with pytest.raises(UserError, match="--per_class=0 must be 1 or above"):
        few_per_class(digits, 0, 0)


def test_several_labels_an_image_are_refused(digits):
    several = datasets.Examples(**{**vars(digits), "labels": np.ones((len(digits), 10), np.int64)})
    with pytest.raises(UserError, match="several labels"):
        few_per_class(several, 1, 0)
