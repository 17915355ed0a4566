"""Classifiers on fixed features (paper, section 4.1 and appendices A.4 and B)."""

from repro.classifiers.knn import K_VALUES, nearest_neighbor_scores
from repro.classifiers.linear import normalize, predict_scores, select_best
from repro.classifiers.logistic_regression import logistic_regression_path
from repro.classifiers.path import (
    L2_VALUES,
    MAX_ITERATIONS,
    TOLERANCE,
    ConvergenceWarning,
    RegularizationPath,
)
from repro.classifiers.svm import SVM_L2_VALUES, svm_path

__all__ = [
    "K_VALUES",
    "L2_VALUES",
    "MAX_ITERATIONS",
    "SVM_L2_VALUES",
    "TOLERANCE",
    "ConvergenceWarning",
    "RegularizationPath",
    "logistic_regression_path",
    "nearest_neighbor_scores",
    "normalize",
    "predict_scores",
    "select_best",
    "svm_path",
]
