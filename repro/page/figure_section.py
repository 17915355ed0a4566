"""The paper's figures on the page, from its printed tables and from one's own results."""

from collections.abc import Callable, Iterator, Sequence

from tqdm import tqdm

from repro.page import figures_of, studies, words
from repro.page.content import Report
from repro.page.drawn import picture
from repro.page.figures_of import CAPTIONS, Draw
from repro.page.html import Markup, element, joined


def figures(report: Report, *, show_progress: bool = False) -> Markup:
    """Returns Figures 1 to 8, or in place of each what draws it or makes the runs it needs.

    Args:
      report: whose results are drawn beside the paper's.
      show_progress: a progress bar on stderr.
    """
    numbers = sorted([*figures_of.OF_CELLS, *figures_of.OF_STUDIES])
    panels = {number: list(_panels(report, number)) for number in numbers}
    total = sum(map(len, panels.values()))
    with tqdm(total=total, desc="drawing figures", disable=not show_progress) as bar:
        made = [_figure(number, panels[number], bar.update) for number in numbers]
    return joined([_absent(1, "needs the networks and the images"), *made])


def _figure(
    number: int, panels: Sequence[tuple[str, Draw]], on_drawn: Callable[[], object]
) -> Markup:
    if not panels:
        return _absent(number, "needs runs of your own")
    caption = CAPTIONS[number]
    drawn = []
    for title, draw in panels:
        drawn.append(_panel(number, title, draw))
        on_drawn()
    return element(
        "section",
        _heading(number),
        element("p", f"{caption.description} Section {caption.section}."),
        element("div", drawn, class_="pair"),
        id=f"figure-{number}",
    )


def _panels(report: Report, number: int) -> Iterator[tuple[str, Draw]]:
    """Yields titles and drawings."""
    if number in figures_of.FROM_THE_PAPER:
        printed = figures_of.printed_results()
        yield "From the paper’s Table 5", figures_of.of_cells(number, printed)
    if number in figures_of.OF_CELLS:
        results = report.results()
        if figures_of.can_be_drawn(number, results):
            yield "From your runs", figures_of.of_cells(number, results)
        return
    for model in studies.models_of(number, report.collection.runs):
        runs = studies.runs_of(number, report.collection.runs, model)
        yield f"{words.network(model)}, from your runs", figures_of.of_study(number, runs)


def _panel(number: int, title: str, draw: Draw) -> Markup:
    description = f"Figure {number}: {CAPTIONS[number].title}. {title}."
    return element(
        "figure", element("figcaption", title), picture(draw, description), class_="drawn"
    )


def _heading(number: int) -> Markup:
    return element("h3", f"Figure {number}: {CAPTIONS[number].title}")


def _absent(number: int, reason: str) -> Markup:
    caption = CAPTIONS[number]
    return element(
        "section",
        _heading(number),
        element("p", f"{caption.description} Section {caption.section}. It {reason}:"),
        element("pre", element("code", caption.command), tabindex=0),
        id=f"figure-{number}",
    )
