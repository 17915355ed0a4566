"""What the paper reports that does not follow from its tables, and what it would take."""

from dataclasses import dataclass

_PREDICTIONS = "needs both networks' predictions for each test image"
_CLASSIFIER = "needs the accuracies of that classifier, of which no table is printed"
_CURVES = "needs the runs of Figure 5; no table is printed"
_SUBSETS = "needs the runs of Figure 6; no table is printed"
_DUPLICATES = "needs the data sets' images and ImageNet's"


@dataclass(frozen=True)
class NotRecomputable:
    """A result in the paper that its printed tables do not determine.

    Attributes:
      section: where it stands.
      text: what is said, in our words, with the numbers as printed.
      reason: what is missing.
    """

    section: str
    text: str
    reason: str


NOT_RECOMPUTABLE: tuple[NotRecomputable, ...] = tuple(
    NotRecomputable(*entry)
    for entry in (
        (
            "4.1",
            "ResNets insignificantly different from the best on one more data set",
            _PREDICTIONS,
        ),
        (
            "4.1, A.4",
            "the retrained Inception v3 has 77.2% on ImageNet, and is worse than ResNet-152 on all "
            "data sets but VOC 2007",
            "needs that network's accuracies, which are not printed",
        ),
        (
            "4.2",
            "NASNet-A Large insignificantly different from the best on the 3 data sets where it is "
            "not best",
            _PREDICTIONS,
        ),
        (
            "4 (Figure 2)",
            "95% confidence intervals of the regression lines, and which networks are green",
            "shown in the figure, not printed as numbers",
        ),
        (
            "4.3 (Table 2)",
            "85.4% on Birdsnap and 95.9% on Aircraft; the previously reported accuracies",
            "other papers' results",
        ),
        (
            "4.4",
            "p = 0.23 between the best from scratch and the best fine-tuned network on Cars",
            _PREDICTIONS,
        ),
        (
            "4.5",
            "1151 steps to 90% of the maximum odds, quartiles 267-4882 steps and 12-58 epochs; "
            "19,531 steps from random initialization, quartiles 9765-39062 and 208-873",
            _CURVES,
        ),
        (
            "4.6",
            "logistic regression strong at 47-800 examples, 1-32 a class; parity on Aircraft at "
            "1600 examples",
            _SUBSETS,
        ),
        (
            "A.2",
            "median image sizes: at least 331 pixels, 225 by 300 on Caltech-101, 32 by 32 on CIFAR",
            "needs the data sets' images",
        ),
        (
            "A.4",
            "ResNets with Inception's preprocessing best on 9 of 12 data sets",
            "needs those networks' accuracies, which are not printed",
        ),
        (
            "B",
            "SVM: r = 0.9994 to logistic regression; better on 102 of 156, odds ratio 1.006, "
            "t = 2.4; ResNets best on 9 data sets, insignificantly different on one",
            _CLASSIFIER,
        ),
        (
            "B",
            "k-nearest neighbours: universally worse; ResNets best on 7 data sets, insignificantly "
            "different on one",
            _CLASSIFIER,
        ),
        (
            "B",
            "augmented logistic regression: ResNets best on 7 data sets, insignificantly different "
            "on 3; below fine-tuning on 146 of 156; above plain on 86 of 156, odds ratio 1.04; its "
            "best network below the plain best on half of the data sets",
            _CLASSIFIER,
        ),
        ("D (Table 6)", "the counts of duplicates", _DUPLICATES),
        ("D", "which CIFAR test images are duplicates, and the accuracies on them", _DUPLICATES),
    )
)
