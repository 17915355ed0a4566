import pytest

from repro import UserError
from repro._words import matching, usage, words


def flags_only() -> None:
    """Takes no words."""


@words("", "list", "prepare NAME...", "verify NAME")
def actions(*_: str) -> None:
    """Takes an action and names."""


@words("IMAGE...")
def files(*_: str) -> None:
    """Takes names alone."""


@words("list", "fetch MODEL...")
def needs_one(*_: str) -> None:
    """Cannot be called without a word."""


@pytest.mark.parametrize(
    ("main", "given"),
    [
        (flags_only, []),
        (actions, []),
        (actions, ["list"]),
        (actions, ["prepare", "pets"]),
        (actions, ["prepare", "pets", "cars", "list"]),
        (actions, ["verify", "verify"]),
        (files, ["a.jpg"]),
        (files, ["a.jpg", "b.jpg"]),
        (needs_one, ["fetch", "vgg_16"]),
    ],
)
def test_words_that_a_command_takes_are_handed_to_it(main, given):
    assert matching(main, ["repro.dataset", *given]) == given


@pytest.mark.parametrize(
    ("main", "given", "problem"),
    [
        (flags_only, ["now"], "now is not understood: flags begin with --, and nothing else goes."),
        (actions, ["verfy", "pets"], "verfy is unknown. Did you mean verify?"),
        (actions, ["qqq"], "qqq is unknown."),
        (actions, ["prepare"], "NAME is missing after prepare."),
        (actions, ["verify", "pets", "cars"], "cars is too much after verify NAME."),
        (actions, ["list", "pets"], "pets is too much after list."),
        (actions, ["verify", ""], "verify  is not understood."),
        (files, [], "IMAGE is missing."),
        (files, [""], "An empty word is unknown."),
        (needs_one, [], "list or fetch is missing."),
    ],
)
def test_other_words_are_answered_with_what_is_wrong_and_the_usage(main, given, problem):
    with pytest.raises(UserError) as caught:
        matching(main, ["/there/repro/dataset.py", *given])
    assert str(caught.value) == f"{problem} Usage: {usage(main, 'repro.dataset')}"


@pytest.mark.parametrize(
    ("main", "line"),
    [
        (flags_only, "python -m repro.thing [--FLAG=VALUE ...]"),
        (
            actions,
            "python -m repro.thing [list | prepare NAME... | verify NAME] [--FLAG=VALUE ...]",
        ),
        (files, "python -m repro.thing IMAGE... [--FLAG=VALUE ...]"),
    ],
)
@pytest.mark.parametrize("program", ["repro.thing", "/a.b/repro/thing.py"])
def test_the_usage_shows_every_way_to_call(main, line, program):
    assert usage(main, program) == line
