"""The paper's figures, one file each: from plain tables and arrays to a PNG, PDF or SVG.

`tsne` is Figure 1, `imagenet_correlation` 2, `setting_pairs` 3, `setting_bars` 4, `convergence` 5,
`dataset_size` 6, and `classifiers` 7 and 8.
"""

from repro.figures import (
    classifiers,
    convergence,
    dataset_size,
    imagenet_correlation,
    setting_bars,
    setting_pairs,
    tsne,
)

__all__ = [
    "classifiers",
    "convergence",
    "dataset_size",
    "imagenet_correlation",
    "setting_bars",
    "setting_pairs",
    "tsne",
]
