"""The tables are typed as printed: every row is made again from the file, and found in the text."""

import re

import pandas as pd

from repro.paper.tables import FOLDER, huh_table2
from tests.shared import shared_path


def kornblith() -> str:
    return shared_path("paper/kornblith2018_v1.txt").read_text()


def huh() -> str:
    return shared_path("paper/huh2016.txt").read_text()


def printed_rows(text: str, header: str, last: str = "\n\n") -> list[str]:
    """Returns the lines after a table's header, without reference numbers and footnote letters."""
    start = text.index(header)
    block = text[text.index("\n", start) + 1 : text.index(last, start)]
    block = re.sub(r" *\[\d+\]| *\^[a-d]", "", re.sub(r"[^\S\t\n]+", " ", block))
    return [line for line in block.splitlines() if not line.startswith("\tAcc.")]


def typed_rows(name: str) -> list[pd.Series]:
    """Returns the rows of a file as strings, which keep trailing zeros."""
    table = pd.read_csv(FOLDER / name, comment="#", dtype=str, keep_default_na=False)
    return [row for _, row in table.iterrows()]


def thousands(digits: str) -> str:
    return f"{int(digits):,}"


def test_table_1_is_typed_as_printed():
    rows = [
        f"{row.dataset}\t{row.classes}\t{thousands(row.train_size)}/{thousands(row.test_size)}"
        f"\t{row.accuracy_measure}"
        for row in typed_rows("table1.csv")
    ]
    assert rows == printed_rows(kornblith(), "Dataset\tClasses\t")


def test_table_2_is_typed_as_printed():
    rows = [
        f"{row.dataset}\t{row.previous_accuracy}\t{row.previous_network}\t{row.accuracy}"
        f"\t{row.best_network}"
        for row in typed_rows("table2.csv")
    ]
    assert rows == printed_rows(kornblith(), "Dataset\tPreviously reported")


def test_table_2s_footnote_letters_are_those_printed():
    text = re.sub(r" \[\d+\]", "", kornblith())
    for row in typed_rows("table2.csv"):
        previous = row.previous_accuracy + f"^{row.previous_footnote}".rstrip("^")
        current = row.accuracy + f"^{row.footnote}".rstrip("^")
        assert f"\n{row.dataset}\t{previous}\t{row.previous_network}\t{current}\t" in text


def test_table_3_is_typed_as_printed():
    rows = [
        f"{row.setting}\t{row.r_squared}\t{row.r}\t{row.spearman}"
        for row in typed_rows("table3.csv")
    ]
    assert rows == printed_rows(kornblith(), "Setting\tPearson")


def test_table_4_is_typed_as_printed():
    rows = [
        f"{row.model}\t{row.imagenet_top1}%\t{row.parameters}M\t{row.features}\t{row.image_size}"
        for row in typed_rows("table4.csv")
    ]
    assert rows == printed_rows(kornblith(), "Model\tImageNet top-1")


def test_table_4s_footnote_letters_are_those_printed():
    for row in typed_rows("table4.csv"):
        footnote = f" ^{row.footnote}".removesuffix(" ^")
        assert f"\n{row.model}{footnote} [" in kornblith()


def test_table_5_is_typed_as_printed():
    text = kornblith()
    text = text[text.index("Table 5: Model performance") : text.index("D Duplicate images")]
    lines = [line for line in text.splitlines() if line.count("\t") == 12]
    printed = [line for line in lines if not line.startswith("Network") and line[-1] != "\t"]
    rows = ["\t".join(row.drop(["setting", "note"])) for row in typed_rows("table5.csv")]
    assert rows == printed


def test_table_6_is_typed_as_printed():
    rows = [
        f"{row.dataset}\t{thousands(row.train_size)}\t{thousands(row.test_size)}"
        f"\t{thousands(row.train_duplicates)}\t{row.test_duplicates}"
        f"\t{row.train_duplicates_percent}%\t{row.test_duplicates_percent}%"
        for row in typed_rows("table6.csv")
    ]
    assert rows == printed_rows(kornblith(), "Dataset\tTrain size")


def test_huhs_table_1_is_typed_as_printed():
    rows = [f"{row.pretraining} {row.pascal} {row.sun}" for row in typed_rows("huh_table1.csv")]
    assert rows == printed_rows(huh(), "Pre-trained Dataset", last="Table 1:")


def test_huhs_table_2_is_typed_as_printed():
    rows = [
        " ".join([name, *map(str, runs["pascal"]), *map(str, runs["sun"])])
        for name, runs in huh_table2().groupby(level="pretraining", sort=False)
    ]
    assert rows == printed_rows(huh(), "Data size 500K", last="Table 2:")


def test_huhs_table_3_is_typed_as_printed():
    text = huh()
    text = text[text.index("Table 2: For a fixed budget") :].replace("±plus-or-minus\\pm", "")
    rows = [
        f"{row.pretraining} {row.pascal} {row.pascal_deviation}"
        for row in typed_rows("huh_table3.csv")
    ]
    assert rows == printed_rows(text, "Pre-trained Dataset", last="Table 3:")
