"""The tables agree with each other and the registries, but for the misprints that are noted."""

import re

import numpy as np
import pytest

from repro import networks
from repro.paper import DATASET_COLUMNS, SETTINGS, paper_value, table5_networks
from repro.paper.tables import (
    FOLDER,
    huh_table1,
    huh_table2,
    huh_table3,
    table1,
    table2,
    table3,
    table4,
    table5,
    table5_accuracies,
    table5_half_units,
    table6,
)

DATASETS = list(DATASET_COLUMNS)
ALL_TABLES = sorted(path.stem for path in FOLDER.glob("*.csv"))


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


def test_every_file_says_where_it_comes_from():
    assert len(ALL_TABLES) == 9
    for name in ALL_TABLES:
        comment = [
            line for line in (FOLDER / f"{name}.csv").read_text().splitlines() if line[0] == "#"
        ]
        number = name[-1]
        assert comment[0].startswith(f'# Table {number} ("'), name
        heading = "".join(line.removeprefix("#") for line in comment)
        assert re.search(r"arXiv:(1805\.08974v1|1608\.08614), (Section \d|Appendix [A-D])", heading)


@pytest.mark.parametrize(
    ("table", "index"),
    [
        (table1, DATASETS),
        (table2, DATASETS),
        (table3, list(SETTINGS)),
        (table4, table5_networks()),
        (table6, DATASETS),
    ],
)
def test_rows_have_our_names_in_the_papers_order(table, index):
    assert list(table().index) == index
    columns = [column for column in table().columns if column not in ("note", "footnote")]
    assert table()[columns].notna().all().all()


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_of_table_5_has_our_names(setting):
    accuracies = table5_accuracies(setting)
    assert list(accuracies.columns) == DATASETS
    without_vgg = [name for name in table5_networks() if not name.startswith("vgg")]
    expected = without_vgg if setting == "random_init" else table5_networks()
    assert list(accuracies.index) == expected
    for model in expected:
        for dataset in DATASETS:
            assert accuracies.loc[model, dataset] == paper_value(model, dataset, setting)


def test_half_a_unit_follows_the_printed_decimals():
    half = table5_half_units("finetune")
    assert half.loc["vgg_16", "cifar10"] == pytest.approx(0.005)
    assert half.loc["vgg_16", "food101"] == pytest.approx(0.05)
    short = half["flowers"] > 0.01
    assert list(half.index[short]) == ["resnet_v1_101"]  # 96.9 among numbers of two decimals
    assert table5_half_units("logistic_regression").stack().unique() == pytest.approx([0.05])


def test_table_4_is_the_registry():
    for name, row in table4().iterrows():
        spec = networks.spec(name)
        assert row["paper_name"] == spec.paper_name
        assert row["imagenet_top1"] == spec.imagenet_top1
        assert row["parameters"] == spec.parameters
        assert row["features"] == spec.num_features
        assert row["image_size"] == spec.image_size


def test_table_1_is_the_registry_but_for_its_two_misprints():
    from repro.datasets import DATASETS as REGISTRY

    different = set()
    for name, row in table1().iterrows():
        spec = REGISTRY[name]
        assert row["paper_name"] == spec.paper_name
        assert row["metric"] == spec.metric
        assert row["train_size"] == spec.train_size
        if row["classes"] != spec.num_classes:
            different.add((name, row["classes"], spec.num_classes))
        if row["test_size"] != spec.test_size:
            different.add((name, row["test_size"], spec.test_size))
    assert different == {("cifar100", 10, 100), ("pets", 3369, 3669)}
    assert set(table1().index[table1()["note"] != ""]) == {"cifar100", "pets"}


def test_table_6_has_table_1s_sizes_but_for_pets():
    columns = ["train_size", "test_size"]
    different = table1()[columns] != table6()[columns]
    assert list(different.stack()[lambda cells: cells].index) == [("pets", "test_size")]


@pytest.mark.parametrize("split", ["train", "test"])
def test_table_6s_percentages_are_its_counts(split):
    percent = 100 * table6()[f"{split}_duplicates"] / table6()[f"{split}_size"]
    printed = table6()[f"{split}_duplicates_percent"]
    np.testing.assert_allclose(percent, printed, rtol=0, atol=0.005)


def test_table_6s_percentage_shows_that_table_1_misprints_pets():
    pets = table6().loc["pets"]
    of_table_1 = 100 * pets["test_duplicates"] / table1().loc["pets", "test_size"]
    assert abs(of_table_1 - pets["test_duplicates_percent"]) > 0.1


def test_table_2_has_the_best_of_table_5_but_for_cifar_100():
    for dataset, row in table2().iterrows():
        cell = paper_value(row["model"], dataset, row["setting"])
        best = max(table5_accuracies(setting)[dataset].max() for setting in SETTINGS)
        assert cell == best, dataset
        if dataset == "cifar100":  # without the duplicates
            assert (cell, row["accuracy"], row["footnote"]) == (88.4, 88.2, "a")
        else:
            assert abs(cell - row["accuracy"]) <= 0.05, dataset


def test_table_3s_r_is_the_root_of_its_r_squared_within_rounding():
    lowest, highest = np.sqrt(table3()["r_squared"] - 0.005), np.sqrt(table3()["r_squared"] + 0.005)
    assert (table3()["r"] + 0.005 >= lowest).all()
    assert (table3()["r"] - 0.005 <= highest).all()


def test_huhs_tables_agree_where_they_have_the_same_run():
    assert huh_table1().loc["Original", "pascal"] == huh_table3().loc["ImageNet", "pascal"]
    rows = huh_table2().index.get_level_values("images").value_counts()
    assert rows.to_dict() == {"500K": 2, "250K": 2, "125K": 2}
