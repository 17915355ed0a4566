"""Tables of results are turned into networks by data sets, and what is missing is named."""

import numpy as np
import pandas as pd
import pytest

from repro.figures import cells
from tests.figures.drawn import printed_results, some_results


def results(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=cells.COLUMNS)


def words(table: pd.DataFrame, *settings: str) -> str:
    tables = [cells.setting_table(table, setting) for setting in settings]
    return cells.note_of(tables, {"a": "Net A"}).replace("\u00a0", " ")


def test_the_printed_table_comes_back_complete_and_in_its_order():
    table = cells.setting_table(printed_results(), "random_init")
    assert table.fractions.shape == (11, 12)
    assert list(table.fractions.columns)[:2] == ["food101", "cifar10"]
    assert table.fractions.loc["inception_v4", "cars"] == pytest.approx(0.93)
    assert cells.note_of([table], {}) == ""


def test_cells_that_others_of_their_network_and_data_set_have_are_missing():
    table = results(
        ("a", "pets", "finetune", 90), ("a", "cars", "finetune", 80), ("b", "pets", "finetune", 70)
    )
    assert words(table, "finetune") == "Fine-tuned: missing b on Cars."


def test_expected_networks_and_data_sets_without_a_result_are_named_once():
    expected = results(*((m, d, "finetune", 0) for m in "abc" for d in ("pets", "cars", "mine")))
    ours = results(("a", "pets", "finetune", 90), ("b", "pets", "finetune", 70))
    completed = cells.complete(ours, expected)
    assert len(completed) == 9
    table = cells.setting_table(completed, "finetune")
    assert table.fractions.shape == (2, 1)
    assert words(completed, "finetune") == "Fine-tuned: no results on Cars, mine; none of c."


def test_completing_keeps_results_that_were_not_expected_and_needs_none():
    ours, expected = some_results(), printed_results()
    mine = pd.concat([ours, results(("mine", "pets", "finetune", 99.0))], ignore_index=True)
    completed = cells.complete(mine, expected)
    assert len(completed) == len(expected) + 1
    pd.testing.assert_frame_equal(completed.iloc[: len(mine)], mine)
    assert cells.complete(ours.iloc[:0], expected)["value"].isna().all()
    assert cells.complete(expected, expected) is expected


@pytest.mark.parametrize("value", [0.0, 100.0, 110.0, -3.0])
def test_a_value_without_a_finite_logit_is_left_out_and_named(value):
    table = results(("a", "pets", "finetune", value), ("b", "pets", "finetune", 50))
    assert list(cells.setting_table(table, "finetune").fractions.index) == ["b"]
    named = f"left out, as their logit is not finite: Net A on Pets ({value:g}%)"
    assert words(table, "finetune") == f"Fine-tuned: {named}."


def test_settings_that_lack_the_same_share_a_line():
    table = results(("a", "pets", "svm", 90))
    assert words(table, "finetune", "svm", "knn") == "Fine-tuned; k-nearest neighbors: no results."


def test_many_missing_cells_are_counted():
    models, datasets = [f"m{i}" for i in range(5)], [f"d{i}" for i in range(5)]
    table = results(
        *((m, d, "svm", 50 if m[1] >= d[1] else np.nan) for m in models for d in datasets)
    )
    assert words(table, "svm").endswith("m1 on d3 and 4 more.")


def test_a_repeated_cell_or_a_lacking_column_is_refused():
    row = ("a", "pets", "finetune", 90)
    with pytest.raises(ValueError, match=r"1 rows repeat another's model, .*pets"):
        cells.setting_table(results(row, row), "finetune")
    with pytest.raises(ValueError, match=r"lacks the columns \['value'\]"):
        cells.setting_table(results(row).drop(columns="value"), "finetune")
