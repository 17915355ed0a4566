"""What opens behind a cell: the run's settings, how they were chosen, its loss and its mistakes."""

import csv
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from repro.checking.comparison import CellVerdict
from repro.page import words
from repro.page.answers import Mistake
from repro.page.examination import Examined
from repro.page.html import Content, Markup, element, joined
from repro.page.plots import line_plot
from repro.results import RunMetrics
from repro.results.metrics_json import METRIC_NAMES

_DIGEST = 12  # characters of a sha256 that are shown


def details(verdict: CellVerdict, examined: Examined | None, results_dir: Path) -> Markup:
    """Returns the content of a cell's dialog.

    Args:
      verdict: of a cell with a run of ours.
      examined: what the run's predictions tell, if that is known.
      results_dir: to which folders are shown relatively.
    """
    run, folder = verdict.result.metrics, verdict.result.folder
    return element(
        "article",
        element("h2", words.cell(verdict.cell)),
        _comparison(verdict),
        _or_why_not("Selection", lambda: _chosen(run)),
        _or_why_not("Training", lambda: _history(folder)),
        _mistakes(run, examined),
        _section("Settings", _list(run.hyperparameters)),
        _or_why_not("Run", lambda: _list(_facts(run))),
        _section("Folder", _folder(folder, results_dir, run)),
    )


def _or_why_not(title: str, content: Callable[[], Content]) -> Markup | None:
    """Returns a section, or one that says why its file cannot be shown; None if it is empty."""
    try:
        made = content()
    except (OSError, ValueError, TypeError, KeyError, AttributeError, csv.Error) as error:
        made = element("p", f"Not as a run writes it: {type(error).__name__}: {error}.")
    return None if made is None else _section(title, made)


def _comparison(verdict: CellVerdict) -> Markup:
    metric = METRIC_NAMES.get(verdict.result.metrics.metric, verdict.result.metrics.metric)
    numbers = [("Ours", f"{verdict.ours:.2f}%")]
    if verdict.paper is not None:
        numbers += [
            ("The paper's", f"{verdict.paper:g}%"),
            ("Difference", words.signed(verdict.difference, 2)),
            ("Tolerance", f"± {verdict.tolerance:.2f}"),
        ]
    boxes = (element("div", element("dt", name), element("dd", value)) for name, value in numbers)
    remark = f" – {verdict.remark}" if verdict.remark else ""
    return element(
        "div",
        element("p", words.mark(verdict.verdict), f" {verdict.verdict}{remark}; {metric}"),
        element("dl", boxes, class_="numbers"),
    )


def _facts(run: RunMetrics) -> dict[str, Any]:
    facts = {
        "test images": run.images,
        "training images": f"{run.n_train:,}",
        "seed": run.seed,
        "seconds": f"{run.seconds:,.0f}",
        "checkpoint": (run.checkpoint_sha256 or "none")[:_DIGEST],
    }
    facts |= {f"{name} split": digest[:_DIGEST] for name, digest in run.split_sha256.items()}
    return facts | run.versions


def _folder(folder: Path, results_dir: Path, run: RunMetrics) -> Iterator[Markup]:
    command = "finetune" if run.setting in ("finetune", "random_init") else "logistic_regression"
    flags = folder / "flags.txt"
    yield element("p", element("code", str(folder.relative_to(results_dir))))
    if flags.exists():
        again = f"python -m repro.{command} --flagfile={flags} --rerun"
        yield element("p", "Again: ", element("code", again))


def _chosen(run: RunMetrics) -> Markup | None:
    """Returns how validation chose the hyperparameters, if it did."""
    if "grid" in run.details:
        return _grid(run.details["grid"], run.hyperparameters)
    for name, chosen, symbol in (("l2_values", "l2", "λ"), ("k_values", "k", "k")):
        values, percents = run.details.get(name), run.details.get("validation")
        if values and percents:
            plot = line_plot(
                values,
                percents,
                f"Accuracy on validation against {symbol}",
                log_x=True,
                marked=_place(values, run.hyperparameters.get(chosen)),
            )
            caption = f"Accuracy on validation (%) against {symbol}; the ring is the chosen one."
            return _figure(plot, caption)
    return None


