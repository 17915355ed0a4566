"""The paper's conclusions are recomputed from the cells that are run, and say what they lack."""

import numpy as np
import pytest

from repro import statistics
from repro.checking.conclusions import conclude, without_logit
from repro.checking.placement import place
from repro.paper import tables
from repro.results.cell_result import CellResult
from tests.checking.results import papers_results


def by_name(results) -> dict:
    found = conclude(results)
    conclusions = {each.name: each for each in found}
    assert len(conclusions) == len(found)
    return conclusions


def shown(conclusion) -> tuple:
    three = conclusion.ours, conclusion.paper_same_cells, conclusion.paper
    return tuple(None if each is None else str(each) for each in three)


@pytest.fixture(scope="module")
def of_table_5() -> dict:
    return by_name(papers_results())


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("r_squared_logistic_regression", "0.242"),
        ("r_squared_finetune", "0.863"),
        ("r_squared_random_init", "0.447"),
        ("r_finetune", "0.929"),
        ("spearman_logistic_regression", "0.578"),
        ("resnets_logistic_regression", "10 of 12"),
        ("imagenets_best_finetune", "10 of 12"),
        ("wins_logistic_regression", "142 of 156"),
        ("wins_random_init", "128 of 132"),
        ("significantly_better_datasets", "11 of 12"),
    ],
)
def test_table_5_gives_the_papers_conclusions(of_table_5, name, number):
    assert shown(of_table_5[name]) == (number, number, number)


def test_table_5_orders_the_networks_as_itself(of_table_5):
    for setting in tables.SETTINGS:
        assert shown(of_table_5[f"ranking_{setting}"]) == ("1.000", None, None)
        assert shown(of_table_5[f"best_networks_{setting}"]) == ("12 of 12", None, None)
    details = of_table_5["ranking_finetune"].details
    assert details[0].startswith("ours: nasnet_large 9")
    assert of_table_5["significantly_better_datasets"].details == ("not on caltech101 (p = 0.23)",)


def test_without_results_every_conclusion_says_what_it_needs():
    for conclusion in by_name([]).values():
        assert shown(conclusion)[:2] == (None, None)
        assert conclusion.basis.startswith("needs ")


def test_the_papers_number_beside_ours_is_of_the_same_cells():
    networks, datasets = ["vgg_16", "inception_v4", "nasnet_large", "resnet_v1_50"], ["cars", "dtd"]

    def change(model, dataset, setting, percent):
        is_run = model in networks and dataset in datasets and setting == "finetune"
        return percent - 1 if is_run else None

    found = by_name(papers_results(change))["r_squared_finetune"]
    paper = tables.table5_accuracies("finetune").loc[networks, datasets] / 100
    imagenet = tables.table4().loc[networks, "imagenet_top1"] / 100
    assert found.paper_same_cells.value == pytest.approx(
        statistics.correlate(imagenet, paper).r_squared
    )
    assert found.ours.value == pytest.approx(statistics.correlate(imagenet, paper - 0.01).r_squared)
    assert found.paper.value == pytest.approx(0.863, abs=5e-4)
    assert found.basis == "4 networks on 2 data sets"


def test_what_differs_from_the_paper_is_named():
    def change(model, dataset, setting, percent):
        if setting == "finetune" and dataset == "cars" and model == "vgg_16":
            return 99.0
        if setting == "finetune" and dataset == "pets":
            return percent - 20
        return percent

    found = by_name(papers_results(change))
    best = found["best_networks_finetune"]
    assert shown(best)[0] == "11 of 12"
    assert best.details == ("not on cars (vgg_16 instead of inception_v4 and nasnet_large)",)
    assert found["wins_logistic_regression"].ours.value < 142
    significant = found["significantly_better_datasets"]
    assert shown(significant) == ("10 of 12", "11 of 12", "11 of 12")
    assert "pets (p = 0.00024)" in significant.details[0]


def test_results_of_0_and_100_percent_are_left_out_of_logits_alone():
    def change(model, dataset, _, percent):
        return 100.0 if (model, dataset) == ("vgg_16", "cars") else percent

    results = papers_results(change)
    assert len(without_logit(results)) == 2
    found = by_name(results)
    for name in ("r_squared_finetune", "ranking_finetune", "odds_ratio_logistic_regression"):
        assert np.isfinite(found[name].ours.value)
    assert found["odds_ratio_logistic_regression"].basis == "155 pairs"
    assert found["wins_logistic_regression"].basis == "156 pairs"


