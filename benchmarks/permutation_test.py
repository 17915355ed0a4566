"""Our permutation test beside one that exchanges predictions example by example, in one run.

    python benchmarks/permutation_test.py [--examples=25250] [--classes=101] [--permutations=10000]

Three sides test the same two synthetic networks for a difference in mean per-class accuracy: ours;
the same with one random bit per example, in blocks of NumPy; and a loop over permutations that
computes both accuracies anew from the exchanged predictions. The last two do a share of the
permutations and are scaled up, so that their p-values are coarse. Times are the best of --repeats,
in wall seconds; ratios are to ours. The classes are first of one size (Food-101's test set), then
of different sizes.
"""

import time
from collections.abc import Callable

import numpy as np
from absl import app, flags

from repro.metrics import mean_per_class_accuracy
from repro.statistics import permutation_p_value

_EXAMPLES = flags.DEFINE_integer("examples", 25_250, "Test examples.", lower_bound=1)
_CLASSES = flags.DEFINE_integer("classes", 101, "Classes.", lower_bound=1)
_PERMUTATIONS = flags.DEFINE_integer("permutations", 10_000, "Permutations.", lower_bound=100)
_ACCURACIES = flags.DEFINE_multi_float("accuracy", [0.86, 0.855], "Of the two networks.")
_REPEATS = flags.DEFINE_integer("repeats", 5, "Of which the best counts.", lower_bound=1)

_BITS_SHARE, _LOOP_SHARE = 0.1, 0.01

Networks = tuple[np.ndarray, np.ndarray, np.ndarray]  # labels and two networks' predictions [n]


def synthetic(labels: np.ndarray, num_classes: int) -> Networks:
    """Returns the labels and predictions of two networks that err independently."""
    rng = np.random.default_rng(0)
    wrong = (labels + 1) % max(num_classes, 2)
    a, b = (np.where(rng.random(labels.size) < p, labels, wrong) for p in _ACCURACIES.value)
    return labels, a, b


def random_bits(labels: np.ndarray, a: np.ndarray, b: np.ndarray, permutations: int) -> float:
    """Returns the p-value from one random bit per example and permutation, 100 at once."""
    rng = np.random.default_rng(0)
    share = 1 / np.bincount(labels)[labels]
    contributions = ((a == labels).astype(float) - (b == labels)) * share
    observed = abs(contributions.sum()) * (1 - 1e-12)
    extreme = 0
    for start in range(0, permutations, 100):
        signs = rng.integers(2, size=(min(100, permutations - start), labels.size)) * 2.0 - 1
        extreme += np.count_nonzero(np.abs(signs @ contributions) >= observed)
    return (1 + extreme) / (1 + permutations)


def loop(labels: np.ndarray, a: np.ndarray, b: np.ndarray, permutations: int) -> float:
    """Returns the p-value from exchanged predictions and both accuracies for each permutation."""
    rng = np.random.default_rng(0)
    num_classes = int(max(labels.max(), a.max(), b.max())) + 1

    def difference(a: np.ndarray, b: np.ndarray) -> float:
        accuracies = [mean_per_class_accuracy(labels, side, num_classes) for side in (a, b)]
        return abs(accuracies[0] - accuracies[1])

    observed, extreme = difference(a, b) * (1 - 1e-12), 0
    for _ in range(permutations):
        exchanged = rng.random(labels.size) < 0.5
        extreme += difference(np.where(exchanged, b, a), np.where(exchanged, a, b)) >= observed
    return (1 + extreme) / (1 + permutations)


def best_time(function: Callable[[], float]) -> tuple[float, float]:
    """Returns the least wall seconds of the repeats, and the p-value."""
    seconds = []
    for _ in range(_REPEATS.value):
        start = time.perf_counter()
        p_value = function()
        seconds.append(time.perf_counter() - start)
    return min(seconds), p_value


def compare(title: str, networks: Networks) -> None:
    """Times the three sides on the same networks, and prints a line for each."""
    permutations = _PERMUTATIONS.value
    few, fewer = round(permutations * _BITS_SHARE), round(permutations * _LOOP_SHARE)
    sides = {
        "ours": (lambda: permutation_p_value(*networks, num_permutations=permutations), 1.0),
        "random bits": (lambda: random_bits(*networks, few), few / permutations),
        "loop": (lambda: loop(*networks, fewer), fewer / permutations),
    }
    print(f"{title}: {networks[0].size} examples, {permutations} permutations")
    ours = None
    for name, (function, share) in sides.items():
        seconds, p_value = best_time(function)
        seconds /= share
        ours = ours or seconds
        scaled = f"  (scaled up from {share:.0%})" if share < 1 else ""
        ratio = f"{seconds / ours:9.1f} x ours"
        print(f"  {name:12} {seconds:10.4f} s  {ratio}  p = {p_value:.4f}{scaled}")


def main(_: list[str]) -> None:
    """Runs both comparisons."""
    examples, classes = _EXAMPLES.value, _CLASSES.value
    compare("equal classes", synthetic(np.arange(examples) % classes, classes))
    unequal = np.sort(np.random.default_rng(1).integers(classes, size=examples))
    compare("unequal classes", synthetic(unequal, classes))


if __name__ == "__main__":
    app.run(main)
