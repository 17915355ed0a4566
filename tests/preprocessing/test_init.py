import pytest

import repro
from repro import preprocessing


def test_a_kind_names_its_module():
    assert preprocessing.get("inception") is preprocessing.inception
    assert preprocessing.get("vgg") is preprocessing.vgg


def test_an_unknown_kind_is_named_with_the_nearest():
    with pytest.raises(repro.UserError, match=r"incepton is unknown\. Did you mean inception\?"):
        preprocessing.get("incepton")
