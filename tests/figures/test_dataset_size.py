"""Figure 6 has the mean over subsets with its standard error, at every number of examples."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection

from repro import statistics
from repro.figures import dataset_size, names
from tests.figures import drawn

SIZES = (1, 2, 4, 8)


def runs(datasets=("cars", "pets"), subsets: int = 3) -> pd.DataFrame:
    random = np.random.default_rng(0)
    rows = [
        (
            dataset,
            setting,
            size,
            subset,
            100 * statistics.inverse_logit(np.log2(size) - 2 + 0.4 * random.normal() + i),
        )
        for dataset in datasets
        for i, setting in enumerate(dataset_size.SETTINGS)
        for size in SIZES
        for subset in range(subsets)
    ]
    return pd.DataFrame(rows, columns=dataset_size.COLUMNS)


def lines(axis) -> list[tuple[np.ndarray, np.ndarray]]:
    return [container.lines[0].get_data() for container in axis.containers]


def error_ends(axis) -> list[np.ndarray]:
    return [
        np.array(c.get_segments())[:, :, 1]
        for c in axis.collections
        if isinstance(c, LineCollection)
    ]


def test_points_are_means_and_bars_standard_errors_over_subsets_on_the_axis_scale():
    table = runs()
    for axis, dataset in zip(dataset_size.draw(table).axes, ("cars", "pets"), strict=True):
        assert (axis.get_xscale(), axis.get_yscale()) == ("log", "logit")
        for i, setting in enumerate(dataset_size.SETTINGS):
            rows = table[(table["dataset"] == dataset) & (table["setting"] == setting)]
            logits = statistics.logit(rows["value"].to_numpy().reshape(4, 3) / 100)
            means, errors = logits.mean(axis=1), logits.std(axis=1, ddof=1) / np.sqrt(3)
            x, y = lines(axis)[i]
            assert tuple(x) == SIZES
            np.testing.assert_allclose(statistics.logit(y), means)
            ends = statistics.logit(error_ends(axis)[i])
            np.testing.assert_allclose(ends, np.stack([means - errors, means + errors], 1))
            assert axis.containers[i].lines[0].get_color() == names.SETTING_COLORS[setting]


def test_every_size_is_labelled_where_there_is_room():
    figure = dataset_size.draw(runs())
    figure.draw_without_rendering()
    for axis in figure.axes:
        assert [text.get_text() for text in axis.get_xticklabels()] == ["1", "2", "4", "8"]


def test_one_subset_has_no_error():
    axis = dataset_size.draw(runs(subsets=1)).axes[0]
    for ends in error_ends(axis):
        np.testing.assert_allclose(ends[:, 0], ends[:, 1])


def test_missing_and_impossible_runs_are_left_out_and_named():
    table = runs()
    is_cars = (table["dataset"] == "cars") & (table["setting"] == "finetune")
    table.loc[is_cars & (table["examples_per_class"] == 1), "value"] = np.nan
    table.loc[is_cars & (table["examples_per_class"] == 2) & (table["subset"] == 0), "value"] = 0.0
    table = table[~(is_cars & (table["examples_per_class"] == 4) & (table["subset"] == 2))]
    figure = dataset_size.draw(table)
    x, _ = lines(figure.axes[0])[1]
    assert tuple(x) == (2, 4, 8)
    note = drawn.note(figure)
    assert "Cars at 1 per class (0 of 3 subsets), Cars at 4 per class (2 of 3 subsets);" in note
    assert "logit is not finite: Cars at 2 per class (0%)." in note


def test_settings_and_data_sets_without_results_are_named():
    table = runs()
    table = table[table["setting"] == "finetune"]
    table.loc[table["dataset"] == "cars", "value"] = np.nan
    figure = dataset_size.draw(table)
    assert [axis.get_title() for axis in figure.axes] == ["Pets"]
    note = drawn.note(figure)
    assert "Logistic regression; Random initialization: no results." in note
    assert "Fine-tuned: no results on Cars." in note
    assert "no results" in drawn.texts(dataset_size.draw(table.iloc[:0]))


def test_a_repeated_subset_is_refused():
    table = runs()
    with pytest.raises(ValueError, match="examples_per_class, subset"):
        dataset_size.draw(pd.concat([table, table.iloc[:1]]))


@pytest.mark.parametrize("width", [7.2, 4.2])
def test_nothing_written_is_cut_off_or_on_top_of_other_words(width):
    figure = dataset_size.draw(runs(tuple(names.DATASETS)), width=width)
    assert len(figure.axes) == 12
    assert drawn.unreadable(figure) == []
