"""A cell is reproduced if two runs of one accuracy could differ as much."""

import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repro.checking import baseline, comparison
from repro.paper.naming import our_name
from repro.results import RunMetrics
from repro.results.cell_result import CellResult
from tests.checking.results import papers_results

CELL = ("inception_v4", "aircraft", "finetune")
PAPER, IMAGES = 89.3, 3333  # Table 5; Table 1
TOLERANCE = 196 * math.sqrt(2 * 0.893 * 0.107 / IMAGES)  # 1.5 points


def verdict_of(value: float, **more) -> comparison.CellVerdict:
    found = comparison.compare([CellResult(*CELL, value, **more)])
    (verdict,) = (each for each in found if each.cell == CELL)
    return verdict


def test_table_5_reproduces_itself_in_all_of_its_444_cells():
    verdicts = comparison.compare(papers_results())
    assert Counter(verdict.verdict for verdict in verdicts) == {"reproduced": 444}
    assert all(verdict.difference == 0 for verdict in verdicts)


def test_without_results_444_cells_are_not_run_and_each_has_its_tolerance():
    verdicts = comparison.compare([])
    assert Counter(verdict.verdict for verdict in verdicts) == {"not run": 444}
    assert Counter(verdict.setting for verdict in verdicts) == {
        "logistic_regression": 156,
        "finetune": 156,
        "random_init": 132,
    }
    assert all(0.5 <= verdict.tolerance < 3.5 for verdict in verdicts)
    assert {(verdict.ours, verdict.difference) for verdict in verdicts} == {(None, None)}


def test_the_tolerance_is_that_of_two_runs_on_the_complete_test_set():
    verdict = verdict_of(88.0)
    assert verdict.paper == PAPER
    assert verdict.tolerance == pytest.approx(TOLERANCE, rel=1e-4)
    assert verdict.difference == pytest.approx(-1.3)


@pytest.mark.parametrize(
    ("dataset", "images"),
    [("pets", 3669), ("voc2007", 4952), ("food101", 25250), ("cifar100", 10000)],
)
def test_a_test_sets_size_is_the_complete_ones_without_table_1s_misprint(dataset, images):
    verdicts = {each.cell: each for each in comparison.compare([])}
    verdict = verdicts["nasnet_mobile", dataset, "random_init"]
    p = verdict.paper / 100
    expected = max(0.5, 196 * math.sqrt(2 * p * (1 - p) / images))
    assert verdict.tolerance == pytest.approx(expected, rel=1e-4)


def test_half_a_point_is_always_within_the_tolerance():
    assert comparison.tolerance(97.9, 10_000) == 0.5
    assert comparison.tolerance(100.0, 10) == 0.5
    assert comparison.tolerance(90.0, None) == 0.5


@settings(deadline=None)
@given(st.floats(0, 100))
def test_a_difference_is_judged_by_its_size_and_sign(value):
    verdict = verdict_of(value)
    if abs(value - PAPER) <= verdict.tolerance:
        assert verdict.verdict == "reproduced"
    else:
        assert verdict.verdict == ("higher" if value > PAPER else "lower")
    assert verdict.is_out_of_tolerance == (verdict.verdict != "reproduced")


def test_a_difference_of_exactly_the_tolerance_is_within_it_despite_binary_fractions():
    assert comparison.exceeds(88.8 - 89.3, 0.5) is None
    assert comparison.exceeds(88.79 - 89.3, 0.5) == "lower"
    assert comparison.exceeds(0.51, 0.5) == "higher"


@pytest.mark.parametrize(
    "images",
    [{"n_test": 3000}, {"n_test": 3000, "n_test_complete": 3333}, {"n_test": 100}],
)
def test_a_result_on_part_of_the_test_set_is_shown_and_not_judged(images):
    verdict = verdict_of(10.0, **images)
    assert verdict.verdict == "partial data"
    assert not verdict.is_out_of_tolerance
    assert verdict.remark == f"{images['n_test']:,} of 3,333 images"
    assert verdict.difference == pytest.approx(10.0 - PAPER)


def test_more_images_than_the_test_set_has_are_remarked():
    assert verdict_of(PAPER, n_test=4000).remark == "on 4,000 images, but the test set has 3,333"
    assert verdict_of(PAPER, n_test=3333).remark == ""


