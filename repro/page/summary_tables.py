"""Tables 2 and 3 with ours, the paper's conclusions from our results, and the paper's claims."""

from collections.abc import Iterator, Sequence

import pandas as pd

from repro.checking.comparison import CellVerdict
from repro.checking.conclusion import TOPICS, Conclusion, Quantity
from repro.page import words
from repro.page.content import Report
from repro.page.html import Markup, element, joined
from repro.page.sortable import Column, number, row_header, table, text
from repro.paper import claims, tables
from repro.paper.claims import Verdict

_COEFFICIENTS = {"r_squared": "r²", "r": "r", "spearman": "ρ"}
_OF_TABLE_3 = "correlation"


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
    columns = [
        Column("Setting"),
        Column("Coefficient"),
        Column("Printed", is_number=True),
        Column("From Table 5", is_number=True, title="recomputed from the printed numbers"),
    ]
    if report.has_results:
        same = "recomputed from the printed numbers of the cells that ours is from"
        columns += [
            Column("Ours", is_number=True),
            Column("Paper, same cells", is_number=True, title=same),
            Column("Ours is from"),
        ]
    caption = "Correlation with ImageNet accuracy"
    return table(caption, columns, _table3_rows(report), headed=True)


def conclusions(report: Report) -> Markup:
    """Returns the paper's conclusions but those of Table 3, recomputed from our results."""
    topics = [topic for topic in TOPICS if topic != _OF_TABLE_3]
    return joined(
        [element("h3", TOPICS[topic]), _conclusions_on(report, topic)] for topic in topics
    )


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
    Column("Claim"),
    Column("Section"),
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
    recomputed = {verdict.claim.name: verdict.recomputed for verdict in claims.evaluate()}
    ours = {conclusion.name: conclusion for conclusion in report.conclusions}
    for setting, printed in tables.table3().iterrows():
        for coefficient, symbol in _COEFFICIENTS.items():
            name = f"{coefficient}_{setting}"
            row = [
                row_header(words.setting(setting)),
                text(symbol),
                _rounded(float(printed[coefficient]), 2),
                _rounded(recomputed[name], 3),
            ]
            yield row + (_ours_of_table3(ours[name]) if report.has_results else [])


def _ours_of_table3(conclusion: Conclusion) -> list[Markup]:
    same = _quantity(conclusion.paper_same_cells)
    return [_quantity(conclusion.ours), same, text(conclusion.basis)]


def _rounded(value: float, decimals: int) -> Markup:
    return number(f"{value:.{decimals}f}", value)


def _quantity(quantity: Quantity | None) -> Markup:
    if quantity is None:
        return number("–", None)
    return number(str(quantity), quantity.value)


def _conclusions_on(report: Report, topic: str) -> Markup:
    columns = (
        Column("Conclusion"),
        Column("Setting"),
        Column("Ours", is_number=True),
        Column("Paper, same cells", is_number=True),
        Column("Paper, all cells", is_number=True),
        Column("Ours is from"),
    )
    chosen = (conclusion for conclusion in report.conclusions if conclusion.topic == topic)
    rows = map(_conclusion_row, chosen)
    return table(TOPICS[topic], columns, rows, class_="text", headed=True)


def _conclusion_row(conclusion: Conclusion) -> Iterator[Markup]:
    yield row_header(conclusion.text)
    yield text(words.setting(conclusion.setting))
    yield _quantity(conclusion.ours)
    yield _quantity(conclusion.paper_same_cells)
    yield _quantity(conclusion.paper)
    details = (element("small", sentence) for sentence in conclusion.details)
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
    yield row_header(claim.text)
    yield text(claim.section)
    yield number(f"{relation}{claim.printed}", claim.paper_value)
    yield number(verdict.shown, verdict.recomputed)
    yield text([sign, f" {word}"], word)
    yield text(verdict.remark)


def _not_recomputable() -> Markup:
    columns = (Column("Result"), Column("Section"), Column("What is missing"))
    rows = (
        [row_header(each.text), text(each.section), text(each.reason)]
        for each in claims.NOT_RECOMPUTABLE
    )
    title = "Results that no printed table determines"
    number = len(claims.NOT_RECOMPUTABLE)
    return element(
        "details",
        element("summary", f"{number} results that no printed table determines"),
        table(title, columns, rows, class_="text", headed=True),
    )
