"""What each of the paper's figures is drawn from, the printed tables or runs of one's own."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from repro.figures import (
    cells,
    classifiers,
    convergence,
    dataset_size,
    imagenet_correlation,
    setting_bars,
    setting_pairs,
)
from repro.paper import tables

OF_CELLS = (2, 3, 4, 7, 8)
OF_STUDIES = (5, 6)
FROM_THE_PAPER = (2, 3, 4)  # the others show what its tables do not print
_SETTINGS = {  # of the figures of Table 5's cells
    2: imagenet_correlation.SETTINGS,
    3: tuple(dict.fromkeys(setting for pair in setting_pairs.PAIRS for setting in pair)),
    4: setting_bars.SETTINGS,
    7: ("svm", "knn"),
    8: ("augmented_logistic_regression",),
}
Draw = Callable[[float], Figure]


@dataclass(frozen=True)
class Caption:
    """What is said of a figure.

    Attributes:
      title: its subject.
      description: what it shows and how.
      section: of the paper.
      command: that makes the runs that it is drawn from.
    """

    title: str
    description: str
    section: str
    command: str


CAPTIONS = {
    1: Caption(
        "Features of one network before and after training on a data set",
        "t-SNE of the penultimate features of test images, a colour for each of ten classes.",
        "4.4",
        "python -m repro.report --figure=1 --model=inception_v4 --dataset=aircraft "
        "--runs=FOLDER,FOLDER --output=figure1.png",
    ),
    2: Caption(
        "ImageNet accuracy and transfer accuracy",
        "A panel for each data set, with the regression line and its 95% bootstrap band; beside "
        "them the average over data sets with its standard errors. Green: not significantly "
        "different from the best network. Axes are logit-scaled.",
        "4.1 and 4.2",
        "python -m repro.logistic_regression --model=all --dataset=all",
    ),
    3: Caption(
        "One setting against another",
        "A point for each network and data set; above the diagonal the setting of the y-axis is "
        "better. Axes are logit-scaled.",
        "4.2 and 4.3",
        "python -m repro.finetune --flagfile=flags/paper/finetune.flags --model=all --dataset=all",
    ),
    4: Caption(
        "Accuracy in each setting, averaged over networks",
        "Bars are means of logits, error bars standard errors, points networks; black lines are "
        "the best results known before the paper.",
        "4.4",
        "python -m repro.finetune --flagfile=flags/paper/random_init.flags --model=all "
        "--dataset=all",
    ),
    5: Caption(
        "Accuracy against the number of training steps",
        "Each point is an independent run; a ring marks the fewest steps that reach 90% of the "
        "maximum odds of correct classification.",
        "4.5",
        "python -m repro.finetune --flagfile=flags/paper/convergence_finetune.flags "
        "--model=inception_v4 --dataset=cars",
    ),
    6: Caption(
        "Accuracy against the number of training examples",
        "Means of logits over subsets of the training set, with standard errors.",
        "4.6",
        "python -m repro.finetune --flagfile=flags/paper/dataset_size_finetune.flags "
        "--model=inception_v4 --dataset=cars --per_class=1,2,4,8,16,32",
    ),
    7: Caption(
        "Other classifiers of fixed features",
        "Left transfer accuracy against ImageNet accuracy; right the classifier against logistic "
        "regression.",
        "B",
        "python -m repro.logistic_regression --model=all --dataset=all --classifier=svm",
    ),
    8: Caption(
        "Logistic regression trained with data augmentation",
        "Left transfer accuracy against ImageNet accuracy; right against logistic regression "
        "without augmentation, and fine-tuning against it.",
        "B",
        "python -m repro.logistic_regression --model=all --dataset=all "
        "--classifier=augmented_logistic_regression",
    ),
}


def printed_results() -> pd.DataFrame:
    """Returns Table 5, a row a cell: model, dataset, setting, value (percent)."""
    parts = [
        tables.table5_accuracies(setting)
        .stack()
        .rename("value")
        .reset_index()
        .assign(setting=setting)
        for setting in tables.SETTINGS
    ]
    return pd.concat(parts, ignore_index=True)


def can_be_drawn(number: int, results: pd.DataFrame) -> bool:
    """Returns whether results of cells have anything that Figure 2, 3, 4, 7 or 8 shows.

    Args:
      number: of the figure.
      results: a row a cell, with the column setting.
    """
    return bool(results["setting"].isin(_SETTINGS[number]).any())


def of_cells(number: int, results: pd.DataFrame) -> Draw:
    """Returns what draws Figure 2, 3, 4, 7 or 8 at a width in inches.

    Args:
      number: of the figure.
      results: a row a cell, with `cells.COLUMNS`, and for Figure 2 perhaps `BEST_COLUMN`. What
        Table 5 has of the figure's settings and the results lack is named in the figure.
    """
    known = printed_results()
    results = cells.complete(results, known[known["setting"].isin(_SETTINGS[number])])
    networks = tables.table4()
    if number == 2:
        return lambda width: imagenet_correlation.draw(results, networks, width=width)
    if number == 3:
        return lambda width: setting_pairs.draw(results, networks, width=width)
    if number == 4:
        previous = tables.table2()["previous_accuracy"]
        return lambda width: setting_bars.draw(results, previous, networks, width=width)
    rows = {7: classifiers.FIGURE_7, 8: classifiers.FIGURE_8}[number]
    return lambda width: classifiers.draw(results, networks, rows, width=width)


def of_study(number: int, runs: pd.DataFrame) -> Draw:
    """Returns what draws Figure 5 or 6 at a width in inches.

    Args:
      number: of the figure.
      runs: of one network, from `studies.runs_of`.
    """
    if number == 5:
        sizes = runs.groupby("dataset")["n_train"].first().to_dict()
        batch_size = int(runs["batch_size"].mode()[0])
        return lambda width: convergence.draw(
            runs, train_sizes=sizes, batch_size=batch_size, width=width
        )
    return lambda width: dataset_size.draw(runs, width=width)
