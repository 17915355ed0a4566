"""The page as a whole."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources

from repro.page import result_tables, summary_tables, words
from repro.page.cell_details import details
from repro.page.content import Report
from repro.page.figure_section import figures
from repro.page.html import Content, Markup, element, joined
from repro.paper import tables

_TITLE = "Do Better ImageNet Models Transfer Better? Results beside the paper’s"


@dataclass(frozen=True)
class _Section:
    """A section of the page.

    Attributes:
      name: in the navigation.
      title: its heading.
      content: below it.
    """

    name: str
    title: str
    content: Content

    @property
    def id(self) -> str:
        """The end of an address that leads to it."""
        return self.name.lower().replace(" ", "-")

    @property
    def markup(self) -> Markup:
        """The section itself."""
        return element("section", element("h2", self.title), self.content, id=self.id)


def write_page(report: Report, *, show_progress: bool = False) -> str:
    """Returns a results folder beside the paper as one HTML page that needs nothing else.

    Args:
      report: of the folder.
      show_progress: a progress bar on stderr: the figures take about a second each.
    """
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", _TITLE),
        element("style", _file("page.css")),
    )
    sections = list(_sections(report, show_progress))
    body = element(
        "body",
        _header(report, sections),
        element("main", _left_out(report), (section.markup for section in sections)),
        _templates(report),
        _dialog(),
        element("script", _file("page.js")),
    )
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _file(name: str) -> Markup:
    return Markup(resources.files("repro.page").joinpath(name).read_text(encoding="utf-8"))


def _header(report: Report, sections: Iterable[_Section]) -> Markup:
    links = (element("a", section.name, href=f"#{section.id}") for section in sections)
    heading = element(
        "header",
        element("h1", "Do Better ImageNet Models Transfer Better?"),
        element("p", _subtitle(report)),
    )
    return joined([heading, element("nav", links, aria_label="Sections")])


def _subtitle(report: Report) -> str:
    cells = sum(len(tables.table5_accuracies(s).stack()) for s in tables.SETTINGS)
    if not report.has_results:
        return (
            f"The paper’s own results (Kornblith, Shlens, Le, 2018): {report.results_dir} has no "
            "runs yet."
        )
    run = sum(v.result is not None and v.paper is not None for v in report.verdicts)
    return (
        f"The results in {report.results_dir} beside the paper’s (Kornblith, Shlens, Le, 2018): "
        f"{run} of its {cells} cells."
    )


def _sections(report: Report, show_progress: bool) -> Iterator[_Section]:
    table5 = [_table5_text(report), result_tables.table5(report)]
    yield _Section("Table 5", "Table 5: accuracy", table5)
    others = result_tables.other_results(report)
    if others is not None:
        yield _Section("Other data sets", "Other data sets", others)
    if report.has_results:
        title = "The paper’s conclusions from our results"
        yield _Section("Conclusions", title, summary_tables.conclusions(report))
    yield _Section("Table 2", "Table 2: the best results", summary_tables.table2(report))
    title = "Table 3: correlation of ImageNet and transfer accuracy"
    yield _Section("Table 3", title, summary_tables.table3(report))
    yield _Section("Figures", "Figures", figures(report, show_progress=show_progress))
    title = "The paper’s claims from its own tables"
    yield _Section("Claims", title, summary_tables.paper_claims())


def _table5_text(report: Report) -> Markup:
    if not report.has_results:
        return element("p", "As printed, in percent, in each data set’s own measure (Table 1).")
    return joined(
        [
            element(
                "p",
                "In percent, in each data set’s own measure: ours, and below it the paper’s. "
                "Bold: not significantly different from our best network there (p > 0.05). A cell "
                "opens its run. Judged against what two runs on as many test images may differ by "
                "chance, at least 0.5 points.",
            ),
            result_tables.legend(report),
        ]
    )


def _left_out(report: Report) -> Iterator[Markup]:
    """Yields the boxes of what is wrong in the results folder and of what has not ended."""
    unread = (
        f"{words.cell(cell)}: no mistakes shown, as {examined.problem}"
        for cell, examined in report.examined.items()
        if examined.problem
    )
    for title, lines in (
        ("Left out or repeated", (*report.collection.problems, *unread)),
        ("Begun and not complete", map(str, report.collection.incomplete)),
    ):
        items = [element("li", line) for line in lines]
        if items:
            summary = element("summary", f"{title}: {len(items)}")
            yield element("details", summary, element("ul", items), class_="problems")


def _templates(report: Report) -> Iterator[Markup]:
    """Yields the details of every run, which the browser keeps aside until they are opened."""
    for verdict in report.verdicts:
        if verdict.result is None or verdict.result.metrics is None:
            continue
        examined = report.examined.get(verdict.cell)
        yield element(
            "template",
            details(verdict, examined, report.results_dir),
            id=report.details_id(verdict.cell),
        )


def _dialog() -> Markup:
    close = element("button", "Close", type="button", class_="close")
    return element("dialog", element("div", close, class_="bar"), element("div"), id="details")
