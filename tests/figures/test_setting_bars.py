"""Figure 4's bars are means of logits over networks without VGG, its lines are Table 2's."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex

from repro import statistics
from repro.figures import cells, names, setting_bars
from repro.paper import tables
from tests.figures import drawn

PREVIOUS = tables.table2()["previous_accuracy"]


def draw(results=None, **options):
    results = drawn.printed_results() if results is None else results
    return setting_bars.draw(results, PREVIOUS, tables.table4(), **options)


def without_vgg(setting: str) -> np.ndarray:
    table = tables.table5_accuracies(setting)
    return statistics.logit(table[~table.index.isin(["vgg_16", "vgg_19"])] / 100)


def segments(axis, number: int) -> list[np.ndarray]:
    """Returns the segments of collections with so many of them, in the order they were drawn."""
    found = [c.get_segments() for c in axis.collections if isinstance(c, LineCollection)]
    return [s[0] for s in found if len(s) == number]


def test_a_bar_ends_at_the_mean_and_its_error_bar_is_a_standard_error():
    (axis,) = draw().axes
    assert axis.get_yscale() == "logit"
    bars = sorted(axis.patches, key=lambda bar: bar.get_x())
    assert len(bars) == 36
    lines = [s for s in segments(axis, 1) if s[0, 0] == s[1, 0]]
    errors = sorted(lines, key=lambda segment: segment[0, 0])
    for i, setting in enumerate(tables.SETTINGS):
        logits = without_vgg(setting)
        means = logits.mean(axis=0)
        tops = [bar.get_y() + bar.get_height() for bar in bars[i::3]]
        np.testing.assert_allclose(statistics.logit(tops), means)
        assert {to_hex(bar.get_facecolor()).upper() for bar in bars[i::3]} == {
            names.SETTING_COLORS[setting]
        }
        deviation = logits.std(axis=0, ddof=1) / np.sqrt(11)
        ends = statistics.logit(np.array([segment[:, 1] for segment in errors[i::3]]))
        np.testing.assert_allclose(ends, np.stack([means - deviation, means + deviation], 1))


def test_the_distance_of_two_bars_is_the_odds_ratio_of_section_4_4():
    """Birdsnap 1.11, Cars 1.09, Aircraft 1.15, Food-101 1.31."""
    bars = sorted(draw().axes[0].patches, key=lambda bar: bar.get_x())
    tops = statistics.logit([bar.get_y() + bar.get_height() for bar in bars])
    ratios = dict(zip(names.DATASETS, np.exp(tops[1::3] - tops[2::3]), strict=True))
    found = [round(float(ratios[d]), 2) for d in ("birdsnap", "cars", "aircraft", "food101")]
    assert found == [1.11, 1.09, 1.15, 1.31]


def test_every_network_but_vgg_is_a_point_of_its_bar():
    (axis,) = draw().axes
    assert len(drawn.points(axis)) == 3 * 12 * 11
    (with_vgg,) = draw(exclude=()).axes
    assert len(drawn.points(with_vgg)) == 2 * 12 * 13 + 12 * 11


def test_lines_are_the_previous_state_of_the_art():
    (axis,) = draw().axes
    heights = [s[0, 1] for s in segments(axis, 1) if s[0, 1] == s[1, 1]]
    np.testing.assert_allclose(heights, PREVIOUS / 100)
    assert "Previous state of the art" in drawn.texts(axis.figure.figure)


def test_a_part_of_the_results_is_drawn_and_the_rest_named():
    results = drawn.some_results()
    figure = draw(cells.complete(results, drawn.printed_results()))
    (axis,) = figure.axes
    assert [text.get_text() for text in axis.get_xticklabels()] == ["Cars", "Pets"]
    assert len(axis.patches) == 4
    assert len(drawn.points(axis)) == len(results) == 11
    assert "missing ResNet-50 v1 on Pets" in drawn.note(figure)
    assert "Random initialization: no results." in drawn.note(figure)
    assert "VGG" not in drawn.note(figure)


def test_a_single_network_has_no_error_bar_and_no_results_are_said():
    one = drawn.some_results()
    one = one[one["model"] == "inception_v4"]
    (axis,) = setting_bars.draw(one).axes
    assert len(axis.patches) == 4 and segments(axis, 1) == []
    assert "no results" in drawn.texts(draw(one.iloc[:0]))


@pytest.mark.parametrize(("width", "rows"), [(7.2, 1), (4.2, 2)])
def test_nothing_written_is_cut_off_or_on_top_of_other_words(width, rows):
    figure = draw(width=width)
    assert len(figure.axes) == rows
    assert drawn.unreadable(figure) == []
