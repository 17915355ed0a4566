"""Figures 7 and 8 have ImageNet's correlation on the left, and one classifier against another."""

import numpy as np
import pandas as pd
import pytest

from repro import statistics
from repro.figures import classifiers, names
from repro.paper import tables
from tests.figures import drawn


def results() -> pd.DataFrame:
    """Returns Table 5, and classifiers of which each has its log odds shifted by one amount."""
    printed = drawn.printed_results()
    shifts = {"svm": 0.006, "knn": -0.6, "augmented_logistic_regression": 0.04}
    fixed = printed[printed["setting"] == "logistic_regression"]
    logits = statistics.logit(fixed["value"] / 100)
    others = [
        fixed.assign(setting=name, value=100 * statistics.inverse_logit(logits + shift))
        for name, shift in shifts.items()
    ]
    return pd.concat([printed, *others], ignore_index=True)


def draw(table: pd.DataFrame, rows=classifiers.FIGURE_7, **options):
    return classifiers.draw(table, tables.table4(), rows, **options)


def test_figure_7_has_svm_and_nearest_neighbours_against_logistic_regression():
    axes = draw(results()).axes
    pairs = [axis for axis in axes if axis.get_xlabel()]
    assert len(axes) == 26
    assert [axis.get_ylabel() for axis in pairs] == ["SVM (%)", "k-nearest neighbors (%)"]
    assert {axis.get_xlabel() for axis in pairs} == {"Logistic regression (%)"}
    assert [len(drawn.points(axis)) for axis in pairs] == [156, 156]
    svm, knn = (axis.get_title() for axis in pairs)
    assert "156 of 156" in svm and "odds ratio 1.006" in svm and "r = 1.0000" in svm
    assert "0 of 156" in knn and "odds ratio 0.55" in knn


def test_figure_8_has_augmentation_against_none_and_fine_tuning_against_augmentation():
    pairs = [axis for axis in draw(results(), classifiers.FIGURE_8).axes if axis.get_xlabel()]
    augmented = "Logistic regression, augmented (%)"
    assert [(axis.get_xlabel(), axis.get_ylabel()) for axis in pairs] == [
        ("Logistic regression (%)", augmented),
        (augmented, "Fine-tuned (%)"),
    ]
    assert "odds ratio 1.041" in pairs[0].get_title()  # exp(0.04)


def test_panels_on_the_left_are_those_of_figure_2():
    table = results()
    grid = [axis for axis in draw(table).axes if not axis.get_xlabel()][:12]
    svm = table[table["setting"] == "svm"].pivot(index="model", columns="dataset", values="value")
    imagenet = tables.table4().loc[svm.index, "imagenet_top1"].to_numpy() / 100
    for axis, dataset in zip(grid, names.DATASETS, strict=True):
        expected = statistics.correlate(imagenet, svm[[dataset]] / 100)
        assert axis.get_title("left") == names.dataset_label(dataset)
        assert axis.get_title("right") == f"$r^2$ {expected.r_squared:.2f}"


def test_what_has_not_been_run_is_said():
    table = results()
    figure = draw(table[(table["setting"] != "knn") & (table["dataset"] == "pets")])
    assert "no results" in drawn.texts(figure)
    assert "k-nearest neighbors: no results." in drawn.note(figure)
    assert len(figure.axes) == 2
    assert drawn.texts(draw(table.iloc[:0])).count("no results") == 2


def test_networks_of_unknown_imagenet_accuracy_leave_the_comparison():
    table = results()
    mine = table[table["model"] == "inception_v4"].assign(model="mine")
    figure = draw(mine)
    assert "no network of known ImageNet accuracy" in drawn.texts(figure)
    assert [len(drawn.points(axis)) for axis in figure.axes] == [12, 12]


@pytest.mark.parametrize(
    ("rows", "width"), [(classifiers.FIGURE_8, 7.2), (classifiers.FIGURE_8, 4.2)]
)
def test_nothing_written_is_cut_off_or_on_top_of_other_words(rows, width):
    assert drawn.unreadable(draw(results(), rows, width=width)) == []


def test_a_shifted_classifier_lies_off_the_diagonal_by_its_shift():
    (_, knn) = (axis for axis in draw(results()).axes if axis.get_xlabel())
    x, y = statistics.logit(drawn.points(knn)).T
    np.testing.assert_allclose(y - x, -0.6)
