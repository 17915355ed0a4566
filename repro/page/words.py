"""What the page calls networks, data sets, settings and verdicts, and how it writes numbers."""

import math

from repro.figures import names
from repro.page.html import Markup, element
from repro.paper import tables
from repro.results.cell_result import Cell

# Of each verdict: a sign, so that it is not told by colour alone, and its class in the style sheet.
_SIGNS = {
    "reproduced": "=",
    "higher": "▲",
    "lower": "▼",
    "partial data": "◐",
    "not run": "·",
    "not in Table 5": "+",
}


def network(model: str) -> str:
    """Returns a network's name as the paper prints it, or its own."""
    return names.network_labels(tables.table4()).get(model, model)


def dataset(name: str) -> str:
    """Returns a data set's name as in the figures, or its own."""
    return names.dataset_label(name)


def setting(name: str) -> str:
    """Returns a setting's name as in the figures."""
    return names.setting_label(name)


def cell(which: Cell) -> str:
    """Returns "Inception v4 on Cars, fine-tuned"."""
    model, data, how = which
    return f"{network(model)} on {dataset(data)}, {setting(how).lower()}"


def decimals(which: Cell) -> int:
    """Returns how many decimals Table 5 prints of a cell; 1 of a cell that it does not have."""
    model, data, how = which
    if how not in tables.SETTINGS:
        return 1
    half_units = tables.table5_half_units(how)
    if model not in half_units.index or data not in half_units:
        return 1
    return round(-math.log10(2 * half_units.loc[model, data]))


def signed(points: float | None, decimals: int = 1) -> str:
    """Returns a difference in points with its sign; "–" if there is none."""
    if points is None:
        return "–"
    text = f"{points:+.{decimals}f}".replace("-", "−")
    return text.replace("+", "±") if float(f"{points:.{decimals}f}") == 0 else text


def verdict_class(verdict: str) -> str:
    """Returns a verdict's class in the style sheet."""
    return verdict.replace(" ", "-").lower()


def sign(verdict: str) -> str:
    """Returns a verdict's sign."""
    return _SIGNS[verdict]


def mark(verdict: str) -> Markup:
    """Returns a verdict's sign in its colour; its word must stand beside it."""
    return element(
        "span", sign(verdict), class_=f"mark {verdict_class(verdict)}", aria_hidden="true"
    )
