import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from repro.statistics import bootstrap_correlation, correlate, inverse_logit, logit


def some_networks(seed: int, num_networks: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Returns ImageNet accuracies [M] and accuracies [M, 4] that follow them, with noise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(1, 0.5, size=num_networks)
    noise = rng.normal(0, 0.3, size=(num_networks, 4))
    return inverse_logit(x), inverse_logit(0.7 * x[:, None] + [2, 0, -1, 0.5] + noise)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30)
def test_it_is_the_correlation_of_the_logits(seed):
    imagenet, table = some_networks(seed)
    x, y = logit(imagenet), logit(table).mean(axis=1)
    correlation = correlate(imagenet, table)
    assert correlation.r == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert correlation.r_squared == pytest.approx(correlation.r**2)
    assert correlation.spearman == pytest.approx(stats.spearmanr(x, y).statistic)
    assert [correlation.slope, correlation.intercept] == pytest.approx(np.polyfit(x, y, 1))
    assert correlation.line(imagenet).mean() == pytest.approx(y.mean())


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20)
def test_error_rates_correlate_as_accuracies_do_and_the_order_does_not_matter(seed):
    imagenet, table = some_networks(seed)
    correlation, errors = correlate(imagenet, table), correlate(1 - imagenet, 1 - table)
    shuffled = np.random.default_rng(seed).permutation(len(table))
    for other in (errors, correlate(imagenet[shuffled], table[shuffled])):
        assert other.r == pytest.approx(correlation.r)
        assert other.slope == pytest.approx(correlation.slope)
        assert other.spearman == pytest.approx(correlation.spearman)


def test_networks_without_an_accuracy_are_left_out():
    imagenet, table = some_networks(0)
    wider = np.vstack([table, np.full(4, np.nan), table[:1]])
    given = dataclasses.astuple(correlate([*imagenet, 0.7, np.nan], wider))
    assert given == pytest.approx(dataclasses.astuple(correlate(imagenet, table)))
    assert correlate(imagenet, table).num_networks == 8


@pytest.mark.parametrize(
    ("imagenet", "table", "message"),
    [
        ([0.7, 0.8], [[0.5], [0.6]], "needs 3 networks with both accuracies; there are 2"),
        ([0.7, 0.8, np.nan], [[0.5], [0.6], [0.7]], "there are 2"),
        ([0.7, 0.7, 0.7], [[0.5], [0.6], [0.7]], "one ImageNet accuracy"),
        ([0.6, 0.7, 0.8], [[0.5], [0.5], [0.5]], "one transfer accuracy"),
        ([0.6, 0.7], [[0.5], [0.6], [0.7]], r"of 3 networks.*shape \[2\]"),
        ([70.9, 71, 80], [[0.5], [0.6], [0.7]], "not percentages"),
    ],
)
def test_what_has_no_correlation_is_refused(imagenet, table, message):
    with pytest.raises(ValueError, match=message):
        correlate(imagenet, table)


def test_the_bootstrap_agrees_with_scipys():
    imagenet, table = some_networks(3, num_networks=13)
    x, y = logit(imagenet), logit(table).mean(axis=1)
    at = 0.75

    def covariance(x, y):
        return (x * y).mean(axis=-1) - x.mean(axis=-1) * y.mean(axis=-1)

    def r_squared(x, y, axis):
        assert axis == -1
        return covariance(x, y) ** 2 / (covariance(x, x) * covariance(y, y))

    def height(x, y, axis):
        slope = covariance(x, y) / covariance(x, x)
        return y.mean(axis) + slope * (logit(at) - x.mean(axis))

    ours = bootstrap_correlation(imagenet, table, at=at, num_samples=20_000)
    for statistic, interval in ((r_squared, ours.r_squared), (height, (ours.low, ours.high))):
        theirs = stats.bootstrap(
            (x, y),
            statistic,
            paired=True,
            vectorized=True,
            method="percentile",
            n_resamples=20_000,
            random_state=np.random.default_rng(1),
        ).confidence_interval
        spread = theirs.high - theirs.low
        assert np.ravel(interval) == pytest.approx([theirs.low, theirs.high], abs=0.03 * spread)


def test_networks_on_one_line_have_a_band_of_no_width():
    imagenet = np.array([0.6, 0.7, 0.75, 0.8])
    table = inverse_logit(0.5 * logit(imagenet)[:, None] + [1.0, 2.0])
    intervals = bootstrap_correlation(imagenet, table, at=[0.5, 0.65, 0.9], num_samples=500)
    line = correlate(imagenet, table).line([0.5, 0.65, 0.9])
    assert intervals.low == pytest.approx(line)
    assert intervals.high == pytest.approx(line)
    assert intervals.r_squared == pytest.approx((1, 1))


def test_a_seed_fixes_the_bootstrap_and_a_wider_level_widens_it():
    imagenet, table = some_networks(4)

    def interval(**options):
        return bootstrap_correlation(imagenet, table, at=0.7, num_samples=300, **options).r_squared

    assert interval(seed=5) == interval(seed=5) != interval(seed=6)
    narrow, wide = interval(level=0.5), interval(level=0.99)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


@pytest.mark.parametrize(("option", "value"), [("num_samples", 0), ("level", 95)])
def test_a_bootstrap_of_nothing_is_refused(option, value):
    with pytest.raises(ValueError, match=f"{option} must .* it is {value}"):
        bootstrap_correlation(*some_networks(0), at=0.7, **{option: value})
