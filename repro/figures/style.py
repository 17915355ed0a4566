"""How all figures look, and how one is written."""

from pathlib import Path

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from repro import UserError
from repro._files import replacing

# Paul Tol's "muted" scheme (Introduction to Colour Schemes, 2021, Figure 5) and black: ten colours
# that people with any of the colour-vision deficiencies tell apart.
COLORS = (
    "#332288",
    "#CC6677",
    "#117733",
    "#DDCC77",
    "#88CCEE",
    "#882255",
    "#44AA99",
    "#999933",
    "#AA4499",
    "#000000",
)
MARKERS = ("o", "^", "s", "D", "v")  # for a print without colours
FORMATS = ("png", "pdf", "svg")
DOTS_PER_INCH = 200
_SETTINGS = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that every machine has it
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.linewidth": 0.6,
    "svg.hashsalt": "repro",  # the same figure is the same file
}
_NO_DATE = {"png": {"Software": None}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}


def new_figure(width: float, height: float) -> Figure:
    """Returns an empty figure that belongs to no window.

    Args:
      width: inches.
      height: inches.
    """
    with rc_context(_SETTINGS):
        figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def styled():
    """A context in which everything is drawn in this style."""
    return rc_context(_SETTINGS)


def format_of(path: Path) -> str:
    """Returns the format that a file's ending names; `UserError` if it is none of `FORMATS`."""
    ending = path.suffix.lower().removeprefix(".")
    if ending not in FORMATS:
        allowed = ", ".join(f".{name}" for name in FORMATS)
        raise UserError(f"--output={path}: the file must end in one of {allowed}.")
    return ending


def write(figure: Figure, path: Path) -> None:
    """Writes a figure, whole or not at all; the same figure gives the same bytes.

    Raises:
      UserError: the ending is not of `FORMATS`, or the file cannot be written.
    """
    kind = format_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary, styled():
            figure.savefig(temporary, format=kind, dpi=DOTS_PER_INCH, metadata=_NO_DATE[kind])
    except OSError as error:
        raise UserError(f"--output={path} cannot be written: {error.strerror or error}.") from error
