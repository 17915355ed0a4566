"""The paper's statistics (Section 3, Appendices A.1 and B), on arrays of accuracies as fractions.

A table of accuracies is [M, D], networks by data sets; NaN is a missing cell in all of them.
"""

from repro.statistics.best import not_different_from_best, not_different_from_best_on_average
from repro.statistics.bootstrap import CorrelationIntervals, bootstrap_correlation
from repro.statistics.convergence import Convergence, steps_to_fraction_of_best_odds
from repro.statistics.correlation import Correlation, correlate
from repro.statistics.difficulty import adjusted_accuracies, mean_logits, morey_standard_errors
from repro.statistics.intervals import binomial_tolerance, standard_error
from repro.statistics.logits import inverse_logit, logit, logit_of_counts
from repro.statistics.odds import PairedTTest, odds_ratio, paired_logit_t_test
from repro.statistics.paired_tests import mcnemar_p_value, paired_p_value
from repro.statistics.permutation import permutation_p_value
from repro.statistics.prediction import Prediction, prediction
from repro.statistics.wilcoxon import wilcoxon_per_dataset, wilcoxon_signed_rank

__all__ = [
    "Convergence",
    "Correlation",
    "CorrelationIntervals",
    "PairedTTest",
    "Prediction",
    "adjusted_accuracies",
    "binomial_tolerance",
    "bootstrap_correlation",
    "correlate",
    "inverse_logit",
    "logit",
    "logit_of_counts",
    "mcnemar_p_value",
    "mean_logits",
    "morey_standard_errors",
    "not_different_from_best",
    "not_different_from_best_on_average",
    "odds_ratio",
    "paired_logit_t_test",
    "paired_p_value",
    "permutation_p_value",
    "prediction",
    "standard_error",
    "steps_to_fraction_of_best_odds",
    "wilcoxon_per_dataset",
    "wilcoxon_signed_rank",
]
