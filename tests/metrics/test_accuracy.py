import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repro.metrics import mean_per_class_accuracy, top1_accuracy

CASES = json.loads((Path(__file__).parents[1] / "golden" / "metric_cases.json").read_text())[
    "cases"
]


@pytest.mark.parametrize(
    "case", [pytest.param(c, id=c["name"]) for c in CASES if c["kind"] == "mean_per_class"]
)
def test_every_golden_case_is_met(case):
    labels, predictions = case["y_true"], case["y_pred"]
    assert top1_accuracy(labels, predictions) == pytest.approx(case["top1"], abs=1e-12)
    assert mean_per_class_accuracy(labels, predictions, case["num_classes"]) == pytest.approx(
        case["expected"], abs=1e-12
    )


@given(
    num_classes=st.integers(1, 6),
    examples_per_class=st.integers(1, 5),
    random=st.randoms(use_true_random=False),
)
@settings(deadline=None, max_examples=50)
def test_both_agree_where_every_class_has_as_many_examples(num_classes, examples_per_class, random):
    labels = np.repeat(np.arange(num_classes), examples_per_class)
    predictions = [random.randrange(num_classes) for _ in labels]
    assert mean_per_class_accuracy(labels, predictions, num_classes) == pytest.approx(
        top1_accuracy(labels, predictions)
    )


@given(
    pairs=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40),
    random=st.randoms(use_true_random=False),
)
@settings(deadline=None, max_examples=50)
def test_the_order_of_the_examples_does_not_matter(pairs, random):
    labels, predictions = zip(*pairs, strict=True)
    shuffled = random.sample(pairs, len(pairs))
    shuffled_labels, shuffled_predictions = zip(*shuffled, strict=True)
    assert top1_accuracy(labels, predictions) == top1_accuracy(
        shuffled_labels, shuffled_predictions
    )
    assert mean_per_class_accuracy(labels, predictions, 5) == mean_per_class_accuracy(
        shuffled_labels, shuffled_predictions, 5
    )


@pytest.mark.parametrize(
    ("labels", "predictions", "message"),
    [
        ([], [], "n at least 1"),
        ([0, 1], [0], r"\[2\] and \[1\]"),
        ([[0]], [[0]], r"must both have the shape \[n\]"),
        ([0.0, 1.0], [0, 1], "labels must be integer class indices; their type is float64"),
        ([0, 1], [True, False], "predictions must be integer class indices; their type is bool"),
    ],
)
def test_what_is_not_a_list_of_classes_is_refused(labels, predictions, message):
    with pytest.raises(ValueError, match=message):
        top1_accuracy(labels, predictions)
    with pytest.raises(ValueError, match=message):
        mean_per_class_accuracy(labels, predictions, 2)


def test_a_class_index_out_of_range_is_refused():
    with pytest.raises(ValueError, match=r"labels must lie in \[0, 2\).*they span \[0, 2\]"):
        mean_per_class_accuracy([0, 2], [0, 1], 2)
    with pytest.raises(ValueError, match=r"predictions must lie in \[0, 2\).*span \[-1, 0\]"):
        mean_per_class_accuracy([0, 1], [0, -1], 2)
