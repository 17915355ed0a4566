"""Figure 5 has a point for each run, and marks 90% of the maximum odds (Section 4.5)."""

import numpy as np
import pandas as pd
import pytest

from repro.figures import convergence, names
from tests.figures import drawn

STEPS = (31, 100, 1000, 10000)
# Odds of Cars when fine-tuned: 1, 8, 9.5, 10, so that 9.5 is the first with 90% of the maximum.
ODDS = {
    ("cars", "finetune"): (1, 8, 9.5, 10),
    ("pets", "finetune"): (1, 9.8, 10, 9.5),
    ("cars", "random_init"): (0.1, 0.5, 2, 4),
    ("pets", "random_init"): (0.2, 0.3, 2, 6),
}


def runs() -> pd.DataFrame:
    return pd.DataFrame(
        [
            (dataset, setting, steps, 100 * odds / (1 + odds))
            for (dataset, setting), values in ODDS.items()
            for steps, odds in zip(STEPS, values, strict=True)
        ],
        columns=convergence.COLUMNS,
    )


def rings(axis) -> list[float]:
    return [line.get_xdata()[0] for line in axis.lines if line.get_linestyle() == "None"]


def test_a_panel_has_a_line_for_each_setting_through_all_its_runs():
    figure = convergence.draw(runs().sample(frac=1, random_state=0))
    assert [axis.get_title() for axis in figure.axes] == ["Cars", "Pets"]
    for axis, dataset in zip(figure.axes, ("cars", "pets"), strict=True):
        assert (axis.get_xscale(), axis.get_yscale()) == ("log", "logit")
        lines = [line for line in axis.lines if line.get_linestyle() == "-"]
        for line, setting in zip(lines, convergence.SETTINGS, strict=True):
            x, y = line.get_data()
            assert tuple(x) == STEPS
            np.testing.assert_allclose(y / (1 - y), ODDS[dataset, setting])
            assert line.get_color() == names.SETTING_COLORS[setting]


def test_rings_are_at_the_fewest_steps_with_90_percent_of_the_maximum_odds():
    cars, pets = convergence.draw(runs()).axes
    assert rings(cars) == [1000, 10000]
    assert rings(pets) == [100, 10000]


def test_the_note_has_geometric_means_over_data_sets_in_steps_and_epochs():
    """sqrt(1000 * 100) = 316 steps; epochs of 256 examples: sqrt(50 * 20) = 31.6 and more."""
    figure = convergence.draw(runs(), train_sizes={"cars": 5120, "pets": 1280})
    note = drawn.note(figure)
    assert (
        "Fine-tuned: 90% of the maximum odds after 316 steps (quartiles 325–775), 32 epochs "
        "(28–42), geometric mean over 2 data sets." in note
    )
    assert "after 10,000 steps (quartiles 10,000–10,000), 1,000 epochs" in note
    assert "epochs" not in drawn.note(convergence.draw(runs(), train_sizes={"cars": 5120}))


def test_missing_and_perfect_runs_are_left_out_and_named():
    table = runs()
    is_cars = (table["dataset"] == "cars") & (table["setting"] == "finetune")
    table.loc[is_cars & (table["steps"] == 1000), "value"] = np.nan
    table.loc[is_cars & (table["steps"] == 10000), "value"] = 100.0
    table = table[~((table["dataset"] == "pets") & (table["steps"] == 31))]
    figure = convergence.draw(table)
    finetuned = figure.axes[0].lines[0]
    assert tuple(finetuned.get_xdata()) == (31, 100)
    note = drawn.note(figure)
    assert "Fine-tuned: missing Cars after 1,000 steps, Pets after 31 steps; left out" in note
    assert "not finite: Cars after 10,000 steps (100%)." in note


def test_a_data_set_or_setting_without_a_run_is_named():
    table = runs()
    table = table[table["setting"] == "finetune"]
    table.loc[table["dataset"] == "cars", "value"] = np.nan
    figure = convergence.draw(table)
    assert [axis.get_title() for axis in figure.axes] == ["Pets"]
    assert "Fine-tuned: no results on Cars." in drawn.note(figure)
    assert "Random initialization: no results." in drawn.note(figure)
    assert "no results" in drawn.texts(convergence.draw(table.iloc[:0]))


def test_two_runs_of_one_point_are_refused():
    table = runs()
    with pytest.raises(ValueError, match="repeat another's dataset, setting, steps"):
        convergence.draw(pd.concat([table, table.iloc[:1]]))


@pytest.mark.parametrize("width", [7.2, 4.2])
def test_nothing_written_is_cut_off_or_on_top_of_other_words(width):
    every = pd.concat(
        [runs()[runs()["dataset"] == "cars"].assign(dataset=name) for name in names.DATASETS]
    )
    figure = convergence.draw(every, train_sizes=dict.fromkeys(names.DATASETS, 5120), width=width)
    assert len(figure.axes) == 12
    assert drawn.unreadable(figure) == []
