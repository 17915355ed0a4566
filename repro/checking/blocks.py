"""What a command reports, as headings, paragraphs, lists and tables, and its two renderings."""

import re
import textwrap
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

WIDTH = 100  # columns of the terminal
_LEAST_WRAPPED = 20
_GAP = "  "


@dataclass(frozen=True)
class Heading:
    """A line above what follows."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Sentences."""

    text: str


@dataclass(frozen=True)
class Items:
    """A list of sentences."""

    texts: Sequence[str]


@dataclass(frozen=True)
class Table:
    """Rows under a header; all have as many cells as it.

    Attributes:
      header: names of the columns.
      rows: cells as text.
      right_aligned: columns of numbers.
      is_wrapped: whether the last column goes on in further lines where it is too long.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    right_aligned: Collection[int] = field(default_factory=frozenset)
    is_wrapped: bool = False


Block = Heading | Paragraph | Items | Table


def to_text(blocks: Iterable[Block]) -> str:
    """Returns blocks for a terminal, `WIDTH` columns wide, ending in a newline."""
    return "\n\n".join(_text(block) for block in blocks) + "\n"


def to_markdown(blocks: Iterable[Block]) -> str:
    """Returns blocks as Markdown with tables as GitHub has them, ending in a newline."""
    return "\n\n".join(_markdown(block) for block in blocks) + "\n"


def _text(block: Block) -> str:
    if isinstance(block, Heading):
        return f"{block.text}\n{'=' * len(block.text)}"
    if isinstance(block, Paragraph):
        return _filled(block.text)
    if isinstance(block, Items):
        return "\n".join(_filled(text, "- ", "  ") for text in block.texts)
    return _text_table(block)


def _filled(text: str, first: str = "", others: str = "") -> str:
    # A path or a hyphenated word in it is for copying, and stays whole.
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _text_table(table: Table) -> str:
    rows = [table.header, *table.rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if table.is_wrapped:
        left = WIDTH - sum(widths[:-1]) - len(_GAP) * (len(widths) - 1)
        widths[-1] = min(widths[-1], max(left, _LEAST_WRAPPED))
    header, *lines = (_text_row(row, widths, table) for row in rows)
    return "\n".join([header, _GAP.join("-" * width for width in widths), *lines])


def _text_row(row: Sequence[str], widths: Sequence[int], table: Table) -> str:
    *cells, last = row
    parts = [last]
    if table.is_wrapped:
        parts = textwrap.wrap(last, widths[-1], break_on_hyphens=False) or [""]
    lines = [
        _GAP.join(
            cell.rjust(width) if i in table.right_aligned else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in ([*cells, parts[0]], *([""] * len(cells) + [part] for part in parts[1:]))
    ]
    return "\n".join(lines)


def _markdown(block: Block) -> str:
    if isinstance(block, Heading):
        return f"## {_escaped(block.text)}"
    if isinstance(block, Paragraph):
        return _escaped(block.text)
    if isinstance(block, Items):
        return "\n".join(f"- {_escaped(text)}" for text in block.texts)
    rule = ["---:" if i in block.right_aligned else "---" for i in range(len(block.header))]
    rows = [[_escaped(cell) for cell in row] for row in (block.header, *block.rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:]))


def _escaped(text: str) -> str:
    return re.sub(r"([\\|*_<>`])", r"\\\1", text)
