"""Figure 3 has a point for every cell that two settings share, above the diagonal where y wins."""

import itertools

import numpy as np
import pandas as pd
import pytest

from repro import statistics
from repro.figures import cells, names, setting_pairs
from repro.paper import tables
from tests.figures import drawn

ABOVE = {  # by the printed table, where ties are not above
    ("logistic_regression", "finetune"): "142 of 156",
    ("random_init", "finetune"): "128 of 132",
}


def test_a_panel_has_every_cell_of_both_settings_and_counts_those_above_the_diagonal():
    axes = setting_pairs.draw(drawn.printed_results()).axes
    assert [len(drawn.points(axis)) for axis in axes] == [156, 132, 132]
    for axis, (x, y) in zip(axes, setting_pairs.PAIRS, strict=True):
        assert names.setting_label(x) in axis.get_xlabel()
        assert names.setting_label(y) in axis.get_ylabel()
        points = drawn.points(axis)
        above = f"{np.count_nonzero(points[:, 1] > points[:, 0])} of {len(points)}"
        assert above == ABOVE.get((x, y), above)
        assert f"above the diagonal: {above}\n" in axis.get_title()
        ratio = statistics.odds_ratio(points[:, 1], points[:, 0])
        r = np.corrcoef(statistics.logit(points.T))[0, 1]
        assert f"r = {r:.2f}, odds ratio {ratio:.2f}" in axis.get_title()


def test_axes_are_logit_scaled_and_alike_and_the_diagonal_goes_through_all():
    for axis in setting_pairs.draw(drawn.printed_results()).axes:
        assert (axis.get_xscale(), axis.get_yscale()) == ("logit", "logit")
        assert axis.get_xlim() == axis.get_ylim()
        x, y = axis.lines[0].get_data()
        assert tuple(x) == tuple(y) == axis.get_xlim()


def test_a_data_set_has_its_colour_and_marker_in_panel_and_legend():
    figure = setting_pairs.draw(drawn.printed_results())
    legend = {handle.get_label(): handle for handle in setting_pairs.legend_handles(names.DATASETS)}
    assert list(legend) == list(names.DATASETS.values())
    table = tables.table5_accuracies("finetune") / 100
    for found, dataset in zip(figure.axes[0].collections, names.DATASETS, strict=True):
        label = names.dataset_label(dataset)
        assert found.get_label() == label
        np.testing.assert_allclose(found.get_offsets()[:, 1], table[dataset])
        np.testing.assert_allclose(
            found.get_facecolors()[0, :3], np.array(_rgb(legend[label].get_color()))
        )


def test_no_two_data_sets_look_alike_even_with_ones_of_a_users_own():
    datasets = [*names.DATASETS, *(f"mine {i}" for i in range(30))]
    looks = [names.dataset_look(dataset, datasets) for dataset in datasets]
    assert len(set(looks)) == len(looks)
    assert looks[:12] == [names.dataset_look(d, names.DATASETS) for d in names.DATASETS]


def test_no_two_settings_look_alike():
    looks = (names.SETTING_COLORS, names.SETTING_MARKERS)
    for look, (first, second) in itertools.product(
        looks, itertools.combinations(names.SETTINGS, 2)
    ):
        assert look[first] != look[second]


def test_a_part_of_the_results_is_drawn_and_the_rest_named():
    results = cells.complete(drawn.some_results(), drawn.printed_results())
    figure = setting_pairs.draw(results, tables.table4())
    assert [len(drawn.points(axis)) for axis in figure.axes] == [5, 0, 0]
    assert [axis.get_title() for axis in figure.axes[1:]] == ["no cell in both settings"] * 2
    assert "missing ResNet-50 v1 on Pets." in drawn.note(figure)
    assert "Random initialization: no results." in drawn.note(figure)


def test_one_cell_is_enough_and_none_is_not_an_error():
    rows = [("a", "mine", s, 60.0) for s in ("finetune", "logistic_regression")]
    one = pd.DataFrame(rows, columns=cells.COLUMNS)
    assert "odds ratio 1.000" in setting_pairs.draw(one).axes[0].get_title()
    assert "no results" in drawn.note(setting_pairs.draw(one.iloc[:0]))


@pytest.mark.parametrize("width", [7.2, 4.2])
def test_nothing_written_is_cut_off_or_on_top_of_other_words(width):
    assert drawn.unreadable(setting_pairs.draw(drawn.printed_results(), width=width)) == []


def _rgb(color: str) -> list[float]:
    return [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
