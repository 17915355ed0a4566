"""Table 5, ours beside the paper's, a table for each setting; and the results of no such cell."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from repro.checking.comparison import JUDGEMENTS, CellVerdict
from repro.page import words
from repro.page.content import Report
from repro.page.html import Markup, element, joined
from repro.page.sortable import Column, number, row_header, table, text
from repro.paper import tables
from repro.results.cell_result import Cell
from repro.results.metrics_json import METRIC_NAMES, SETTINGS

_DATASETS = tuple(tables.DATASET_COLUMNS)


def table5(report: Report) -> Markup:
    """Returns a table for each setting of Table 5, and for each other one that has results."""
    verdicts = {verdict.cell: verdict for verdict in report.verdicts}
    run = {cell[2] for cell in verdicts if verdicts[cell].result is not None}
    shown = [setting for setting in SETTINGS if setting in tables.SETTINGS or setting in run]
    return joined(_setting_table(report, verdicts, setting) for setting in shown)


def other_results(report: Report) -> Markup | None:
    """Returns a table of the results on data sets that Table 5 does not have, if there are any."""
    others = [
        verdict
        for verdict in report.verdicts
        if verdict.result is not None and verdict.dataset not in _DATASETS
    ]
    if not others:
        return None
    caption = "Results on other data sets"
    columns = (
        Column("Network"),
        Column("Data set"),
        Column("Setting"),
        Column("Measure"),
        Column("Test images", is_number=True),
        Column("Ours (%)", is_number=True),
    )
    return table(caption, columns, map(_other_row(report), others), headed=True)


def legend(report: Report) -> Markup:
    """Returns what the colours and signs mean, and how many cells of Table 5 have each."""
    counts = Counter(verdict.verdict for verdict in report.verdicts)
    return element(
        "ul",
        (
            element("li", words.mark(verdict), f" {counts[verdict]:,} {verdict}")
            for verdict in JUDGEMENTS
            if counts[verdict]
        ),
        class_="legend",
    )


def _setting_table(report: Report, verdicts: dict[Cell, CellVerdict], setting: str) -> Markup:
    here = [verdict for verdict in verdicts.values() if verdict.setting == setting]
    here = [verdict for verdict in here if verdict.dataset in _DATASETS]
    compared = any(verdict.result is not None for verdict in here)
    datasets = _DATASETS
    if setting not in tables.SETTINGS:
        datasets = [name for name in _DATASETS if name in {verdict.dataset for verdict in here}]
    columns = [
        Column("Network"),
        Column("ImageNet", is_number=True, title="Top-1 accuracy on ImageNet (%), Table 4"),
        *(Column(words.dataset(name), is_number=True) for name in datasets),
    ]
    rows = (
        _network_row(
            report, model, [verdicts.get((model, name, setting)) for name in datasets], compared
        )
        for model in _in_order(verdict.model for verdict in here)
    )
    none = report.has_results and not compared
    caption = f"{words.setting(setting)}{': the paper’s, none of ours' if none else ''}"
    return table(caption, columns, rows, class_="cells")


def _in_order(models: Iterable[str]) -> list[str]:
    """Returns different networks, the paper's in Table 5's order."""
    given = dict.fromkeys(models)
    papers = [model for model in tables.table5_networks() if model in given]
    return papers + sorted(model for model in given if model not in papers)


def _network_row(
    report: Report, model: str, cells: Iterable[CellVerdict | None], compared: bool
) -> Iterator[Markup]:
    yield row_header(words.network(model))
    top1 = tables.table4()["imagenet_top1"].get(model)
    yield number("–" if top1 is None else f"{top1:.1f}", top1, class_="known")
    for verdict in cells:
        yield _cell(report, verdict, compared)


def _cell(report: Report, verdict: CellVerdict | None, compared: bool) -> Markup:
    """Returns a cell: ours above the paper's, or the paper's alone where nothing is ours."""
    if verdict is None:
        return number("", None)
    decimals = words.decimals(verdict.cell)
    paper = "–" if verdict.paper is None else f"{verdict.paper:.{decimals}f}"
    if not compared:
        return number(paper, verdict.paper)
    below = None if verdict.paper is None else element("small", paper)
    class_ = words.verdict_class(verdict.verdict)
    if verdict.ours is None:
        return number(["–", below], None, class_=class_)
    ours = f"{verdict.ours:.{decimals}f}"
    above = element("b", ours) if report.is_at_the_best(verdict.cell) else ours
    if verdict.verdict != "reproduced":
        above = joined([element("i", words.sign(verdict.verdict), aria_hidden="true"), above])
    return number(_opening(report, verdict, [above, below]), verdict.ours, class_=class_)


def _opening(report: Report, verdict: CellVerdict, content: list) -> Markup:
    """Returns the content as a button that opens the cell's details, if it has any."""
    details = report.details_id(verdict.cell)
    if details is None:
        return joined(content)
    paper = "" if verdict.paper is None else f", the paper's {verdict.paper:g}"
    label = f"{words.cell(verdict.cell)}: {verdict.ours:.2f}{paper}, {verdict.verdict}"
    return element("button", content, type="button", data_details=details, aria_label=label)


def _other_row(report: Report) -> Callable[[CellVerdict], Iterator[Markup]]:
    def row(verdict: CellVerdict) -> Iterator[Markup]:
        result = verdict.result
        metric = "–" if result.metrics is None else result.metrics.metric
        yield row_header(words.network(verdict.model))
        for name in (
            words.dataset(verdict.dataset),
            words.setting(verdict.setting),
            METRIC_NAMES.get(metric, metric),
        ):
            yield text(name)
        images = "–" if result.n_test is None else f"{result.n_test:,}"
        yield number(images, result.n_test)
        yield number(_opening(report, verdict, [f"{result.value:.2f}"]), result.value)

    return row
