import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro import UserError
from repro.training.grid import GridCost, GridPoint, PointResult, choose, grid, paper_grid

positive = st.floats(1e-9, 1e9)
points = st.builds(GridPoint, positive, st.just(0.0) | positive)


def ratios(of: tuple[GridPoint, ...]) -> list[float]:
    return sorted({point.weight_decay_ratio for point in of})


def rates(of: tuple[GridPoint, ...]) -> list[float]:
    return sorted({point.learning_rate for point in of})


@pytest.mark.parametrize(
    ("init", "rate_powers", "ratio_powers"),
    [("imagenet", (-4, -1), (-5.5, -2.5)), ("random", (-3, 0), (-5, -2))],
)
def test_the_papers_grid_is_every_one_of_7_rates_with_7_ratios_and_0(
    init, rate_powers, ratio_powers
):
    found = paper_grid(init)
    assert len(found) == len(set(found)) == 56
    for values, (lowest, highest) in (
        (rates(found), rate_powers),
        (ratios(found)[1:], ratio_powers),
    ):
        assert len(values) == 7
        powers = [math.log10(value) for value in values]
        step = (highest - lowest) / 6
        assert powers == pytest.approx([lowest + step * i for i in range(7)], abs=1e-9)
    assert ratios(found)[0] == 0


def test_round_values_of_the_papers_grid_are_exact():
    assert {1e-4, 1e-3, 1e-2, 1e-1} < set(rates(paper_grid("imagenet")))
    assert {1e-3, 1e-2, 1e-1, 1.0} < set(rates(paper_grid("random")))
    assert {0.0, 1e-5, 1e-4, 1e-3} < set(ratios(paper_grid("imagenet")))


def test_the_studies_of_size_divide_the_rates_and_leave_the_ratios():
    whole, divided = paper_grid("random"), paper_grid("random", learning_rate_divisor=16)
    assert rates(divided) == pytest.approx([rate / 16 for rate in rates(whole)], rel=1e-11)
    assert ratios(divided) == ratios(whole)


def test_a_grid_keeps_the_order_that_is_given():
    assert grid([0.1, 0.01], [1e-5, 0]) == (
        GridPoint(0.1, 1e-5),
        GridPoint(0.1, 0.0),
        GridPoint(0.01, 1e-5),
        GridPoint(0.01, 0.0),
    )


@pytest.mark.parametrize(
    ("learning_rates", "weight_decay_ratios", "said"),
    [
        ([], [0], "no learning rates"),
        ([0.1], [], "no weight decay ratios"),
        ([0.0], [0], "learning rates must be finite and above 0, not 0"),
        ([math.inf], [0], "not inf"),
        ([0.1], [math.nan], "not nan"),
        ([0.1], [-1e-5], "weight decay ratios must be finite and 0 or above, not -1e-05"),
        ([0.1, 0.1], [0], "learning rates repeat 0.1"),
    ],
)
def test_a_grid_that_cannot_be_is_refused(learning_rates, weight_decay_ratios, said):
    with pytest.raises(UserError, match=said):
        grid(learning_rates, weight_decay_ratios)


# Few percentages, so that ties are common.
results = st.lists(
    st.builds(PointResult, points, st.none() | st.sampled_from([0.0, 50.0, 75.5, 100.0])),
    min_size=1,
    unique_by=lambda result: result.point,
)


@given(results, st.randoms())
def test_the_choice_is_the_best_then_the_smaller_rate_then_the_smaller_ratio(found, random):
    converged = [result for result in found if not result.diverged]
    if not converged:
        with pytest.raises(UserError, match="diverged"):
            choose(found)
        return
    chosen = choose(found)
    assert not chosen.diverged
    for other in converged:
        if other == chosen:
            continue
        assert other.percent <= chosen.percent
        if other.percent == chosen.percent:
            assert other.point.learning_rate >= chosen.point.learning_rate
            if other.point.learning_rate == chosen.point.learning_rate:
                assert other.point.weight_decay_ratio > chosen.point.weight_decay_ratio
    random.shuffle(found)
    assert choose(found) == chosen


def test_the_cost_of_the_papers_search_is_that_of_280_million_images():
    cost = GridCost(points=56, steps=19_531, batch_size=256, images_per_second=350)
    assert cost.images == 279_996_416
    assert str(cost) == (
        "56 points x 19,531 steps x 256 images = 279,996,416 images; "
        "at 350 images/s 9 days 6 hours of one process"
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(90, "1 minute 30 seconds"), (3_599.9, "1 hour"), (7, "7 seconds"), (86_400, "1 day")],
)
def test_a_duration_is_said_in_its_two_largest_units(seconds, said):
    cost = GridCost(points=1, steps=10, batch_size=1, images_per_second=10 / seconds)
    assert str(cost).endswith(f"images/s {said} of one process")


def test_without_a_known_speed_no_time_is_claimed():
    cost = GridCost(points=4, steps=10, batch_size=8)
    assert cost.seconds is None
    assert str(cost) == "4 points x 10 steps x 8 images = 320 images"
