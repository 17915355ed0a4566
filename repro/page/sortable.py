"""Tables whose columns can be sorted, with the mouse or from the keyboard (`page.js`)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from repro.page.html import Content, Markup, element


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
      label: of its header.
      is_number: whether its entries are sorted as numbers, the largest first.
      title: more of what it holds; may be empty.
    """

    label: str
    is_number: bool = False
    title: str = ""


def text(content: Content, value: str | None = None) -> Markup:
    """Returns an entry that is sorted as text.

    Args:
      content: what is shown.
      value: by which it is sorted; by default the content, which is a string then.
    """
    return element("td", content, data_value=content if value is None else value)


def number(content: Content, value: float | None, *, class_: str = "") -> Markup:
    """Returns an entry that is sorted as a number.

    Args:
      content: what is shown.
      value: by which it is sorted; None sorts last in either direction.
      class_: in the style sheet.
    """
    shown = None if value is None else f"{value:.6g}"
    return element("td", content, data_value=shown, class_=f"number {class_}".strip())


def row_header(name: str) -> Markup:
    """Returns the entry that names a row."""
    return element("th", name, scope="row", data_value=name)


def table(
    caption: str,
    columns: Sequence[Column],
    rows: Iterable[Iterable[Markup]],
    *,
    class_: str | None = None,
    headed: bool = False,
) -> Markup:
    """Returns a table in a box of its own, which scrolls sideways if the window is too narrow.

    Args:
      caption: above it.
      columns: one for each entry of a row.
      rows: of entries.
      class_: of the table in the style sheet.
      headed: whether a heading says already what the caption does, which is not shown then.
    """
    body = [element("tr", row) for row in rows]
    made = element(
        "table",
        element("caption", caption, class_="unseen" if headed else None),
        element("thead", element("tr", map(_header, columns))),
        element("tbody", body),
        class_=class_,
    )
    return element("div", made, class_="scroll", tabindex=0, role="region", aria_label=caption)


def _header(column: Column) -> Markup:
    order = "descending" if column.is_number else "ascending"
    button = element("button", column.label, type="button", title=column.title or None)
    return element(
        "th",
        button,
        scope="col",
        aria_sort="none",
        data_first=order,
        class_="number" if column.is_number else None,
    )