def test_only_networks_that_share_data_sets_are_compared():
    cars = ["vgg_16", "vgg_19", "inception_v4"]

    def change(model, dataset, _, percent):
        is_run = dataset == ("cars" if model in cars else "pets")
        return percent if is_run and model in [*cars, "nasnet_large", "resnet_v1_50"] else None

    found = by_name(papers_results(change))["r_squared_finetune"]
    assert found.ours.value == pytest.approx(
        statistics.correlate(
            tables.table4().loc[cars, "imagenet_top1"] / 100,
            tables.table5_accuracies("finetune").loc[cars, ["cars"]] / 100,
        ).r_squared
    )
    assert found.basis == "3 networks on 1 data set, which 2 more do not share"


def test_too_few_networks_that_share_data_sets_are_not_compared():
    datasets = {"vgg_16": "cars", "vgg_19": "cars", "inception_v4": "pets", "nasnet_large": "pets"}
    found = by_name(
        papers_results(lambda m, d, _, percent: percent if datasets.get(m) == d else None)
    )
    for name in ("r_squared_finetune", "ranking_finetune"):
        assert found[name].ours is None
        assert found[name].basis == "needs 3 networks that share data sets; there are 2"


def test_equal_networks_have_no_order():
    found = by_name(papers_results(lambda *_: 50.0))
    for name in ("r_squared_finetune", "ranking_finetune"):
        assert found[name].ours is None
        assert found[name].basis == "needs networks that differ; there are 13 alike"


@pytest.mark.parametrize(("number", "is_enough"), [(5, False), (6, True)])
def test_the_wilcoxon_test_needs_six_networks(number, is_enough):
    networks = list(tables.table4().index[:number])
    found = by_name(papers_results(lambda *cell: cell[3] if cell[0] in networks else None))
    significant = found["significantly_better_datasets"]
    assert (significant.ours is not None) == is_enough
    if not is_enough:
        assert significant.basis == ("needs 6 networks in both settings on a data set; there are 5")


def new_network(setting: str, datasets, model: str = "mine", shift: float = 0.0) -> list:
    row = tables.table5_accuracies(setting).loc["inception_v4"]
    return [CellResult(model, name, setting, row[name] + shift) for name in datasets]


def test_a_new_network_is_placed_on_the_data_sets_that_it_has():
    datasets = ["cars", "pets", "dtd"]
    (found,) = place(new_network("finetune", datasets), {"mine": 80.2})
    paper = tables.table5_accuracies("finetune")
    expected = statistics.prediction(
        tables.table4()["imagenet_top1"] / 100,
        paper[datasets] / 100,
        0.802,
        paper.loc["inception_v4", datasets] / 100,
    )
    assert found.prediction == expected
    assert found.prediction.num_datasets == 3
    assert found.datasets == ("cars", "dtd", "pets")
    means = statistics.mean_logits(paper[datasets] / 100)
    assert found.rank == 1 + (means > means[list(paper.index).index("inception_v4")]).sum()
    assert found.of == 14


def test_a_better_and_a_worse_network_lie_above_and_below_the_interval():
    for shift, position in ((4.0, "above"), (-12.0, "below")):
        results = new_network("finetune", ["cars", "pets"], shift=shift)
        (found,) = place(results, {"mine": 80.2})
        assert found.prediction.position == position


def test_without_its_imagenet_accuracy_a_network_has_a_rank_alone():
    (found,) = place(new_network("random_init", ["cars"]))
    assert found.prediction is None
    assert found.of == 12
    assert "not known" in found.remark


def test_an_imagenet_accuracy_beyond_the_papers_is_remarked():
    (inside,) = place(new_network("finetune", ["cars"]), {"mine": 82.7})
    (beyond,) = place(new_network("finetune", ["cars"]), {"mine": 88.0})
    assert inside.remark == ""
    assert "beyond the 13's 69.8 to 82.7%" in beyond.remark
    width = [p.prediction.high - p.prediction.low for p in (inside, beyond)]
    assert width[0] < width[1]


def test_only_new_networks_on_the_papers_data_sets_and_settings_are_placed():
    results = [
        CellResult("inception_v4", "cars", "finetune", 90.0),
        CellResult("mine", "digits", "finetune", 90.0),
        CellResult("mine", "cars", "svm", 90.0),
        CellResult("mine", "cars", "finetune", 100.0),
    ]
    assert place(results, {"mine": 76.0}) == []
