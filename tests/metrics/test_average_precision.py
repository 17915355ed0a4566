import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from repro.metrics import eleven_point_average_precision, mean_average_precision

CASES = json.loads((Path(__file__).parents[1] / "golden" / "metric_cases.json").read_text())[
    "cases"
]
TOLERANCE = 1e-9


def cases_of(kind):
    return [pytest.param(case, id=case["name"]) for case in CASES if case["kind"] == kind]


@st.composite
def ranked_examples(draw):
    """Labels with at least one positive, and scores of which no two are equal."""
    labels = np.array(draw(st.lists(st.sampled_from([1, 0, -1]), min_size=1, max_size=40)))
    assume((labels == 1).any())
    scores = np.array(draw(st.permutations(range(labels.size))), dtype=float)
    return labels, scores


def by_the_definition(labels, scores):
    """The kit's program, line for line, with exact recall levels; O(n) memory and no shortcuts."""
    order = sorted(range(len(labels)), key=lambda i: -scores[i])
    true_positives = false_positives = 0
    curve = []
    for i in order:
        true_positives += labels[i] == 1
        false_positives += labels[i] == -1
        if true_positives + false_positives:
            curve.append((true_positives, true_positives / (true_positives + false_positives)))
    num_positives = sum(label == 1 for label in labels)
    total = 0.0
    for k in range(11):
        total += max(precision for found, precision in curve if 10 * found >= k * num_positives)
    return total / 11


@pytest.mark.parametrize("case", cases_of("ap11"))
def test_every_golden_case_of_one_class_is_met(case):
    average_precision = eleven_point_average_precision(case["gt"], case["scores"])
    if case["expected"] is None:
        assert np.isnan(average_precision)
    else:
        assert average_precision == pytest.approx(case["expected"], abs=TOLERANCE)


@pytest.mark.filterwarnings("ignore:No positive example:RuntimeWarning")
@pytest.mark.parametrize("case", cases_of("map11"))
def test_every_golden_case_of_several_classes_is_met(case):
    labels, scores = np.array(case["gt"]), np.array(case["scores"])
    assert mean_average_precision(labels, scores) == pytest.approx(
        case["expected_mean_defined"], abs=TOLERANCE
    )
    for column, expected in enumerate(case["per_class"]):
        average_precision = eleven_point_average_precision(labels[:, column], scores[:, column])
        assert average_precision == pytest.approx(
            float("nan") if expected is None else expected, abs=TOLERANCE, nan_ok=True
        )


def test_a_class_without_positives_is_named_in_a_warning_and_left_out():
    labels = np.array([[1, -1, 0], [-1, -1, -1]])
    with pytest.warns(RuntimeWarning, match=r"2 of 3 classes \(index 1, 2\)"):
        assert mean_average_precision(labels, np.zeros((2, 3))) == 1.0


def test_a_mean_over_no_class_at_all_is_nan():
    with pytest.warns(RuntimeWarning, match="2 of 2 classes"):
        assert np.isnan(mean_average_precision(-np.ones((3, 2), int), np.zeros((3, 2))))


@given(ranked_examples())
@settings(deadline=None, max_examples=100)
def test_the_measure_is_the_definition_of_the_kit(examples):
    labels, scores = examples
    assert eleven_point_average_precision(labels, scores) == pytest.approx(
        by_the_definition(labels, scores), abs=TOLERANCE
    )


@given(st.lists(st.tuples(st.sampled_from([1, 0, -1]), st.integers(0, 3)), min_size=1, max_size=30))
@settings(deadline=None, max_examples=100)
def test_tied_scores_keep_the_order_of_the_input(pairs):
    labels, scores = (np.array(column) for column in zip(*pairs, strict=True))
    untied = scores.astype(float) - 0.001 * np.arange(scores.size)
    assert eleven_point_average_precision(labels, scores) == pytest.approx(
        eleven_point_average_precision(labels, untied), abs=TOLERANCE, nan_ok=True
    )


@given(ranked_examples(), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=50)
def test_neither_the_scale_of_the_scores_nor_the_order_of_the_examples_matters(examples, random):
    labels, scores = examples
    average_precision = eleven_point_average_precision(labels, scores)
    assert 0.0 <= average_precision <= 1.0
    assert eleven_point_average_precision(labels, np.exp(scores / 10) - 5) == average_precision
    order = random.sample(range(labels.size), labels.size)
    assert eleven_point_average_precision(labels[order], scores[order]) == average_precision


@given(ranked_examples())
@settings(deadline=None, max_examples=50)
def test_difficult_examples_do_not_matter_wherever_they_rank(examples):
    labels, scores = examples
    counted = labels != 0
    expected = eleven_point_average_precision(labels[counted], scores[counted])
    assert eleven_point_average_precision(labels, scores) == expected
    assert eleven_point_average_precision(labels, np.where(counted, scores, 1e6)) == expected
    assert eleven_point_average_precision(labels, np.where(counted, scores, -1e6)) == expected


def test_unsigned_scores_rank_like_signed_ones():
    assert eleven_point_average_precision([1, -1, -1], np.array([9, 3, 0], np.uint8)) == 1.0


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([1, -1], [0.5], r"\[2\] and \[1\]"),
        ([[1]], [[0.5]], r"must both have the shape \[n\]"),
        ([1, 2], [0.5, 0.5], "given are 1, 2 of type int64"),
        ([True, False], [0.5, 0.5], "type bool"),
        ([1.0, -1.0], [0.5, 0.5], "type float64"),
        ([1, -1, -1], [0.5, np.nan, np.inf], "2 of 3 scores are NaN or infinite"),
    ],
)
def test_what_cannot_be_ranked_is_refused(labels, scores, message):
    with pytest.raises(ValueError, match=message):
        eleven_point_average_precision(labels, scores)


def test_no_classes_at_all_are_refused():
    with pytest.raises(ValueError, match="no classes"):
        mean_average_precision(np.zeros((3, 0), int), np.zeros((3, 0)))
