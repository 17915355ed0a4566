"""The settings against each other: fine-tuning, fixed features, training from scratch."""

from functools import partial

from scipy import stats

from repro import statistics
from repro.paper.claims.claim import (
    Claim,
    Recomputed,
    Tables,
    all_but,
    counted,
    exact,
    names,
    rounded,
    significant,
)
from repro.paper.tables import DATASET_COLUMNS

_NOT_SIGNIFICANT = "caltech101"
_ODDS_RATIOS = {"birdsnap": "1.11", "cars": "1.09", "aircraft": "1.15", "food101": "1.31"}
_T_STATISTIC, _T_HALF_UNIT = 2.4, 0.05  # of Appendix B


def _fine_tuning_wins(tables: Tables, other: str) -> Recomputed:
    """Counts cells in which fine-tuning is better; a printed tie may have been won or lost."""
    fine_tuned, beside = tables.pair("finetune", other)
    won, tied = int((fine_tuned > beside).sum().sum()), int((fine_tuned == beside).sum().sum())
    remark = f"{won} strictly, and {tied} printed {'tie' if tied == 1 else 'ties'}"
    return Recomputed(won, remark, won, won + tied)


def _pairs(tables: Tables, setting: str) -> Recomputed:
    return Recomputed(tables.accuracies[setting].size)


def _datasets_with_better_best(tables: Tables) -> Recomputed:
    fine_tuned, fixed = tables.pair("finetune", "logistic_regression")
    better = fine_tuned.max() > fixed.max()
    return Recomputed(int(better.sum()), all_but(better.index[~better]))


def _wilcoxon_to_fixed_features(tables: Tables, dataset: str) -> Recomputed:
    fine_tuned, fixed = (
        table[dataset] / 100 for table in tables.pair("finetune", "logistic_regression")
    )
    logits = statistics.wilcoxon_signed_rank(fine_tuned, fixed, use_logits=True)
    ratio = statistics.odds_ratio(fine_tuned, fixed)
    value = statistics.wilcoxon_signed_rank(fine_tuned, fixed)
    return Recomputed(value, f"{logits:.3g} on logits; odds ratio {ratio:.2f}")


def _significant_datasets(tables: Tables) -> Recomputed:
    """Counts data sets on which fine-tuning is significantly better on average."""
    fine_tuned, fixed = tables.pair("finetune", "logistic_regression")
    better = [
        dataset
        for dataset in fine_tuned
        if statistics.odds_ratio(fine_tuned[dataset] / 100, fixed[dataset] / 100) > 1
        and _wilcoxon_to_fixed_features(tables, dataset).value < 0.05
    ]
    return Recomputed(len(better), all_but(fine_tuned.columns.drop(better)))


def _odds_ratio_to_scratch(tables: Tables, dataset: str) -> Recomputed:
    fine_tuned, scratch = (table[dataset] / 100 for table in tables.pair("finetune", "random_init"))
    return Recomputed(statistics.odds_ratio(fine_tuned, scratch), f"{len(scratch)} networks")


def _little_benefit(tables: Tables) -> Recomputed:
    """Counts data sets whose odds ratio is below that of the substantial gap on Food-101."""
    datasets = tables.accuracies["random_init"].columns
    ratios = {dataset: _odds_ratio_to_scratch(tables, dataset).value for dataset in datasets}
    little = [dataset for dataset, ratio in ratios.items() if ratio < ratios["food101"]]
    return Recomputed(len(little), f"{names(little)}, by odds ratios below Food-101's")


def _best_from_scratch_on_cars(tables: Tables) -> Recomputed:
    fine_tuned, scratch = (tables.accuracies[name]["cars"] for name in ("finetune", "random_init"))
    remark = f"{scratch.idxmax()}; the best fine-tuned has {fine_tuned.max()}"
    return Recomputed(float(scratch.max()), remark)


def _degrees_of_freedom(tables: Tables) -> Recomputed:
    return Recomputed(tables.accuracies["logistic_regression"].size - 1)


def _p_of_t(tables: Tables) -> Recomputed:
    degrees = _degrees_of_freedom(tables).value
    low, value, high = (
        float(2 * stats.t.sf(_T_STATISTIC + shift, degrees))
        for shift in (_T_HALF_UNIT, 0, -_T_HALF_UNIT)
    )
    return Recomputed(value, f"of the printed t({degrees}) = {_T_STATISTIC}, two-sided", low, high)


CLAIMS: tuple[Claim, ...] = (
    counted(
        "fine_tuning_beats_fixed_features",
        "4.3",
        "cells in which fine-tuning is better than logistic regression",
        "143 of 156",
        partial(_fine_tuning_wins, other="logistic_regression"),
        why="a count; printed ties count either way",
    ),
    counted(
        "cells_of_fixed_features",
        "4.3, B",
        "pairs of data set and network",
        "156",
        partial(_pairs, setting="logistic_regression"),
    ),
    counted(
        "fine_tuning_beats_scratch",
        "4.4",
        "cells in which fine-tuning is better than random initialization",
        "129 of 132",
        partial(_fine_tuning_wins, other="random_init"),
        why="a count; printed ties count either way",
    ),
    counted(
        "cells_of_scratch",
        "4.4",
        "pairs of data set and network, without VGG",
        "132",
        partial(_pairs, setting="random_init"),
    ),
    counted(
        "best_fine_tuned_beats_best_fixed",
        "4.3",
        "data sets on which the best fine-tuned network beats the best logistic regression: all",
        "12",
        _datasets_with_better_best,
    ),
    counted(
        "significantly_better_datasets",
        "4.3",
        "data sets on which fine-tuning is significantly better than logistic regression: all but "
        "Caltech-101",
        "11",
        _significant_datasets,
    ),
    *(
        significant(
            f"wilcoxon_{dataset}",
            "4.3",
            "Wilcoxon's p over networks, fine-tuning against logistic regression on "
            f"{printed}: {'not ' if dataset == _NOT_SIGNIFICANT else ''}below 0.05",
            ">=" if dataset == _NOT_SIGNIFICANT else "<",
            partial(_wilcoxon_to_fixed_features, dataset=dataset),
        )
        for dataset, printed in DATASET_COLUMNS.items()
    ),
    *(
        rounded(
            f"odds_ratio_{dataset}",
            "4.4",
            "odds ratio of fine-tuning to random initialization on "
            f"{DATASET_COLUMNS[dataset]}, averaged over networks",
            printed,
            partial(_odds_ratio_to_scratch, dataset=dataset),
        )
        for dataset, printed in _ODDS_RATIOS.items()
    ),
    counted(
        "datasets_with_little_benefit",
        "Abstract, 1",
        "fine-grained data sets on which fine-tuning has no substantial benefit",
        "3",
        _little_benefit,
    ),
    exact(
        "best_from_scratch_on_cars",
        "4.4",
        "accuracy on Stanford Cars of the best network from random initialization, which is above "
        "the best fine-tuned one",
        "93.0%",
        _best_from_scratch_on_cars,
    ),
    exact(
        "degrees_of_freedom",
        "B",
        "degrees of freedom of the t-test between SVM and logistic regression: cells less one",
        "155",
        _degrees_of_freedom,
        why="a count",
    ),
    rounded(
        "p_of_t",
        "B",
        "p-value of that t-test",
        "0.02",
        _p_of_t,
        why="half a unit of the last printed digit, beyond what the rounding of t allows",
    ),
)
