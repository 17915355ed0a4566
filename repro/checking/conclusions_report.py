"""Where new networks lie, and the paper's conclusions beside ours, for people."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from repro import statistics
from repro.checking.blocks import Block, Heading, Items, Paragraph, Table
from repro.checking.conclusion import TOPICS, Conclusion, Quantity
from repro.checking.placement import Placement

SETTING_LABELS = {
    "logistic_regression": "logistic regression",
    "finetune": "fine-tuned",
    "random_init": "random initialization",
    "svm": "SVM",
    "knn": "k nearest neighbours",
    "augmented_logistic_regression": "augmented logistic regression",
}
_FINE_TUNING = "fine-tuning"  # a topic that names its settings itself


def placements(found: Sequence[Placement]) -> Iterator[Block]:
    """Yields where networks lie that the paper has not; `found` is not empty."""
    yield Heading("New networks among the paper's")
    by_model = defaultdict(list)
    for placed in found:
        by_model[placed.model].append(placed)
    for model, group in by_model.items():
        top1 = group[0].imagenet_top1
        known = "is not known" if top1 is None else f"is {top1:g}%"
        yield Paragraph(f"{model}, whose ImageNet accuracy {known}:")
        header = ("setting", "data sets", "mean", "line", "95% interval", "it lies", "rank")
        yield Table(header, [_placement_row(placed) for placed in group], {1, 2, 3, 4, 6})
        remarks = [f"{SETTING_LABELS[p.setting]}: {p.remark}" for p in group if p.remark and top1]
        if remarks:
            yield Items(remarks)
    if any(placed.prediction is None for placed in found):
        yield Paragraph(
            "To place a network beside the line that ImageNet accuracy predicts, give its top-1 "
            "accuracy: --imagenet_top1=76.5, or a column imagenet_top1 of the table."
        )
    yield Paragraph(
        "mean: of the logit accuracies over the data sets that the network has, as percent. line, "
        "95% interval: what the paper's networks with that ImageNet accuracy have on the same data "
        "sets. rank: by mean among them and itself."
    )


def _placement_row(placed: Placement) -> tuple[str, ...]:
    found, rank = placed.prediction, f"{placed.rank} of {placed.of}"
    datasets = f"{len(placed.datasets)} of 12"
    if found is None:
        return (SETTING_LABELS[placed.setting], datasets, "-", "-", "-", "-", rank)
    given, expected, low, high = (
        f"{100 * float(statistics.inverse_logit(value)):.1f}"
        for value in (found.given, found.expected, found.low, found.high)
    )
    side = "above" if found.given > found.expected else "below"
    where = "within the interval" if found.position == "within" else "beyond the interval"
    lies = f"{side} the line, {where}"
    return (
        SETTING_LABELS[placed.setting],
        datasets,
        given,
        expected,
        f"{low} to {high}",
        lies,
        rank,
    )


def conclusions(found: Sequence[Conclusion]) -> Iterator[Block]:
    """Yields a table for each topic, the names behind its numbers, and what is lacking yet."""
    yield Heading("The paper's conclusions, from these results")
    for topic, title in TOPICS.items():
        shown = [each for each in found if each.topic == topic and each.ours is not None]
        if not shown:
            continue
        yield Paragraph(f"{title}:")
        rows = [
            (_label(each), str(each.ours), *map(_quantity, _papers(each)), each.basis)
            for each in shown
        ]
        yield Table(("", "ours", "same cells", "Table 5", "from"), rows, {1, 2, 3}, is_wrapped=True)
        details = [f"{_who(each)}, {text}" for each in shown for text in each.details]
        if details:
            yield Items(details)
    if any(each.ours is not None for each in found):
        yield Paragraph(
            "same cells: from the paper's numbers of the cells that are run, and no others. The "
            "best is of the networks that are run, ties included."
        )
    lacking = defaultdict(list)
    for each in found:
        if each.ours is None:
            lacking[each.topic, each.basis].append(SETTING_LABELS[each.setting])
    if lacking:
        yield Paragraph("Not yet:")
        yield Items(
            [
                f"{topic} ({', '.join(dict.fromkeys(settings))}) {basis}"
                for (topic, basis), settings in lacking.items()
            ]
        )


def _papers(conclusion: Conclusion) -> tuple[Quantity | None, Quantity | None]:
    return conclusion.paper_same_cells, conclusion.paper


def _label(conclusion: Conclusion) -> str:
    if conclusion.topic == _FINE_TUNING:
        return conclusion.text
    return f"{conclusion.text}, {SETTING_LABELS[conclusion.setting]}"


def _who(conclusion: Conclusion) -> str:
    """Returns what the details of a conclusion begin with."""
    if conclusion.topic == _FINE_TUNING:
        return conclusion.text
    return SETTING_LABELS[conclusion.setting]


def _quantity(value: Quantity | None) -> str:
    return "-" if value is None else str(value)
