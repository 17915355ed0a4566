"""What the printed Table 5 gives back of the paper's statements, by these functions."""

import numpy as np
import pytest

from repro import networks
from repro.paper import DATASET_COLUMNS, paper_value, table5_networks
from repro.statistics import (
    correlate,
    not_different_from_best_on_average,
    odds_ratio,
    paired_logit_t_test,
    wilcoxon_per_dataset,
)

DATASETS = list(DATASET_COLUMNS)
NETWORKS = table5_networks()
IMAGENET = np.array([networks.spec(name).imagenet_top1 for name in NETWORKS]) / 100


def table(setting: str) -> np.ndarray:
    """Returns fractions [13, 12], NaN where Table 5 has no cell."""
    rows = [[paper_value(name, dataset, setting) for dataset in DATASETS] for name in NETWORKS]
    return np.array(rows, dtype=float) / 100


FIXED, TUNED, RANDOM = (table(s) for s in ("logistic_regression", "finetune", "random_init"))


@pytest.mark.parametrize(
    ("accuracies", "r_squared", "spearman", "count"),
    [(FIXED, 0.242, 0.578, 13), (TUNED, 0.863, 0.886, 13), (RANDOM, 0.447, 0.629, 11)],
    ids=["fixed", "tuned", "random"],
)
def test_the_correlations_of_table_3(accuracies, r_squared, spearman, count):
    correlation = correlate(IMAGENET, accuracies)
    assert round(correlation.r_squared, 3) == r_squared
    assert round(correlation.spearman, 3) == spearman
    assert correlation.num_networks == count


@pytest.mark.parametrize(
    ("dataset", "ratio"),
    [("birdsnap", 1.11), ("cars", 1.09), ("aircraft", 1.15), ("food101", 1.31)],
)
def test_the_odds_ratios_of_fine_tuning_over_random_initialization(dataset, ratio):
    column = DATASETS.index(dataset)
    assert round(odds_ratio(TUNED[:, column], RANDOM[:, column]), 2) == ratio


@pytest.mark.parametrize(
    ("use_logits", "caltech101", "pets"), [(False, 0.226, 0.017), (True, 0.176, 0.014)]
)
def test_fine_tuning_beats_fixed_features_on_all_data_sets_but_caltech101(
    use_logits, caltech101, pets
):
    p_values = wilcoxon_per_dataset(TUNED, FIXED, use_logits=use_logits)
    named = dict(zip(DATASETS, p_values, strict=True))
    assert round(named.pop("caltech101"), 3) == caltech101
    assert round(named.pop("pets"), 3) == pets
    assert max(named.values()) <= 0.0013


@pytest.mark.parametrize(
    ("accuracies", "best"),
    [
        (FIXED, {"resnet_v1_152"}),
        (TUNED, {"nasnet_large"}),
        (RANDOM, {"inception_v3", "inception_v4", "nasnet_large"}),  # Section 4.2
    ],
    ids=["fixed", "tuned", "random"],
)
def test_the_networks_that_do_not_differ_from_the_best_on_average(accuracies, best):
    for use_logits in (False, True):
        chosen = not_different_from_best_on_average(accuracies, use_logits=use_logits)
        assert {name for name, is_best in zip(NETWORKS, chosen, strict=True) if is_best} == best


def test_the_t_test_over_all_pairs_has_the_papers_degrees_of_freedom():
    test = paired_logit_t_test(TUNED.ravel(), FIXED.ravel())
    assert test.degrees_of_freedom == 155  # Appendix B
    assert test.low > 1
