"""Classifiers on fixed features (paper, section 4.1 and appendix A.4)."""

from repro.classifiers.logistic_regression import (
    L2_VALUES,
    MAX_ITERATIONS,
    TOLERANCE,
    ConvergenceWarning,
    RegularizationPath,
    logistic_regression_path,
    normalize,
    predict_scores,
    select_l2,
)

__all__ = [
    "L2_VALUES",
    "MAX_ITERATIONS",
    "TOLERANCE",
    "ConvergenceWarning",
    "RegularizationPath",
    "logistic_regression_path",
    "normalize",
    "predict_scores",
    "select_l2",
]
