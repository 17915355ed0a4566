"""The paper's tables, read from `paper_tables/`, where they are kept as printed."""

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
def table5() -> pd.DataFrame:
    """Returns Table 5, indexed by (setting, network), a column a data set, in percent."""
    return pd.read_csv(FOLDER / "table5.csv", comment="#", index_col=["setting", "network"])
