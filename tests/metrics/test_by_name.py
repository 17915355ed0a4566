import numpy as np
import pytest

from repro.metrics import METRICS, compute, mean_average_precision

LABELS = np.array([0, 0, 0, 1])
SCORES = np.array([[0.9, 0.1], [0.8, 0.2], [0.2, 0.8], [0.3, 0.7]])


def test_each_name_is_its_metric():
    assert compute("top1", LABELS, SCORES) == 3 / 4
    assert compute("mean_per_class", LABELS, SCORES) == pytest.approx((2 / 3 + 1) / 2)
    signed = np.where(LABELS[:, None] == np.arange(2), 1, -1)
    assert compute("map11", signed, SCORES) == mean_average_precision(signed, SCORES)
    assert set(METRICS) == {"top1", "mean_per_class", "map11"}


def test_among_equal_scores_the_lowest_class_is_predicted():
    assert compute("top1", [0, 1, 1], [[0.5, 0.5, 0.5], [0.2, 0.5, 0.5], [0.5, 0.5, 0.1]]) == 2 / 3


def test_predictions_serve_as_well_as_scores():
    predictions = SCORES.argmax(axis=1)
    assert compute("top1", LABELS, predictions) == compute("top1", LABELS, SCORES)
    assert compute("mean_per_class", LABELS, predictions, num_classes=2) == compute(
        "mean_per_class", LABELS, SCORES
    )


def test_a_class_that_only_the_scores_know_counts_as_absent():
    assert compute("mean_per_class", [0, 2], np.eye(4)[[0, 2]]) == 1.0


def test_an_unknown_name_is_answered_with_the_nearest_ones():
    with pytest.raises(ValueError, match=r"metric=top_1 is unknown\. Did you mean top1"):
        compute("top_1", LABELS, SCORES)


@pytest.mark.parametrize("metric_name", METRICS)
def test_scores_that_are_not_finite_are_counted_in_the_error(metric_name):
    labels = np.where(LABELS[:, None] == np.arange(2), 1, -1) if metric_name == "map11" else LABELS
    scores = SCORES.copy()
    scores[1:3, 0] = np.nan
    with pytest.raises(ValueError, match="2 of 8 scores are NaN or infinite"):
        compute(metric_name, labels, scores)


def test_numbers_of_classes_that_disagree_are_refused():
    with pytest.raises(ValueError, match="scores has 2 columns, but there are 3 classes"):
        compute("top1", LABELS, SCORES, num_classes=3)
    with pytest.raises(ValueError, match="needs num_classes"):
        compute("mean_per_class", LABELS, LABELS)
    with pytest.raises(ValueError, match="no classes"):
        compute("top1", LABELS, np.zeros((4, 0)))
