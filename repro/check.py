"""Puts results beside the paper's Table 5, or beside earlier results.

python -m repro.check
python -m repro.check TABLE

Every cell of Table 5: ours from --results_dir, the paper's, the difference, the tolerance and a
verdict; then the paper's conclusions from our results. TABLE is a CSV instead of a results folder,
with the columns model, dataset, setting and value (percent). A network that the paper has not is
placed among its 13, given its ImageNet accuracy: --imagenet_top1, or a column imagenet_top1.

python -m repro.check --format=json --output=before.json
python -m repro.check --baseline=before.json
python -m repro.check --claims

The second compares with what the first wrote: has the software moved a cell? The third recomputes
every number of the paper's text from its own tables.

Exit status: 1 if a cell is out of tolerance (higher or lower); 0 if none is, also if nothing is
run, and always with --claims; 2 if something given cannot be used.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from absl import flags

from repro import UserError, _command
from repro._files import replacing
from repro._words import words
from repro.checking import baseline, claims_report, comparison, report, rows
from repro.checking.blocks import Block, to_markdown, to_text
from repro.checking.conclusions import conclude
from repro.checking.placement import place
from repro.checking.rows import Findings
from repro.paper import claims
from repro.paper.naming import our_name
from repro.results.cell_result import Collection
from repro.results.collection import collect
from repro.results.table_reading import read_table

_CLAIMS = flags.DEFINE_bool(
    "claims", False, "Whether to recompute the paper's claims from its tables, and nothing else."
)
_BASELINE = flags.DEFINE_string(
    "baseline", None, "Table to compare with instead of Table 5: an earlier --output, or a CSV."
)
_ALL = flags.DEFINE_bool("all", False, "Whether to list the cells that are not run, too.")
_IMAGENET_TOP1 = flags.DEFINE_float(
    "imagenet_top1", None, "Percent, of the one network that the paper has not."
)
_FORMAT = flags.DEFINE_enum(
    "format",
    None,
    ["text", "csv", "json", "markdown"],
    "Of what a command prints or writes; default: by the ending of --output, else text.",
    allow_override=True,  # the other commands have no markdown
)
_ENDINGS = {".csv": "csv", ".json": "json", ".md": "markdown"}
OUT_OF_TOLERANCE = 1  # exit status

for _flag in (_command.RESULTS_DIR, _command.OUTPUT):
    flags.declare_key_flag(_flag.name)


@words("", "TABLE")
def main(table: str | None = None) -> int:
    """One comparison."""
    _refuse_contradictions(table)
    if _CLAIMS.value:
        _show_claims()
        return 0
    collection = _results(table)
    if _BASELINE.value is not None:
        return _compare_with_baseline(collection)
    return _compare_with_paper(collection)


def _refuse_contradictions(table: str | None) -> None:
    if table is not None and flags.FLAGS[_command.RESULTS_DIR.name].present:
        raise UserError(f"{table} and --results_dir are both results: give one of them.")
    others = {
        "a table": table is not None,
        "--baseline": _BASELINE.value is not None,
        "--all": _ALL.value,
        "--imagenet_top1": _IMAGENET_TOP1.value is not None,
    }
    for name, is_given in others.items():
        if _CLAIMS.value and is_given:
            raise UserError(f"--claims is about the paper alone: leave {name} out.")
    if _BASELINE.value is not None and _IMAGENET_TOP1.value is not None:
        raise UserError("--imagenet_top1 is for the comparison with the paper: leave it out.")


def _results(table: str | None) -> Collection:
    if table is not None:
        return read_table(Path(table), our_name)
    folder = Path(_command.RESULTS_DIR.value).expanduser()
    if flags.FLAGS[_command.RESULTS_DIR.name].present and not folder.exists():
        raise UserError(f"--results_dir={folder} does not exist. Give the folder of the runs.")
    return collect(folder)


def _show_claims() -> None:
    verdicts = claims.evaluate()
    lines = rows.claim_rows(verdicts)
    others = [vars(each) for each in claims.NOT_RECOMPUTABLE]
    _show(
        lambda: claims_report.report(verdicts),
        lines,
        {"claims": lines, "not_recomputable": others},
    )


def _compare_with_baseline(collection: Collection) -> int:
    before = read_table(Path(_BASELINE.value), our_name)
    moves = baseline.compare(collection.cells, before.cells)
    if not any(move.difference is not None for move in moves):
        raise UserError(
            f"--baseline={before.source} has {len(before.cells)} cells, and none of them is in "
            f"{collection.source}, which has {len(collection.cells)}: there is nothing to compare."
        )
    lines = rows.move_rows(moves, collection)
    document = {
        "source": str(collection.source),
        "compared_with": str(before.source),
        "cells": lines,
        "problems": [*collection.problems, *before.problems],
    }
    _show(
        lambda: report.moves_report(moves, collection, before, everything=_ALL.value),
        lines,
        document,
    )
    return _status(moves)


def _compare_with_paper(collection: Collection) -> int:
    findings = Findings(
        collection,
        comparison.compare(collection.cells),
        conclude(collection.cells),
        place(collection.cells, _imagenet_top1(collection)),
    )
    _show(
        lambda: report.report(findings, everything=_ALL.value),
        rows.cell_rows(findings),
        rows.document(findings),
    )
    return _status(findings.verdicts)


def _imagenet_top1(collection: Collection) -> Mapping[str, float]:
    """Returns the ImageNet accuracies of networks that Table 5 does not have, percent."""
    given = _IMAGENET_TOP1.value
    if given is None:
        return collection.imagenet_top1
    new = sorted({placed.model for placed in place(collection.cells)})
    if not 1 < given < 100:
        raise UserError(f"--imagenet_top1={given:g} is not percent, such as 76.5.")
    if len(new) != 1:
        raise UserError(
            f"--imagenet_top1 is of one network that the paper has not, with results on its data "
            f"sets; {collection.source} has {len(new)}{': ' + ', '.join(new) if new else ''}. For "
            "several give a table with a column imagenet_top1."
        )
    return {new[0]: given}


def _status(judged: Iterable[comparison.CellVerdict | baseline.Move]) -> int:
    return OUT_OF_TOLERANCE if any(each.is_out_of_tolerance for each in judged) else 0


def _show(
    blocks: Callable[[], Iterable[Block]],
    lines: list[Mapping[str, Any]],
    document: Mapping[str, Any],
) -> None:
    """Prints or writes what was found, in the format that is asked for.

    Args:
      blocks: makes the report for people, whose last block is the outcome.
      lines: of the CSV.
      document: of the JSON.
    """
    output = _command.OUTPUT.value and Path(_command.OUTPUT.value).expanduser()
    form = _FORMAT.value or _ENDINGS.get(output.suffix.lower() if output else "", "text")
    text = {
        "text": lambda: to_text(blocks()),
        "markdown": lambda: to_markdown(blocks()),
        "csv": lambda: rows.to_csv(lines),
        "json": lambda: rows.to_json(document),
    }[form]()
    if not output:
        print(text, end="")
        return
    try:
        with replacing(output) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"--output={output} cannot be written ({error.strerror}). Give a file in a folder that "
            "exists."
        ) from error
    *_, last = blocks()
    print(to_text([last]) + f"Wrote {output}.")


if __name__ == "__main__":
    _command.run(main)