def test_another_training_budget_than_the_papers_is_remarked():
    def trained(steps: int) -> comparison.CellVerdict:
        settings = {"steps": steps, "batch_size": 256}
        metrics = RunMetrics(
            *CELL, "mean_per_class", 80.0, "test", 3333, 6667, None, settings, 0, {}, None, 1.0
        )
        return verdict_of(80.0, n_test=3333, metrics=metrics)

    assert trained(19_531).remark == ""
    assert trained(800).remark == "800 steps of 256 images instead of 19,531 of 256"


def test_results_that_table_5_does_not_have_are_kept_at_the_end():
    others = [
        CellResult("mine", "pets", "finetune", 91.0),
        CellResult("inception_v4", "digits", "finetune", 91.0, 500, 599),
        CellResult("vgg_16", "pets", "random_init", 91.0),
        CellResult("inception_v4", "pets", "knn", 91.0),
    ]
    found = comparison.compare(others)
    assert len(found) == 448
    assert [verdict.result for verdict in found[444:]] == others
    assert {verdict.verdict for verdict in found[444:]} == {"not in Table 5"}
    assert {(v.paper, v.tolerance, v.difference) for v in found[444:]} == {(None, None, None)}
    assert found[445].remark == "500 of 599 images"


def move(before: float | None, now: float | None, n_before: int = 599, n_now: int = 599):
    given_before = [] if before is None else [CellResult("m", "d", "svm", before, n_before)]
    given_now = [] if now is None else [CellResult("m", "d", "svm", now, n_now)]
    (found,) = baseline.compare(given_now, given_before)
    return found


def test_a_cell_moves_if_it_leaves_the_noise_of_its_test_set():
    allowed = comparison.tolerance(95.5, 599)
    assert 2 < allowed < 3
    assert move(95.5, 95.5 - allowed).verdict == "unchanged"
    lower, higher = move(95.5, 95.4 - allowed), move(95.5, 95.6 + allowed)
    assert (lower.verdict, higher.verdict) == ("lower", "higher")
    assert lower.is_out_of_tolerance and higher.is_out_of_tolerance
    assert lower.difference == pytest.approx(-0.1 - allowed)
    assert lower.tolerance == allowed


def test_what_cannot_be_compared_with_the_baseline_is_no_move():
    assert move(95.5, None).verdict == "not run"
    assert move(None, 95.5).verdict == "new"
    other = move(95.5, 10.0, n_before=500)
    assert other.verdict == "other test set"
    assert other.cell == ("m", "d", "svm")
    assert not any(each.is_out_of_tolerance for each in (move(95.5, None), other))


def test_a_baseline_without_counts_of_images_takes_the_test_sets():
    (known,) = baseline.compare([CellResult(*CELL, 88.0)], [CellResult(*CELL, 89.3)])
    assert known.tolerance == pytest.approx(TOLERANCE, rel=1e-4)
    own = [CellResult("m", "own", "svm", value) for value in (88.0, 89.0)]
    assert baseline.compare(own[:1], own[1:])[0].tolerance == 0.5


@pytest.mark.parametrize(
    ("column", "name", "ours"),
    [
        ("dataset", "CIFAR-10", "cifar10"),
        ("dataset", "Food", "food101"),
        ("dataset", "Stanford Cars", "cars"),
        ("dataset", "VOC 2007 Cls.", "voc2007"),
        ("dataset", "sun397", "sun397"),
        ("dataset", "folder:/data/Cars", "folder:/data/Cars"),
        ("model", "Inception v4", "inception_v4"),
        ("model", "BN-Inception", "inception_v2"),
        ("model", "VGG-16", "vgg_16"),
        ("model", "ResNet-50 v1", "resnet_v1_50"),
        ("model", "mobilenet_v1_0.25", "mobilenet_v1_0.25"),
        ("model", "EfficientNet B0", "EfficientNet B0"),
        ("setting", "Fine-tuned", "finetune"),
        ("setting", "from scratch", "random_init"),
        ("setting", "Logistic regression", "logistic_regression"),
        ("setting", "linear probe", "linear probe"),
    ],
)
def test_names_of_other_tables_become_ours(column, name, ours):
    assert our_name(column, name) == ours
