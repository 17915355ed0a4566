"""What a command reports fits the terminal, and means the same in Markdown."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repro.checking.blocks import WIDTH, Heading, Items, Paragraph, Table, to_markdown, to_text

WORDS = st.lists(st.text("abcdef_/-", min_size=1, max_size=30), min_size=1).map(" ".join)


def test_blocks_are_apart_by_an_empty_line():
    blocks = [Heading("Title"), Paragraph("Words."), Items(["one", "two"])]
    assert to_text(blocks) == "Title\n=====\n\nWords.\n\n- one\n- two\n"
    assert to_markdown(blocks) == "## Title\n\nWords.\n\n- one\n- two\n"


def test_columns_are_aligned_and_numbers_stand_at_their_right():
    table = Table(("name", "value"), [("a", "1.5"), ("longer", "12.25")], {1})
    assert to_text([table]) == ("name    value\n------  -----\na         1.5\nlonger  12.25\n")
    assert to_markdown([table]) == (
        "| name | value |\n| --- | ---: |\n| a | 1.5 |\n| longer | 12.25 |\n"
    )


def test_the_last_column_goes_on_below_itself():
    table = Table(("a", "text"), [("1", "word " * 30), ("2", "")], is_wrapped=True)
    lines = to_text([table]).splitlines()
    assert lines[2].startswith("1  word") and lines[3].startswith("   word")
    assert lines[4] == "2"


@settings(deadline=None)
@given(st.lists(WORDS, min_size=1))
def test_no_line_is_wider_than_the_terminal(texts):
    table = Table(("number", "text"), [("1", text) for text in texts], {0}, is_wrapped=True)
    shown = to_text([Paragraph(texts[0]), Items(texts), table])
    assert max(map(len, shown.splitlines())) <= WIDTH
    for text in texts:
        assert set(text.split()) <= set(shown.split())


@pytest.mark.parametrize("text", ["vgg_16", "a|b", "2 * 3 * 4", "<b>", "`x`", "a\\b"])
def test_markdown_shows_text_as_it_is(text):
    shown = to_markdown([Table(("x",), [(text,)])]).splitlines()[-1]
    unescaped = shown.removeprefix("| ").removesuffix(" |").replace("\\\\", "\0")
    assert unescaped.replace("\\", "").replace("\0", "\\") == text
    for mark in "|*_<>`":
        assert unescaped.count(mark) == unescaped.count(f"\\{mark}")
