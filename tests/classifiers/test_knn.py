import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repro.classifiers import K_VALUES, knn, nearest_neighbor_scores


def by_definition(features, labels, num_classes, k, query):
    """The class of most votes among the k nearest; of equals the one with the nearest example."""
    distances = np.array([np.linalg.norm(query - each) for each in features])
    nearest = np.argsort(np.round(distances, 9), kind="stable")[:k]
    votes = np.bincount(labels[nearest], minlength=num_classes)
    tied = np.flatnonzero(votes == votes.max())
    closest = [np.round(min(distances[i] for i in nearest if labels[i] == c), 9) for c in tied]
    return tied[int(np.argmin(closest))]


@given(
    n=st.integers(1, 25),
    d=st.integers(1, 4),
    num_classes=st.integers(1, 4),
    coarse=st.booleans(),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=60)
def test_predictions_are_those_of_the_definition(n, d, num_classes, coarse, seed):
    rng = np.random.default_rng(seed)
    features, queries = (
        rng.integers(3, size=(rows, d)) if coarse else rng.random((rows, d)) for rows in (n, 7)
    )
    labels = rng.integers(num_classes, size=n)
    ks = np.unique([1, (n + 1) // 2, n])
    scores = nearest_neighbor_scores(features, labels, num_classes, ks, queries)
    for row, k in zip(scores, ks, strict=True):
        expected = [by_definition(features, labels, num_classes, k, query) for query in queries]
        assert row.argmax(axis=1).tolist() == expected


def test_blocks_of_queries_change_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    arguments = (rng.random((50, 6)), rng.integers(3, size=50), 3, [1, 5], rng.random((23, 6)))
    whole = nearest_neighbor_scores(*arguments)
    monkeypatch.setattr(knn, "_BLOCK", 4 * 50)
    calls = []
    parts = nearest_neighbor_scores(*arguments, progress=lambda *call: calls.append(call))
    np.testing.assert_allclose(parts, whole, rtol=1e-12)
    assert calls[0] == (4, 23) and calls[-1] == (23, 23)


def test_of_equally_near_examples_the_first_is_the_nearer():
    features = np.zeros((6, 3), np.float32)
    labels = np.array([2, 1, 0, 1, 0, 0])
    scores = nearest_neighbor_scores(features, labels, 3, [1, 2, 4, 6], np.zeros((1, 3)))
    votes = np.floor(scores[:, 0]).astype(int).tolist()
    assert votes == [[0, 0, 1], [0, 1, 1], [1, 2, 1], [3, 2, 1]]


def test_of_classes_with_as_many_votes_the_one_with_the_nearest_example_wins():
    scores = nearest_neighbor_scores([[3.0], [1.0]], [0, 1], 2, [2], [[0.0]])
    assert scores[0].argmax() == 1
    np.testing.assert_allclose(scores[0, 0], [1 + 1 / 5, 1 + 1 / 3])


def test_a_difficult_example_casts_no_vote():
    features = np.array([[0.0], [1.0], [2.0]])
    labels = np.array([[1, 0], [-1, 1], [1, -1]])
    scores = nearest_neighbor_scores(features, labels, 2, [1, 3], [[0.0]])
    np.testing.assert_allclose(scores[0, 0], [1.5, 0.0])
    np.testing.assert_allclose(scores[1, 0], [1.5, 1 / 3])


def test_the_values_of_k_rise_from_1():
    assert K_VALUES[0] == 1 and list(K_VALUES) == sorted(set(K_VALUES))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"k_values": [5]}, r"k must be in \[1, 4\], the number of examples; it is \[5\]"),
        ({"k_values": [0]}, r"k must be in \[1, 4\]"),
        ({"k_values": []}, "k_values must be a list of integers"),
        ({"k_values": [1.5]}, "k_values must be a list of integers"),
        ({"queries": np.ones((2, 3))}, r"as wide; they are \[4, 2\] and \[2, 3\]"),
        ({"queries": [[np.nan, 1.0]]}, "1 of 2 features are NaN"),
        ({"labels": [0, 1, 2, 3]}, r"must lie in \[0, 2\]"),
    ],
)
def test_what_cannot_be_answered_is_refused(change, message):
    arguments = {
        "features": np.ones((4, 2)),
        "labels": [0, 1, 2, 0],
        "num_classes": 3,
        "k_values": [1],
        "queries": np.ones((2, 2)),
    } | change
    with pytest.raises(ValueError, match=message):
        nearest_neighbor_scores(**arguments)
