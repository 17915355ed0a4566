"""Pages of made-up results, each written once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from repro.page import figures_of
from repro.page.content import Report
from repro.page.page import write_page
from repro.results.collection import collect
from tests.page import made_up

Write = Callable[[Path], str]


@pytest.fixture(scope="session")
def few_results(tmp_path_factory) -> Path:
    """Some cells of the paper's, others, the studies, and what is damaged."""
    folder = tmp_path_factory.mktemp("few")
    printed = dict(made_up.every_cell())
    cells = [
        (model, dataset, setting)
        for model in ("inception_v4", "resnet_v1_50", "nasnet_large")
        for dataset in ("cars", "voc2007", "pets")
        for setting in ("logistic_regression", "finetune")
    ]
    runs = [made_up.metrics(cell, printed[cell] + 0.2) for cell in cells]
    runs[0] = replace(runs[0], value=runs[0].value + 9)
    runs[1] = replace(runs[1], value=runs[1].value - 9)
    runs[2] = replace(runs[2], n_test=runs[2].n_test - 100)
    runs += [
        made_up.metrics(("inception_v4", "cars", "svm"), 50.0),
        made_up.metrics(("<b>mine", "cars", "finetune"), 91.0),
        made_up.metrics(("inception_v4", "folder:/a/<i>b</i>", "finetune"), 100.0),
        *made_up.studies(),
    ]
    made_up.write_runs(folder, runs)
    damaged, unread, begun = (
        made_up.write_run(folder, made_up.metrics(("inception_v4", dataset, "finetune"), 70.0))
        for dataset in ("dtd", "flowers", "sun397")
    )
    made_up.damage(damaged)
    (unread / "predictions.parquet").write_text("no table")
    (begun / "metrics.json").unlink()
    return folder


@pytest.fixture(scope="session")
def page_of() -> Write:
    """Writes the page of a results folder with Figures 3 to 6, which are the quickest."""

    def write(results_dir: Path) -> str:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(figures_of, "OF_CELLS", (3, 4))
            return write_page(Report.of(collect(results_dir)))

    return write


@pytest.fixture(scope="session")
def few_page(few_results, page_of) -> str:
    """The page of `few_results`."""
    return page_of(few_results)


@pytest.fixture(scope="session")
def papers_page(tmp_path_factory, page_of) -> str:
    """The page of no results."""
    return page_of(tmp_path_factory.mktemp("none"))
