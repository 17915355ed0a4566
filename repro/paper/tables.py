"""The papers' tables, read from `paper_tables/`, where they are kept as printed.

Tables 1 to 6 are those of Kornblith, Shlens, Le (arXiv:1805.08974v1); `huh_table1` to `huh_table3`
are those of Huh, Agrawal, Efros (arXiv:1608.08614). The data frames are shared by all who ask for
them: copy one before changing it. What is known of a row beyond its numbers, such as a misprint,
stands in the text column `note`, which is empty elsewhere.
"""

import functools
from pathlib import Path

import pandas as pd

from repro import networks

FOLDER = Path(__file__).resolve().parents[2] / "paper_tables"
DATASET_COLUMNS = {  # our name of a data set: Table 5's
    "food101": "Food",
    "cifar10": "CIFAR10",
    "cifar100": "CIFAR100",
    "birdsnap": "Birdsnap",
    "sun397": "SUN397",
    "cars": "Cars",
    "aircraft": "Aircraft",
    "voc2007": "VOC2007",
    "dtd": "DTD",
    "pets": "Pets",
    "caltech101": "Caltech101",
    "flowers": "Flowers",
}
SETTINGS = ("logistic_regression", "finetune", "random_init")
_DATASETS = {  # name in Tables 1, 2 and 6: ours
    "Food-101": "food101",
    "CIFAR-10": "cifar10",
    "CIFAR-100": "cifar100",
    "Birdsnap": "birdsnap",
    "SUN397": "sun397",
    "Stanford Cars": "cars",
    "FGVC Aircraft": "aircraft",
    "PASCAL VOC 2007 Cls.": "voc2007",
    "VOC 2007 Cls.": "voc2007",
    "VOC2007": "voc2007",
    "Describable Textures (DTD)": "dtd",
    "DTD": "dtd",
    "Oxford-IIIT Pets": "pets",
    "Caltech-101": "caltech101",
    "Oxford 102 Flowers": "flowers",
    "102 Flowers": "flowers",
}
_SETTINGS = {  # name in Tables 2 and 3: ours
    "Logistic regression": "logistic_regression",
    "Fine-tuned": "finetune",
    "fine-tuned": "finetune",
    "Trained from scratch": "random_init",
    "random init": "random_init",
}
_METRICS = {"top-1": "top1", "mean per-class": "mean_per_class", "11-point mAP": "map11"}
_MODELS = {spec.paper_name: spec.name for spec in networks.NETWORKS.values() if spec.paper_name}
_TABLE5_NAMES = {  # Table 4's name of a network: Table 5's, where they differ
    "VGG-16 (D)": "VGG-16",
    "VGG-19 (E)": "VGG-19",
}


def paper_value(model: str, dataset: str, setting: str) -> float | None:
    """Returns Table 5's number for a cell.

    Args:
      model: a key of `networks.NETWORKS`.
      dataset: a name of a data set, ours.
      setting: "logistic_regression", "finetune" or "random_init".

    Returns:
      Percent, in the data set's own measure; None where the table has no such cell.
    """
    network = networks.spec(model).paper_name
    table = table5()
    cell = (setting, _TABLE5_NAMES.get(network, network))
    if dataset not in DATASET_COLUMNS or cell not in table.index:
        return None
    return float(table.loc[cell, DATASET_COLUMNS[dataset]])


def table5_networks() -> list[str]:
    """Returns our names of the networks that Table 5 has, in the registry's order."""
    return [
        name
        for name in networks.NETWORKS
        if paper_value(name, "food101", "logistic_regression") is not None
    ]


@functools.cache
def table1() -> pd.DataFrame:
    """Returns Table 1, the data sets, by our names.

    Columns: paper_name; classes, train_size (with validation) and test_size, int, as printed with
    two misprints; accuracy_measure as printed and metric, our name of it; note.
    """
    table = _by_our_name("table1.csv", "dataset", _DATASETS)
    table.insert(5, "metric", table["accuracy_measure"].map(_METRICS))
    return table


@functools.cache
def table2() -> pd.DataFrame:
    """Returns Table 2, the best results, by our names of the data sets.

    Columns: paper_name; previous_accuracy and accuracy, percent; previous_footnote and footnote,
    the letter printed beside them; previous_network; best_network as printed, and as our model and
    setting; note.
    """
    table = _by_our_name("table2.csv", "dataset", _DATASETS)
    best = table["best_network"].str.rsplit(", ", n=1, expand=True)
    table.insert(7, "model", best[0].map(_MODELS))
    table.insert(8, "setting", best[1].map(_SETTINGS))
    return table


