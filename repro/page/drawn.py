"""Figures as images within the page: SVG in a data URI, so that the page is one file.

Letters are paths, as a reader's machine may lack the font and another one would not fit. An image
has a name space of its own: two figures' identifiers cannot meet.
"""

import io
import re
from collections.abc import Callable
from urllib.parse import quote

from matplotlib.figure import Figure

from repro.figures import page as paper_page
from repro.figures import style
from repro.page.html import Markup, element, joined

_PIXELS = 96  # an inch of CSS
_SAFE = " !$&'()*+,-./:;=?@[]_~|{}^"  # in a data URI within double quotes
_DECIMALS = 2  # of a pixel's 1.33 points
_NUMBER = re.compile(r"-?\d+\.\d+")
_COORDINATES = re.compile(r'( (?:d|x|y)=")([^"]*)(")')
_GLYPHS = re.compile(r'<path id="[^"]*DejaVu.*?/>', re.DOTALL)
_UNUSED = re.compile(
    r"<\?xml.*?(?=<svg)|<metadata>.*?</metadata>|<!--.*?-->|(?<=<g) id=\"[^\"]*\"", re.DOTALL
)


def picture(draw: Callable[[float], Figure], description: str) -> Markup:
    """Returns a figure, drawn for a wide window and for a narrow one.

    Args:
      draw: from a width in inches.
      description: of what the figure shows, for those who cannot see it.
    """
    widths = {"wide": paper_page.PAPER_WIDTH, "narrow": paper_page.NARROW_WIDTH}
    return joined(_image(draw(width), description, name) for name, width in widths.items())


def data_uri(figure: Figure) -> str:
    """Returns a figure's SVG as an address that holds it."""
    return f"data:image/svg+xml,{quote(svg(figure), safe=_SAFE)}"


def svg(figure: Figure) -> str:
    """Returns a figure's SVG without what a page does not need of it."""
    written = io.BytesIO()
    with style.styled():
        figure.savefig(written, format="svg", metadata={"Date": None})
    text = _UNUSED.sub("", written.getvalue().decode())
    pieces, end = [], 0
    for glyph in _GLYPHS.finditer(text):  # their units are not pixels
        pieces += [_rounded(text[end : glyph.start()]), glyph[0]]
        end = glyph.end()
    pieces.append(_rounded(text[end:]))
    return re.sub(r"\s+", " ", "".join(pieces)).replace("> <", "><").replace('"', "'")


def _image(figure: Figure, description: str, name: str) -> Markup:
    """Returns one of the two images of a figure; the style sheet shows the one that fits."""
    size = _pixels(figure)
    return element(
        "img", src=data_uri(figure), alt=description, loading="lazy", class_=name, **size
    )


def _pixels(figure: Figure) -> dict[str, int]:
    width, height = figure.get_size_inches() * _PIXELS
    return {"width": round(width), "height": round(height)}


def _rounded(text: str) -> str:
    """Returns SVG with all coordinates rounded."""

    def short(number: re.Match) -> str:
        return f"{float(number[0]):.{_DECIMALS}f}".rstrip("0").rstrip(".")

    return _COORDINATES.sub(lambda m: m[1] + _NUMBER.sub(short, m[2]) + m[3], text)
