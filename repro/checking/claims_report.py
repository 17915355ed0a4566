"""The paper's claims beside what its tables give, for people."""

from collections.abc import Iterator, Sequence

from repro.checking.blocks import Block, Heading, Items, Paragraph, Table
from repro.paper import claims


def report(verdicts: Sequence[claims.Verdict]) -> Iterator[Block]:
    """Yields every claim, what no table determines, and the disagreements once more."""
    yield Heading("The paper's claims, recomputed from its printed tables")
    rows = [
        (
            "agrees" if verdict.agrees else "DISAGREES",
            f"{_relation(verdict.claim)}{verdict.claim.printed}",
            verdict.shown,
            f"{verdict.claim.section}: {_sentence(verdict.claim.text, verdict.remark)}",
        )
        for verdict in verdicts
    ]
    header = ("verdict", "paper", "tables give", "section: claim")
    yield Table(header, rows, {1, 2}, is_wrapped=True)
    yield Heading("Not recomputed: what its tables do not determine")
    rows = [(each.section, f"{each.text}: {each.reason}") for each in claims.NOT_RECOMPUTABLE]
    yield Table(("section", "result"), rows, is_wrapped=True)
    disagreeing = [verdict for verdict in verdicts if not verdict.agrees]
    yield Heading("Disagreements")
    yield Items(
        [
            f"Section {v.claim.section}: {_sentence(v.claim.text, v.remark)}. The paper prints "
            f"{v.claim.printed}, its tables give {v.shown}."
            for v in disagreeing
        ]
    )
    number = len(verdicts)
    yield Paragraph(f"{number - len(disagreeing)} of {number} claims agree with the tables.")


def _relation(claim: claims.Claim) -> str:
    return "" if claim.relation == "=" else f"{claim.relation} "


def _sentence(text: str, remark: str) -> str:
    return f"{text} ({remark})" if remark else text