@functools.cache
def table3() -> pd.DataFrame:
    """Returns Table 3, the correlations, by our names of the settings.

    Columns: paper_name; r_squared, r and spearman, between logits of ImageNet accuracy and mean
    logits of transfer accuracy; note.
    """
    return _by_our_name("table3.csv", "setting", _SETTINGS)


@functools.cache
def table4() -> pd.DataFrame:
    """Returns Table 4, the networks, by our names.

    Columns: paper_name; imagenet_top1, percent; parameters, millions without the logits layer;
    features, dimension of the penultimate layer; image_size, pixels; footnote; note.
    """
    return _by_our_name("table4.csv", "model", _MODELS)


@functools.cache
def table5() -> pd.DataFrame:
    """Returns Table 5, indexed by (setting, network), a column a data set, in percent."""
    table = _read("table5.csv", index_col=["setting", "network"])
    return table.drop(columns="note")


@functools.cache
def table5_accuracies(setting: str) -> pd.DataFrame:
    """Returns one setting of Table 5 in percent, a row a network and a column a data set, ours.

    Args:
      setting: one of `SETTINGS`; "random_init" has no VGG, 11 networks instead of 13.
    """
    return _in_our_names(table5().loc[setting])


@functools.cache
def table5_half_units(setting: str) -> pd.DataFrame:
    """Returns half a unit of each number's last printed digit, percentage points.

    It is as far as the number before rounding can lie from the printed one. Rows and columns are
    those of `table5_accuracies`.
    """
    printed = _read("table5.csv", index_col=["setting", "network"], dtype=str)
    table = _in_our_names(printed.drop(columns="note").loc[setting])
    return table.map(lambda number: 0.5 * 10.0 ** -len(number.partition(".")[2]))


@functools.cache
def table6() -> pd.DataFrame:
    """Returns Table 6, the images that are in ImageNet's training set too, by our names.

    Columns: paper_name; train_size and test_size; train_duplicates and test_duplicates, int;
    train_duplicates_percent and test_duplicates_percent, of the set's images; note.
    """
    return _by_our_name("table6.csv", "dataset", _DATASETS)


@functools.cache
def huh_table1() -> pd.DataFrame:
    """Returns Huh et al.'s Table 1, transfer from 1000 classes, 127 classes and no training.

    Index: pretraining. Columns: pascal, mean average precision in percent, and sun, accuracy in
    percent; pascal_source and sun_source, where a number is another paper's; note.
    """
    return _read("huh_table1.csv", index_col="pretraining")


@functools.cache
def huh_table2() -> pd.DataFrame:
    """Returns Huh et al.'s Table 2, more examples a class against more classes.

    Index: pretraining, and images ("500K", "250K", "125K"). Columns: pascal, mean average
    precision in percent, and sun, accuracy in percent; note.
    """
    return _read("huh_table2.csv", index_col=["pretraining", "images"])


@functools.cache
def huh_table3() -> pd.DataFrame:
    """Returns Huh et al.'s Table 3, pre-training without PASCAL's classes, and on Places.

    Index: pretraining. Columns: pascal, mean average precision in percent over three runs, and
    pascal_deviation, their standard deviation; note.
    """
    return _read("huh_table3.csv", index_col="pretraining")


def _read(name: str, **options) -> pd.DataFrame:
    """Returns a file of the tables; an empty cell is an empty string."""
    return pd.read_csv(FOLDER / name, comment="#", keep_default_na=False, **options)


def _by_our_name(name: str, column: str, ours: dict[str, str]) -> pd.DataFrame:
    """Returns a table indexed by our names of what a column names; that is paper_name now."""
    table = _read(name).rename(columns={column: "paper_name"})
    return table.set_index(table["paper_name"].map(ours).rename(column))


def _in_our_names(table: pd.DataFrame) -> pd.DataFrame:
    """Returns networks by data sets of Table 5, both renamed."""
    models = {_TABLE5_NAMES.get(printed, printed): ours for printed, ours in _MODELS.items()}
    datasets = {printed: ours for ours, printed in DATASET_COLUMNS.items()}
    renamed = table.rename(index=models, columns=datasets)
    return renamed.rename_axis(index="model", columns="dataset")
