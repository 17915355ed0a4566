"""Tables 2 and 3 with ours, the paper's conclusions from our results, and the paper's claims."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from repro.page import words
from repro.page.content import Report
from repro.page.html import Markup, element
from repro.page.sortable import Column, number, row_header, table, text
from repro.paper import claims, tables
from repro.paper.claims import Verdict
from repro.paper.comparison import CellVerdict
from repro.paper.conclusion import Conclusion, Quantity

_COEFFICIENTS = {"r_squared": "r²", "r": "r", "spearman": "ρ"}


def table2(report: Report) -> Markup:
    """Returns Table 2: of each data set the best result before, the paper's and ours."""
    columns = [
        Column("Data set"),
        Column("Before (%)", is_number=True, title="best result known before the paper"),
        Column("Method before"),
        Column("Paper (%)", is_number=True),
        Column("The paper's best"),
    ]
    if report.has_results:
        columns += [Column("Ours (%)", is_number=True), Column("Our best")]
    return table("The best results", columns, _table2_rows(report), headed=True)


def table3(report: Report) -> Markup:
    """Returns Table 3: how ImageNet accuracy goes with mean transfer accuracy."""
    columns = [Column("Setting")]
    for symbol in _COEFFICIENTS.values():
        columns.append(Column(f"{symbol}, printed", is_number=True))
        columns.append(
            Column(f"{symbol}, from Table 5", is_number=True, title="from the printed numbers")
        )
        if report.has_results:
            same = "from the printed numbers of the cells that we have"
            columns.append(Column(f"{symbol}, ours", is_number=True))
            columns.append(Column(f"{symbol}, same cells", is_number=True, title=same))
    caption = "Correlation with ImageNet accuracy"
    return table(caption, columns, _table3_rows(report), headed=True)


def conclusions(report: Report) -> Markup:
    """Returns the paper's conclusions, recomputed from our results."""
    columns = (
        Column("Conclusion"),
        Column("Setting"),
        Column("Ours", is_number=True),
        Column("Paper, same cells", is_number=True),
        Column("Paper, all cells", is_number=True),
        Column("From"),
    )
    rows = map(_conclusion_row, report.conclusions)
    caption = "The paper's conclusions from our results"
    return table(caption, columns, rows, class_="text", headed=True)


def paper_claims() -> Markup:
    """Returns every number of the paper's text that follows from its tables, and what they give."""
    verdicts = claims.evaluate()
    differing = [verdict for verdict in verdicts if not verdict.agrees]
    whole = _claims_table("All claims", verdicts)
    return element(
        "div",
        element(
            "p",
            f"{len(verdicts) - len(differing)} of {len(verdicts)} numbers in the paper's text "
            f"follow from its printed tables; these {len(differing)} do not:",
        ),
        _claims_table("Claims that disagree", differing),
        element("details", element("summary", f"All {len(verdicts)} claims"), whole),
        _not_recomputable(),
    )


_CLAIM_COLUMNS = (
    Column("Section"),
    Column("Claim"),
    Column("Paper", is_number=True),
    Column("From its tables", is_number=True),
    Column("Verdict"),
    Column("Remark"),
)


def _table2_rows(report: Report) -> Iterator[Iterator[Markup]]:
    ours: dict[str, CellVerdict] = {}
    for verdict in report.verdicts:
        if verdict.result is None or verdict.setting not in tables.SETTINGS:
            continue
        best = ours.get(verdict.dataset)
        if best is None or verdict.ours > best.ours:
            ours[verdict.dataset] = verdict
    for name, printed in tables.table2().iterrows():
        yield _table2_row(report, printed, ours.get(name))


def _table2_row(report: Report, printed: pd.Series, best: CellVerdict | None) -> Iterator[Markup]:
    before, papers = float(printed["previous_accuracy"]), float(printed["accuracy"])
    yield row_header(printed["paper_name"])
    yield number(f"{before:.1f}", before)
    yield text(printed["previous_network"])
    note = element("small", printed["note"]) if printed["note"] else None
    yield number(f"{papers:.1f}", papers)
    yield text([printed["best_network"], note], printed["best_network"])
    if not report.has_results:
        return
    if best is None:
        yield number("–", None)
        yield text("not run")
        return
    which = f"{words.network(best.model)}, {words.setting(best.setting).lower()}"
    details = report.details_id(best.cell)
    button = element("button", f"{best.ours:.1f}", type="button", data_details=details)
    yield number(button, best.ours)
    yield text(which)


def _table3_rows(report: Report) -> Iterator[Iterator[Markup]]:
    recomputed = {verdict.claim.name: verdict for verdict in claims.evaluate()}
    ours = {conclusion.name: conclusion for conclusion in report.conclusions}
    for setting, printed in tables.table3().iterrows():
        yield _table3_row(report, setting, printed, recomputed, ours)


def _table3_row(
    report: Report,
    setting: str,
    printed: pd.Series,
    recomputed: Mapping[str, Verdict],
    ours: Mapping[str, Conclusion],
) -> Iterator[Markup]:
    yield row_header(words.setting(setting))
    for coefficient in _COEFFICIENTS:
        name = f"{coefficient}_{setting}"
        yield _rounded(float(printed[coefficient]), 2)
        yield _rounded(recomputed[name].recomputed, 3)
        if report.has_results:
            yield _quantity(ours[name].ours)
            yield _quantity(ours[name].paper_same_cells)


def _rounded(value: float, decimals: int) -> Markup:
    return number(f"{value:.{decimals}f}", value)


def _quantity(quantity: Quantity | None) -> Markup:
    if quantity is None:
        return number("–", None)
    return number(str(quantity), quantity.value)


def _conclusion_row(conclusion: Conclusion) -> Iterator[Markup]:
    details = element("small", conclusion.details) if conclusion.details else None
    yield row_header(conclusion.text)
    setting = words.setting(conclusion.setting)
    yield text(setting)
    yield _quantity(conclusion.ours)
    yield _quantity(conclusion.paper_same_cells)
    yield _quantity(conclusion.paper)
    yield text([conclusion.basis, details], conclusion.basis)


def _claims_table(caption: str, verdicts: Sequence[Verdict]) -> Markup:
    rows = map(_claim_row, verdicts)
    return table(caption, _CLAIM_COLUMNS, rows, class_="text", headed=True)


def _claim_row(verdict: Verdict) -> Iterator[Markup]:
    claim = verdict.claim
    relation = "" if claim.relation == "=" else f"{claim.relation} "
    word = "agrees" if verdict.agrees else "disagrees"
    sign = element(
        "span", "=" if verdict.agrees else "≠", class_=f"mark {word}", aria_hidden="true"
    )
    yield text(claim.section)
    yield text(claim.text)
    yield number(f"{relation}{claim.printed}", claim.paper_value)
    yield number(verdict.shown, verdict.recomputed)
    yield text([sign, f" {word}"], word)
    yield text(verdict.remark)


def _not_recomputable() -> Markup:
    columns = (Column("Section"), Column("Result"), Column("What is missing"))
    rows = (
        [text(each.section), text(each.text), text(each.reason)] for each in claims.NOT_RECOMPUTABLE
    )
    title = "Results that no printed table determines"
    number = len(claims.NOT_RECOMPUTABLE)
    return element(
        "details",
        element("summary", f"{number} results that no printed table determines"),
        table(title, columns, rows, class_="text", headed=True),
    )
