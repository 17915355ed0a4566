"""The classes of ImageNet, in the order of the checkpoints' logits."""

import importlib.resources

import pytest

from repro import UserError
from repro.datasets.imagenet import BACKGROUND, class_of_logit, classes


def test_the_classes_are_a_thousand_in_the_order_of_their_wordnet_ids():
    found = classes()
    assert [known.index for known in found] == list(range(1000))
    wnids = [known.wnid for known in found]
    assert wnids == sorted(set(wnids))
    assert all(known.name for known in found)


@pytest.mark.parametrize(
    ("index", "wnid", "name"),
    [
        (0, "n01440764", "tench, Tinca tinca"),
        (134, "n02012849", "crane"),
        (281, "n02123045", "tabby, tabby cat"),
        (517, "n03126707", "crane"),
        (999, "n15075141", "toilet tissue, toilet paper, bathroom tissue"),
    ],
)
def test_some_classes_that_everybody_knows_have_their_numbers(index, wnid, name):
    known = classes()[index]
    assert (known.index, known.wnid, known.name) == (index, wnid, name)


def test_a_background_class_comes_before_the_thousand():
    assert class_of_logit(1000) == classes()
    assert class_of_logit(1001) == (BACKGROUND, *classes())


@pytest.mark.parametrize("number", [2, 100, 999, 1002])
def test_logits_of_other_classes_have_no_names(number):
    with pytest.raises(UserError, match=f"has {number:,} classes; ImageNet's names are for 1000"):
        class_of_logit(number)


def test_wordnets_notice_lies_beside_its_words():
    folder = importlib.resources.files("repro.datasets.imagenet")
    notice = folder.joinpath("WORDNET_LICENSE").read_text()
    assert "WordNet 3.0 Copyright 2006 by Princeton University." in notice
