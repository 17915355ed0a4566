"""What settings, data sets and networks are called in the figures, and their colours."""

from collections.abc import Iterable, Mapping

import pandas as pd

from repro.figures import style

SETTINGS = {
    "logistic_regression": "Logistic regression",
    "finetune": "Fine-tuned",
    "random_init": "Random initialization",
    "svm": "SVM",
    "knn": "k-nearest neighbors",
    "augmented_logistic_regression": "Logistic regression, augmented",
}
# The same colour and marker for a setting in all figures.
SETTING_COLORS = {
    "logistic_regression": "#88CCEE",
    "finetune": "#332288",
    "random_init": "#CC6677",
    "svm": "#DDCC77",
    "knn": "#999933",
    "augmented_logistic_regression": "#44AA99",
}
SETTING_MARKERS = {
    "logistic_regression": "o",
    "finetune": "s",
    "random_init": "^",
    "svm": "D",
    "knn": "v",
    "augmented_logistic_regression": "P",
}
DATASETS = {  # in the order of Table 1
    "food101": "Food-101",
    "cifar10": "CIFAR-10",
    "cifar100": "CIFAR-100",
    "birdsnap": "Birdsnap",
    "sun397": "SUN397",
    "cars": "Cars",
    "aircraft": "Aircraft",
    "voc2007": "VOC2007",
    "dtd": "DTD",
    "pets": "Pets",
    "caltech101": "Caltech-101",
    "flowers": "Flowers",
}
# Ten colours for twelve: two that share one differ in shape, and are far apart in accuracy.
_DATASET_LOOKS = {
    "food101": ("#332288", "o"),
    "cifar10": ("#CC6677", "^"),
    "cifar100": ("#117733", "s"),
    "birdsnap": ("#DDCC77", "D"),
    "sun397": ("#88CCEE", "v"),
    "cars": ("#882255", "o"),
    "aircraft": ("#44AA99", "^"),
    "voc2007": ("#999933", "s"),
    "dtd": ("#AA4499", "D"),
    "pets": ("#000000", "v"),
    "caltech101": ("#332288", "^"),
    "flowers": ("#88CCEE", "s"),
}
_OWN_MARKERS = ("P", "X", "*")  # of data sets that are not the paper's
LINE_COLOR = "#4477AA"  # "plotted in blue" (Figure 2)
BEST_COLOR = "#117733"  # "colored green"
OTHER_COLOR = "#555555"


def dataset_label(dataset: str) -> str:
    """Returns a data set's name in a figure: its own where it is not one of the paper's."""
    return DATASETS.get(dataset, dataset)


def setting_label(setting: str) -> str:
    """Returns a setting's name in a figure."""
    return SETTINGS.get(setting, setting)


def network_labels(networks: pd.DataFrame | None) -> Mapping[str, str]:
    """Returns the names of the networks that have one in a figure.

    Args:
      networks: indexed by model, with a column paper_name, as `paper.table4()`; or None.
    """
    if networks is None or "paper_name" not in networks:
        return {}
    return {model: name for model, name in networks["paper_name"].items() if isinstance(name, str)}


def in_order(datasets: Iterable[str]) -> list[str]:
    """Returns different names of data sets: the paper's in its order, then others as they come."""
    given = dict.fromkeys(datasets)
    return [name for name in DATASETS if name in given] + [n for n in given if n not in DATASETS]


def dataset_look(dataset: str, datasets: Iterable[str]) -> tuple[str, str]:
    """Returns colour and marker of a data set, the same in all figures for the paper's.

    Args:
      dataset: one of `datasets`.
      datasets: all that are drawn.
    """
    if dataset in _DATASET_LOOKS:
        return _DATASET_LOOKS[dataset]
    index = [name for name in in_order(datasets) if name not in DATASETS].index(dataset)
    return style.COLORS[index % len(style.COLORS)], _OWN_MARKERS[index % len(_OWN_MARKERS)]