def _place(values: Sequence[float], chosen: float | None) -> int | None:
    return values.index(chosen) if chosen in values else None


def _grid(points: Sequence[Mapping], chosen: Mapping[str, Any]) -> Markup:
    """Returns a table of the grid, learning rates by weight decay ratios."""
    names = ("learning_rate", "weight_decay_ratio")
    percents = {tuple(p["point"][n] for n in names): p["percent"] for p in points}
    rates, ratios = (sorted({key[i] for key in percents}) for i in (0, 1))
    best = tuple(chosen.get(name) for name in names)
    head = (element("th", f"{ratio:.2g}", scope="col") for ratio in ratios)
    rows = (
        element(
            "tr",
            element("th", f"{rate:.2g}", scope="row"),
            (_grid_cell(percents.get((rate, ratio)), (rate, ratio) == best) for ratio in ratios),
        )
        for rate in rates
    )
    table = element(
        "table",
        element("thead", element("tr", element("th", "rate \\ decay", scope="col"), head)),
        element("tbody", rows),
    )
    caption = "Accuracy on validation (%) by learning rate and weight decay ratio; chosen: bold."
    return joined([element("p", caption), element("div", table, class_="scroll", tabindex=0)])


def _grid_cell(percent: float | None, is_best: bool) -> Markup:
    shown = "–" if percent is None else f"{percent:.1f}"
    return element("td", element("b", shown) if is_best else shown)


def _history(folder: Path) -> Markup | None:
    path = folder / "history.csv"
    if not path.exists():
        return None
    with path.open(newline="") as file:
        rows = [(float(row["step"]), float(row["loss"])) for row in csv.DictReader(file)]
    steps, losses = zip(*rows, strict=True) if rows else ((), ())
    plot = line_plot(steps, losses, "Training loss against the step", log_y=True)
    return _figure(plot, "Training loss (logarithmic) against the step.")


def _mistakes(run: RunMetrics, examined: Examined | None) -> Markup | None:
    if examined is None or examined.problem:
        problem = "" if examined is None else examined.problem
        return _section("Mistakes", element("p", problem)) if problem else None
    if not examined.mistakes:
        return _section("Mistakes", element("p", "None on the test set."))
    several = run.metric == "map11"
    head = ("Label", "Wrongly given to") if several else ("Class", "Taken for", "Images")
    rows = (_mistake_row(mistake, several) for mistake in examined.mistakes)
    table = element(
        "table",
        element(
            "thead",
            element("tr", (element("th", t, scope="col") for t in (*head, "Surest of them"))),
        ),
        element("tbody", rows),
    )
    return _section("Most frequent mistakes", element("div", table, class_="scroll", tabindex=0))


def _mistake_row(mistake: Mistake, several: bool) -> Markup:
    count = f"{mistake.count:,} of {mistake.total:,}"
    texts = (mistake.answer, count) if several else (mistake.truth, mistake.answer, count)
    examples = itertools.chain.from_iterable((element("br"), e) for e in mistake.examples)
    return element(
        "tr",
        (element("td", text) for text in texts),
        element("td", list(examples)[1:], class_="ids"),
    )


def _section(title: str, *content: Content) -> Markup:
    return element("section", element("h3", title), *content)


def _figure(plot: Markup | None, caption: str) -> Markup | None:
    if plot is None:
        return None
    return element("figure", plot, element("figcaption", caption))


def _list(values: Mapping[str, Any]) -> Markup:
    pairs = (
        element("div", element("dt", name.replace("_", " ")), element("dd", _shown(value)))
        for name, value in values.items()
    )
    return element("dl", pairs, class_="facts")


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return "none" if value is None else str(value)
