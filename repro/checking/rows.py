"""What `repro.check` finds, as rows of numbers: its CSV and JSON."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import repro
from repro.checking import baseline, conclusion, placement
from repro.checking.comparison import CellVerdict
from repro.paper import claims
from repro.results.cell_result import CellResult, Collection

_DECIMALS = 4  # of differences and tolerances, in points


@dataclass(frozen=True)
class Findings:
    """What comparing results with Table 5 has given.

    Attributes:
      collection: the results.
      verdicts: of all cells of Table 5 and of the results that it does not have.
      conclusions: the paper's, of the results.
      placements: of networks that Table 5 does not have.
    """

    collection: Collection
    verdicts: Sequence[CellVerdict]
    conclusions: Sequence[conclusion.Conclusion]
    placements: Sequence[placement.Placement]


def cell_rows(findings: Findings) -> list[dict[str, Any]]:
    """Returns a row a cell, those that are not run with a value of None."""
    return [
        _result_fields(verdict.cell, verdict.result, findings.collection)
        | {
            "paper_value": verdict.paper,
            "difference": _rounded(verdict.difference),
            "tolerance": _rounded(verdict.tolerance),
            "verdict": verdict.verdict,
            "remark": verdict.remark,
        }
        for verdict in findings.verdicts
    ]


def document(findings: Findings) -> dict[str, Any]:
    """Returns everything; its "cells" are what --baseline reads."""
    return {
        "repro": repro.__version__,
        "source": str(findings.collection.source),
        "compared_with": "Table 5",
        "cells": cell_rows(findings),
        "conclusions": [asdict(each) for each in findings.conclusions],
        "placements": [_placement_row(each) for each in findings.placements],
        "problems": list(findings.collection.problems),
    }


def move_rows(moves: Iterable[baseline.Move], collection: Collection) -> list[dict[str, Any]]:
    """Returns a row a cell of results beside a baseline."""
    return [
        _result_fields(move.cell, move.now, collection)
        | {
            "baseline_value": None if move.before is None else move.before.value,
            "difference": _rounded(move.difference),
            "tolerance": _rounded(move.tolerance),
            "verdict": move.verdict,
        }
        for move in moves
    ]


def claim_rows(verdicts: Iterable[claims.Verdict]) -> list[dict[str, Any]]:
    """Returns a row a claim."""
    return [
        {
            "name": verdict.claim.name,
            "section": verdict.claim.section,
            "text": verdict.claim.text,
            "relation": verdict.claim.relation,
            "paper": verdict.claim.printed,
            "recomputed": verdict.shown,
            "agrees": verdict.agrees,
            "tolerance": verdict.claim.tolerance,
            "why": verdict.claim.why,
            "remark": verdict.remark,
        }
        for verdict in verdicts
    ]


def to_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Returns rows of the same columns, None as an empty field."""
    text = io.StringIO()
    table = csv.DictWriter(text, rows[0], lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def to_json(value: Any) -> str:
    """Returns a document, with an end of line."""
    return json.dumps(value, indent=1, allow_nan=False) + "\n"


def _result_fields(
    cell: tuple[str, str, str], result: CellResult | None, collection: Collection
) -> dict[str, Any]:
    model, dataset, setting = cell
    fields = {"model": model, "dataset": dataset, "setting": setting}
    if result is None:
        return fields | dict.fromkeys(("value", "n_test", "n_test_complete", "run"))
    folder = result.folder and result.folder.relative_to(collection.source).as_posix()
    return fields | {
        "value": result.value,
        "n_test": result.n_test,
        "n_test_complete": result.n_test_complete,
        "run": folder,
    }


def _placement_row(placed: placement.Placement) -> dict[str, Any]:
    row = asdict(placed)
    if placed.prediction is not None:
        row["prediction"]["odds_ratio"] = placed.prediction.odds_ratio
    return row


def _rounded(points: float | None) -> float | None:
    return None if points is None else round(points, _DECIMALS)
