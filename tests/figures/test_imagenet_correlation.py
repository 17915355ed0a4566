"""Figure 2 shows the printed Table 5 as its statistics have it, and what there is of a part."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from repro import statistics
from repro.figures import cells, imagenet_correlation, names
from repro.paper import tables
from tests.figures import drawn

IMAGENET = tables.table4()["imagenet_top1"]


def draw(results: pd.DataFrame, **options) -> Figure:
    return imagenet_correlation.draw(results, tables.table4(), **options)


def only(setting: str) -> pd.DataFrame:
    results = drawn.printed_results()
    return results[results["setting"] == setting]


def logit_slope(x: np.ndarray, y: np.ndarray) -> float:
    return (y[-1] - y[0]) / (statistics.logit(x[-1]) - statistics.logit(x[0]))


def names_beside(axis) -> dict[str, str]:
    return {text.get_text(): text.get_color() for text in axis.texts}


@pytest.mark.parametrize("setting", tables.SETTINGS)
def test_a_row_has_a_panel_a_data_set_and_the_average_with_the_published_r_squared(setting):
    figure = draw(drawn.printed_results(), settings=[setting])
    *panels, average = figure.axes
    networks = len(tables.table5_accuracies(setting))
    assert [axis.get_title("left") for axis in panels] == list(names.DATASETS.values())
    assert [len(drawn.points(axis)) for axis in panels] == [networks] * 12
    assert all((a.get_xscale(), a.get_yscale()) == ("logit", "logit") for a in panels)
    assert (average.get_xscale(), average.get_yscale()) == ("logit", "linear")
    r_squared = tables.table3().loc[setting, "r_squared"]
    assert average.get_title("right") == f"$r^2$ {r_squared:.2f}"
    assert len(names_beside(average)) == networks


def test_points_are_the_cells_and_the_line_is_the_regression():
    *panels, average = draw(only("finetune")).axes
    table, imagenet = drawn.fractions("finetune"), IMAGENET.to_numpy() / 100
    for d in (0, 5):
        expected = statistics.correlate(imagenet, table[:, [d]])
        np.testing.assert_allclose(drawn.points(panels[d]), np.stack([imagenet, table[:, d]], 1))
        x, y = panels[d].lines[0].get_data()
        assert logit_slope(x, statistics.logit(y)) == pytest.approx(expected.slope)
        assert f"{expected.r_squared:.2f}" in panels[d].get_title("right")
    x, y = average.lines[0].get_data()
    assert logit_slope(x, y) == pytest.approx(statistics.correlate(imagenet, table).slope)


@pytest.mark.parametrize("setting", tables.SETTINGS)
def test_averages_have_morey_errors_and_are_green_where_not_different_from_the_best(setting):
    *_, average = draw(only(setting)).axes
    table = drawn.fractions(setting)
    means = statistics.adjusted_accuracies(table).mean(axis=1)
    errors = statistics.morey_standard_errors(table)
    shown = average.containers
    np.testing.assert_allclose([c.lines[0].get_ydata()[0] for c in shown], means)
    ends = np.array([c.lines[2][0].get_segments()[0][:, 1] for c in shown])
    np.testing.assert_allclose(ends, np.stack([means - errors, means + errors], 1))
    is_best = statistics.not_different_from_best_on_average(table)
    colors = [c.lines[0].get_color() for c in shown]
    assert (np.array(colors) == names.BEST_COLOR).tolist() == is_best.tolist()
    labels = names.network_labels(tables.table4())
    best = [labels[m] for m in tables.table5_accuracies(setting).index[is_best]]
    beside = names_beside(average)
    assert sorted(best) == sorted(n for n in beside if beside[n] == names.BEST_COLOR)


def test_names_stand_in_the_order_of_their_points():
    *_, average = draw(only("random_init")).axes
    height = {text.get_text(): text.xyann[1] for text in average.texts}
    value = {text.get_text(): text.xy[1] for text in average.texts}
    assert sorted(height, key=height.get) == sorted(value, key=value.get)


def test_cells_said_not_to_differ_from_the_best_of_their_data_set_are_green():
    results = only("finetune").assign(not_different_from_best=False)
    best = (results["dataset"] == "cars") & results["model"].isin(["inception_v4", "nasnet_large"])
    results.loc[best, "not_different_from_best"] = True
    panels = dict(zip(names.DATASETS, draw(results).axes, strict=False))
    green = np.isclose(drawn.point_colors(panels["cars"]), to_rgba(names.BEST_COLOR)).all(axis=1)
    models = tables.table5_accuracies("finetune").index[green]
    assert set(models) == {"inception_v4", "nasnet_large"}
    others = drawn.point_colors(panels["pets"])
    np.testing.assert_allclose(others, np.tile(to_rgba(names.OTHER_COLOR), (13, 1)))


def test_a_part_of_the_results_is_drawn_and_the_rest_named():
    figure = draw(cells.complete(drawn.some_results(), drawn.printed_results()))
    panels = [axis for axis in figure.axes if axis.get_title("left") != "Average"]
    assert [a.get_title("left") for a in panels] == ["Cars", "Pets"] * 2
    assert [len(drawn.points(a)) for a in panels] == [3, 3, 3, 2]
    assert panels[3].get_title("right") == "2 networks" and not panels[3].lines
    note = drawn.note(figure)
    assert "missing ResNet-50 v1 on Pets." in note
    assert "no results on Food-101, CIFAR-10" in note
    assert "Random initialization: no results." in note
    assert "fewer than 6 data sets no difference of averages can be significant" in note


def test_networks_that_share_no_data_set_are_not_averaged_and_the_figure_says_so():
    rows = [("vgg_16", "pets", 90.0), ("inception_v4", "cars", 90.0)]
    results = pd.DataFrame(rows, columns=["model", "dataset", "value"]).assign(setting="finetune")
    figure = draw(results, settings=["finetune"])
    assert "share no data set" in drawn.note(figure)


def test_a_network_of_unknown_imagenet_accuracy_is_named_and_left_out():
    results = only("finetune")
    mine = results[results["model"] == "inception_v4"].assign(model="my_network")
    figure = draw(pd.concat([results, mine]), settings=["finetune"])
    assert "ImageNet accuracy is not known: my_network." in drawn.note(figure)
    assert len(drawn.points(figure.axes[0])) == 13


def test_no_results_at_all_make_a_figure_that_says_so():
    figure = draw(drawn.printed_results().iloc[:0])
    assert drawn.texts(figure).count("no results") == 3


@pytest.mark.parametrize("width", [7.2, 4.2])
def test_nothing_written_is_cut_off_or_on_top_of_other_words(width):
    assert (
        drawn.unreadable(
            draw(only("logistic_regression"), settings=["logistic_regression"], width=width)
        )
        == []
    )
