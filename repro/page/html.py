"""HTML in which every text is escaped that is not markup already."""

import html
from collections.abc import Iterable

_VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta", "source"})
Content = "Markup | str | int | None | Iterable[Content]"


class Markup(str):
    """Text that is HTML; any other string is escaped where it is put into an element."""

    __slots__ = ()


def element(tag: str, *content: Content, **attributes: str | int | bool | None) -> Markup:
    """Returns an element.

    Args:
      tag: its name.
      *content: markup, or texts and numbers to escape; or iterables of such; None is nothing.
      **attributes: with _ for -, and a trailing _ for a word of Python's (`class_`). True is an
        attribute without a value; None and False are none.
    """
    start = f"<{tag}{''.join(_attributes(attributes))}>"
    if tag in _VOID:
        return Markup(start)
    return Markup(f"{start}{joined(content)}</{tag}>")


def joined(content: Iterable[Content]) -> Markup:
    """Returns one piece of markup made of several contents."""
    return Markup("".join(_pieces(content)))


def _pieces(content: Iterable[Content]) -> Iterable[str]:
    for piece in content:
        if isinstance(piece, Markup):
            yield piece
        elif isinstance(piece, str | int | float):
            yield html.escape(str(piece))
        elif piece is not None:
            yield from _pieces(piece)


def _attributes(attributes: dict[str, str | int | bool | None]) -> Iterable[str]:
    for name, value in attributes.items():
        name = name.rstrip("_").replace("_", "-")
        if value is True:
            yield f" {name}"
        elif value is not None and value is not False:
            yield f' {name}="{html.escape(str(value))}"'
