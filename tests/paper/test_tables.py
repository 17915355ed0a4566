"""Table 5 is read as printed."""

import pytest

from repro import networks
from repro.paper import DATASET_COLUMNS, paper_value
from repro.paper.tables import table5
from tests.shared import shared_path


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (("inception_v4", "aircraft", "finetune"), 89.3),
        (("mobilenet_v1", "caltech101", "logistic_regression"), 92.2),
        (("inception_v4", "flowers", "random_init"), 93.4),
        (("mobilenet_v1_0.25", "caltech101", "finetune"), None),
        (("inception_v4", "digits", "finetune"), None),
        (("inception_v4", "food101", "svm"), None),
    ],
)
def test_a_cell_has_the_papers_number_or_none(cell, value):
    assert paper_value(*cell) == value


def test_there_are_444_cells():
    assert table5().notna().sum().sum() == 444
    assert list(table5().columns) == list(DATASET_COLUMNS.values())


def test_every_network_of_table_4_has_its_cells():
    named = [name for name, spec in networks.NETWORKS.items() if spec.paper_name]
    for name in named:
        assert paper_value(name, "food101", "finetune") is not None, name


def test_every_number_stands_in_the_papers_text():
    text = shared_path("paper/kornblith2018_v1.txt").read_text()
    text = text[text.index("Table 5: Model performance") : text.index("D Duplicate images")]
    rows = [line.split("\t") for line in text.splitlines() if line.count("\t") == 12]
    printed = [[float(cell) for cell in row[1:]] for row in rows if row[1] not in ("", "Food")]
    assert table5().to_numpy().tolist() == printed
