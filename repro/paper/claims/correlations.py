"""How ImageNet accuracy predicts transfer accuracy: Table 3, and r^2 wherever it is repeated."""

from functools import partial

import numpy as np
from scipy import stats

from repro import statistics
from repro.paper.claims.claim import Claim, Recomputed, Tables, names, rounded

_NUM_DRAWS = 2000
_SEED = 0
_IMAGENET_HALF_UNIT = 0.0005  # Table 4 prints percent with one decimal
_COEFFICIENTS = {
    "r_squared": "Pearson's r^2 of logit ImageNet accuracy and mean logit transfer accuracy",
    "r": "Pearson's r of logit ImageNet accuracy and mean logit transfer accuracy",
    "spearman": "Spearman's rank correlation of ImageNet and mean logit transfer accuracy",
}
_PRINTED = {  # (setting, in words): the three coefficients, and where r^2 stands besides Table 3
    ("logistic_regression", "logistic regression"): ("0.24", "0.49", "0.59", "Abstract, 4.1, "),
    ("finetune", "fine-tuning"): ("0.86", "0.92", "0.90", "Abstract, 1, 4.2, "),
    ("random_init", "training from random initialization"): ("0.45", "0.67", "0.65", "4.2, "),
}


def _recompute(tables: Tables, setting: str, coefficient: str) -> Recomputed:
    correlation = statistics.correlate(
        tables.imagenet_fractions(setting), tables.fractions(setting)
    )
    drawn = perturbed(tables, setting)[coefficient]
    low, high = float(drawn.min()), float(drawn.max())
    remark = f"{low:.3f} to {high:.3f} within the rounding of Tables 4 and 5"
    if coefficient == "spearman":
        remark += f"; {_tied(tables, setting)} have one printed ImageNet accuracy"
    return Recomputed(getattr(correlation, coefficient), remark, low, high)


def perturbed(
    tables: Tables, setting: str, num_draws: int = _NUM_DRAWS, seed: int = _SEED
) -> dict[str, np.ndarray]:
    """Returns coefficients of tables that round to the printed ones.

    Every number is drawn uniformly from within half a unit of its last printed digit.

    Args:
      tables: the printed ones.
      setting: one of `SETTINGS`.
      num_draws: tables drawn.
      seed: of the draws.

    Returns:
      {"r_squared", "r", "spearman": [num_draws]}.
    """
    random = np.random.default_rng(seed)
    imagenet, accuracies = tables.imagenet_fractions(setting), tables.fractions(setting)
    half_units = tables.half_units[setting].to_numpy() / 100
    shifts = random.uniform(-1, 1, (num_draws, *accuracies.shape))
    imagenet_shifts = random.uniform(-1, 1, (num_draws, *imagenet.shape))
    x = statistics.logit(imagenet + imagenet_shifts * _IMAGENET_HALF_UNIT)
    y = statistics.logit(accuracies + shifts * half_units).mean(axis=2)
    r = _pearson(x, y)
    ranks = _pearson(stats.rankdata(x, axis=1), stats.rankdata(y, axis=1))
    return {"r_squared": r**2, "r": r, "spearman": ranks}


def _pearson(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Returns the correlation of each row of x with the same row of y, both [n, M]."""
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    return (x * y).sum(axis=1) / np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))


def _tied(tables: Tables, setting: str) -> str:
    imagenet = tables.networks.loc[tables.accuracies[setting].index, "imagenet_top1"]
    return names(imagenet.index[imagenet.duplicated(keep=False)])


CLAIMS: tuple[Claim, ...] = tuple(
    rounded(
        name=f"{coefficient}_{setting}",
        section=(places[3] if coefficient == "r_squared" else "") + "A.1.2 (Table 3)",
        text=f"{meaning}, {words}",
        printed=places[index],
        recompute=partial(_recompute, setting=setting, coefficient=coefficient),
        why="half a unit of the last printed digit, beyond what the tables' rounding allows",
    )
    for index, (coefficient, meaning) in enumerate(_COEFFICIENTS.items())
    for (setting, words), places in _PRINTED.items()
)
