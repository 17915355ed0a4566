import numpy as np
import pytest

from repro.statistics import correlate, inverse_logit, logit, prediction

IMAGENET = np.array([0.6, 0.68, 0.7, 0.74, 0.78, 0.8])
NOISE = np.array([0.1, -0.2, 0.05, 0.15, -0.05, 0.0])
DIFFICULTY = np.array([2.0, -1.0, 0.5])
TABLE = inverse_logit((0.8 * logit(IMAGENET) + NOISE)[:, None] + DIFFICULTY)


def test_the_interval_is_that_of_a_new_observation_by_least_squares():
    design = np.column_stack([np.ones(6), logit(IMAGENET)])
    y = logit(TABLE).mean(axis=1)
    coefficients, squares, *_ = np.linalg.lstsq(design, y, rcond=None)
    row = np.array([1, logit(0.9)])
    error = np.sqrt(squares[0] / 4 * (1 + row @ np.linalg.inv(design.T @ design) @ row))
    placed = prediction(IMAGENET, TABLE, 0.9, [0.9, 0.9, 0.9])
    assert placed.expected == pytest.approx(row @ coefficients)
    t_of_4 = 2.7764451  # 97.5%, from a table
    assert [placed.low, placed.high] == pytest.approx(
        [placed.expected - t_of_4 * error, placed.expected + t_of_4 * error]
    )


@pytest.mark.parametrize(
    ("better", "position"), [(1.5, "above"), (0.05, "within"), (-0.05, "within"), (-1.5, "below")]
)
def test_a_network_is_placed_relative_to_the_line(better, position):
    on_the_line = correlate(IMAGENET, TABLE).line(0.75)
    centered = DIFFICULTY - DIFFICULTY.mean()
    placed = prediction(IMAGENET, TABLE, 0.75, inverse_logit(on_the_line + better + centered))
    assert placed.position == position
    assert placed.odds_ratio == pytest.approx(np.exp(better))
    assert (placed.num_networks, placed.num_datasets) == (6, 3)


def test_only_the_data_sets_that_the_new_network_has_make_the_line():
    new = np.array([0.8, np.nan, 0.6])
    placed = prediction(IMAGENET, TABLE, 0.75, new)
    assert placed == prediction(IMAGENET, TABLE[:, [0, 2]], 0.75, new[[0, 2]])
    assert placed.num_datasets == 2


def test_the_interval_holds_a_network_that_follows_the_line_as_often_as_it_says():
    rng = np.random.default_rng(0)
    x, trials = logit(IMAGENET), 1000
    inside = 0
    for _ in range(trials):
        y = inverse_logit(0.5 * x + rng.normal(0, 0.2, size=6))[:, None]
        new = inverse_logit(0.5 * logit(0.83) + rng.normal(0, 0.2))
        inside += prediction(IMAGENET, y, 0.83, [new], level=0.8).position == "within"
    assert inside / trials == pytest.approx(0.8, abs=4 * np.sqrt(0.8 * 0.2 / trials))


@pytest.mark.parametrize(
    ("imagenet", "new", "message"),
    [
        (0.75, [0.5, 0.6], r"needs 3 accuracies, NaN where it has none; they are \[2\]"),
        (0.75, [np.nan] * 3, "one on a data set of the others"),
        (np.nan, [0.5, 0.6, 0.7], "needs an ImageNet accuracy"),
        (0.75, [0.5, 0.6, 1.0], "exactly 0 or 1"),
    ],
)
def test_what_cannot_be_placed_is_refused(imagenet, new, message):
    with pytest.raises(ValueError, match=message):
        prediction(IMAGENET, TABLE, imagenet, new)
