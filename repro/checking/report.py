"""What `repro.check` finds, as headings, tables and sentences for people."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from repro.checking import baseline, comparison, conclusions_report
from repro.checking.blocks import Block, Heading, Items, Paragraph, Table
from repro.checking.comparison import CellVerdict
from repro.checking.conclusions import without_logit
from repro.checking.conclusions_report import SETTING_LABELS
from repro.checking.matched_cells import counted
from repro.checking.rows import Findings
from repro.paper import SETTINGS
from repro.results.cell_result import Collection
from repro.results.collection import described

_NOTHING = (
    "Nothing of Table 5 is run yet. One cell: python -m repro.finetune --model=inception_v4 "
    "--dataset=aircraft; all on fixed features: python -m repro.logistic_regression --model=all "
    "--dataset=all. What the paper says of itself: python -m repro.check --claims."
)
_TOLERANCE = (
    "Tolerance: how far two independent runs of the paper's accuracy may differ on this many test "
    "images in 95% of cases (binomial), at least 0.5 points; for mean per-class accuracy and mAP "
    "an approximation. By chance alone up to one cell in twenty is outside. Partial data are not "
    "judged."
)
_BASELINE_TOLERANCE = (
    "Tolerance: how far two independent runs of the earlier accuracy may differ on this many test "
    "images in 95% of cases (binomial), at least 0.5 points."
)
_MOST_NAMED = 8


def report(findings: Findings, *, everything: bool) -> Iterator[Block]:
    """Yields the comparison with Table 5, the conclusions, and last its outcome in one line.

    Args:
      findings: to report.
      everything: whether cells that are not run are listed, too, and not only counted.
    """
    of_paper = [v for v in findings.verdicts if v.paper is not None]
    others = [v for v in findings.verdicts if v.paper is None]
    run = [verdict for verdict in of_paper if verdict.result is not None]
    yield Heading(f"Results beside Table 5: {len(run)} of {len(of_paper)} cells")
    yield Paragraph(f"From {findings.collection.source}.")
    for setting in SETTINGS:
        yield from _setting(setting, of_paper, everything=everything)
    if run:
        yield _summary(of_paper)
        yield Paragraph(_TOLERANCE)
    else:
        yield Paragraph(_NOTHING)
    if others:
        yield from _others(others)
    if findings.placements:
        yield from conclusions_report.placements(findings.placements)
    if run:
        yield from conclusions_report.conclusions(findings.conclusions)
    yield from _left_out(findings)
    yield Paragraph(outcome(findings.verdicts))


def outcome(judged: Iterable[CellVerdict | baseline.Move]) -> str:
    """Returns in a sentence which cells are out of tolerance."""
    within = ("reproduced", "unchanged")
    judged = [each for each in judged if each.is_out_of_tolerance or each.verdict in within]
    out = [each for each in judged if each.is_out_of_tolerance]
    if not judged:
        return "No cell is judged."
    if not out:
        return f"Within the tolerance: {len(judged)} of {counted(len(judged), 'judged cell')}."
    named = [f"{_cell(each)} ({each.difference:+.2f})" for each in out[:_MOST_NAMED]]
    if len(out) > _MOST_NAMED:
        named.append(f"{len(out) - _MOST_NAMED} more")
    return f"Out of tolerance: {len(out)} of {len(judged)} judged cells. {'; '.join(named)}."


def moves_report(
    moves: Sequence[baseline.Move], now: Collection, before: Collection, *, everything: bool
) -> Iterator[Block]:
    """Yields the comparison with an earlier run, and last its outcome in one line.

    Args:
      moves: to report.
      now: today's results.
      before: the baseline.
      everything: whether cells of the baseline that are not run now are listed, too.
    """
    yield Heading("Results beside earlier ones")
    yield Paragraph(f"From {now.source}, beside {before.source}.")
    rows = [
        (
            move.cell[0],
            move.cell[1],
            SETTING_LABELS[move.cell[2]],
            _number(move.now and move.now.value),
            _number(move.before and move.before.value),
            _signed(move.difference),
            _number(move.tolerance),
            move.verdict,
        )
        for move in moves
        if move.now is not None or everything
    ]
    header = ("network", "data set", "setting", "now", "before", "difference", "tolerance")
    yield Table((*header, "verdict"), rows, {3, 4, 5, 6})
    not_run = counted(sum(move.now is None for move in moves), "other cell")
    yield Paragraph(f"{_BASELINE_TOLERANCE} Not run now: {not_run} of {before.source}.")
    problems = [*now.problems, *(f"{before.source}: {text}" for text in before.problems)]
    if problems:
        yield Heading("Left out")
        yield Items(problems)
    yield Paragraph(outcome(moves))


def _cell(judged: CellVerdict | baseline.Move) -> str:
    model, dataset, setting = judged.cell
    return f"{model} on {dataset}, {SETTING_LABELS[setting]}"


def _setting(setting: str, verdicts: Iterable[CellVerdict], *, everything: bool) -> Iterator[Block]:
    verdicts = [verdict for verdict in verdicts if verdict.setting == setting]
    run = [verdict for verdict in verdicts if verdict.result is not None]
    shown = verdicts if everything else run
    if not shown:
        return
    yield Heading(f"{_capital(SETTING_LABELS[setting])}: {len(run)} of {len(verdicts)} cells")
    rows = [
        (
            verdict.model,
            verdict.dataset,
            _number(verdict.ours),
            _printed(verdict.paper),
            _signed(verdict.difference),
            _number(verdict.tolerance),
            verdict.verdict,
        )
        for verdict in shown
    ]
    header = ("network", "data set", "ours", "paper", "difference", "tolerance", "verdict")
    yield Table(header, rows, {2, 3, 4, 5})
    remarked = defaultdict(list)
    for verdict in run:
        if verdict.remark:
            remarked[verdict.remark].append(f"{verdict.model} on {verdict.dataset}")
    if remarked:
        yield Items([f"{remark}: {', '.join(cells)}" for remark, cells in remarked.items()])


def _summary(verdicts: Iterable[CellVerdict]) -> Table:
    counts = Counter((verdict.setting, verdict.verdict) for verdict in verdicts)
    judgements = [name for name in comparison.JUDGEMENTS if name != "not in Table 5"]
    rows = [
        (SETTING_LABELS[setting], *(f"{counts[setting, judgement]}" for judgement in judgements))
        for setting in SETTINGS
    ]
    return Table(("setting", *judgements), rows, set(range(1, 1 + len(judgements))))


def _others(verdicts: Iterable[CellVerdict]) -> Iterator[Block]:
    yield Heading("Results that Table 5 does not have")
    rows = [
        (
            verdict.model,
            verdict.dataset,
            SETTING_LABELS[verdict.setting],
            _number(verdict.ours),
            f"{verdict.result.n_test:,}" if verdict.result.n_test else "-",
        )
        for verdict in verdicts
    ]
    yield Table(("network", "data set", "setting", "ours", "test images"), rows, {3, 4})


def _left_out(findings: Findings) -> Iterator[Block]:
    collection = findings.collection
    problems = list(collection.problems)
    problems += [
        f"{described(result.cell)} is {result.value:g}%, which has no finite logit: it is left out "
        "of correlations, orders and odds."
        for result in without_logit(collection.cells)
    ]
    if collection.incomplete:
        number = counted(len(collection.incomplete), "run")
        problems.append(f"{number} without a result yet, such as {collection.incomplete[0]}.")
    if problems:
        yield Heading("Left out, or worth knowing")
        yield Items(problems)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _printed(value: float) -> str:
    """Returns a number as Table 5 has it, with one decimal or two."""
    return f"{value:.1f}" if round(value, 1) == value else f"{value:.2f}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.2f}"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
