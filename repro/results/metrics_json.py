"""`metrics.json`: the result of a run and everything it depends on."""

import json
import platform
from dataclasses import asdict, dataclass, field
from importlib import metadata
from typing import Any

import repro

SETTINGS = (
    "logistic_regression",
    "finetune",
    "random_init",
    "svm",
    "knn",
    "augmented_logistic_regression",
)
METRIC_NAMES = {
    "top1": "top-1 accuracy",
    "mean_per_class": "mean per-class accuracy",
    "map11": "11-point mAP",
}
SETTING_NAMES = {
    "logistic_regression": "logistic regression on fixed features",
    "finetune": "fine-tuned",
    "random_init": "trained from random initialization",
    "svm": "SVM on fixed features",
    "knn": "k nearest neighbours of fixed features",
    "augmented_logistic_regression": "logistic regression with augmentation",
}
_PACKAGES = ("tensorflow", "keras", "tensorflow-datasets", "numpy", "scipy")


def versions() -> dict[str, str]:
    """Returns the versions of what a result may depend on."""
    packages = {name: metadata.version(name) for name in _PACKAGES}
    return {"repro": repro.__version__, "python": platform.python_version()} | packages


@dataclass(frozen=True)
class RunMetrics:
    """The content of `metrics.json`.

    Attributes:
      model: a name of `--model`.
      dataset: a name of `--dataset`.
      setting: one of `SETTINGS`.
      metric: a key of `METRIC_NAMES`.
      value: percent.
      eval_split: what `value` was measured on, "test" or "validation".
      n_test: images it was measured on.
      n_train: images the final classifier was trained on.
      paper_value: Table 5's number for the cell, percent; None where it has none.
      hyperparameters: chosen or given.
      seed: of the run.
      split_sha256: digest of each split's ids.
      checkpoint_sha256: of the ImageNet checkpoint; None from random initialization.
      seconds: the command took, in its last sitting.
      details: of the setting, such as the solver's iterations.
      versions: of the software.
      n_test_complete: images of the complete split; None where it is not known. Birdsnap, of which
        many images cannot be had today, has fewer.
      study: "convergence" (Section 4.5) or "dataset_size" (4.6); None of a cell of Table 5.
      per_class: examples of each class in the training set; None if it is not such a subset.
      subset: number of the draw of those examples.
    """

    model: str
    dataset: str
    setting: str
    metric: str
    value: float
    eval_split: str
    n_test: int
    n_train: int
    paper_value: float | None
    hyperparameters: dict[str, Any]
    seed: int
    split_sha256: dict[str, str]
    checkpoint_sha256: str | None
    seconds: float
    details: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=versions)
    n_test_complete: int | None = None
    study: str | None = None
    per_class: int | None = None
    subset: int | None = None

    @property
    def difference(self) -> float | None:
        """Ours minus the paper's, in points."""
        return None if self.paper_value is None else self.value - self.paper_value

    @property
    def images(self) -> str:
        """How many images it was measured on, "1,855 of 2,443" where some are missing."""
        if self.n_test_complete is None or self.n_test >= self.n_test_complete:
            return f"{self.n_test:,}"
        return f"{self.n_test:,} of {self.n_test_complete:,}"

    def to_json(self) -> str:
        """Returns the text of metrics.json."""
        return json.dumps(asdict(self) | {"difference": self.difference}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "RunMetrics":
        """Reads what `to_json` wrote."""
        values = json.loads(text)
        values.pop("difference")
        return cls(**values)

    def __str__(self) -> str:
        """Returns the one line that a command ends with."""
        if self.eval_split != "test":
            paper = "the paper prints test results only"
        elif self.study is not None:
            paper = f"of the study {self.study.replace('_', ' ')}"
        elif self.paper_value is None:
            paper = "the paper has no such cell"
        else:
            paper = f"paper: {self.paper_value:g}%, difference: {self.difference:+.1f}"
        return (
            f"{self.model} on {self.dataset}, {SETTING_NAMES[self.setting]}: {self.value:.2f}% "
            f"{METRIC_NAMES[self.metric]} on {self.images} {self.eval_split} images ({paper})"
        )
