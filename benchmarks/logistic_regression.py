"""Our regularization path beside scikit-learn's, on the same features in one run.

    python benchmarks/logistic_regression.py [--examples=2000] [--dimensions=256] [--classes=50]
    python benchmarks/logistic_regression.py --features=FILE.npz    (arrays `features` and `labels`)

    python benchmarks/logistic_regression.py --growth

Three sides fit the same values of lambda in float64: ours; scikit-learn's LogisticRegression
(lbfgs) from zero at each value; and the same warm-started along the path, from strong to weak.
Times are wall seconds and the processor's, ratios are to ours, and `excess` is the largest relative
amount by which an objective lies above the least of the three at the same value. --sides=ours,warm
leaves the cold side out, which takes longest.

--growth measures our side alone as examples, features and classes double, each shape in a process
of its own: seconds for an iteration, and the peak of the memory. Its last shape is Birdsnap's with
the features of Inception-ResNet v2, for 20 iterations.
"""

import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
from absl import app, flags
from scipy.special import logsumexp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from repro.classifiers import L2_VALUES, logistic_regression_path, normalize

_FEATURES = flags.DEFINE_string(
    "features", None, "NumPy archive of `features` [n, d] and `labels` [n]; synthetic ones if not."
)
_EXAMPLES = flags.DEFINE_integer("examples", 2000, "Synthetic examples.", lower_bound=2)
_DIMENSIONS = flags.DEFINE_integer("dimensions", 256, "Synthetic features.", lower_bound=1)
_CLASSES = flags.DEFINE_integer("classes", 50, "Synthetic classes.", lower_bound=2)
_EVERY = flags.DEFINE_integer(
    "every", 1, "Fits every k-th of the 45 values only, which takes from the warm starts.", 1
)
_TOLERANCE = flags.DEFINE_float("tolerance", 1e-8, "scikit-learn's tol.")
_MAX_ITERATIONS = flags.DEFINE_integer("max_iterations", 10_000, "scikit-learn's max_iter.")

_SIDES = flags.DEFINE_list("sides", ["ours", "cold", "warm"], "Which of the three to run.")
_GROWTH = flags.DEFINE_bool("growth", False, "Measures time and memory as the problem grows.")
_SHAPE = flags.DEFINE_list("shape", None, "One shape of --growth: examples, features, classes.")
_SHAPES = (
    (2500, 256, 100),
    (5000, 256, 100),
    (10_000, 256, 100),
    (2500, 512, 100),
    (2500, 1024, 100),
    (2500, 256, 200),
    (2500, 256, 400),
    (1000, 1536, 100),  # fewer examples than features
    (47_386, 1536, 500),  # Birdsnap
)
_GROWTH_ITERATIONS = 20

Fits = tuple[np.ndarray, np.ndarray, int, int]  # coefs, intercepts, iterations, unconverged values


def synthetic(n: int, d: int, num_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns [n, d] features like a ReLU network's, non-negative and correlated, and labels."""
    rng = np.random.default_rng(0)
    labels = rng.integers(num_classes, size=n)
    width = min(64, d)
    hidden = 0.7 * rng.normal(size=(num_classes, width))[labels] + rng.normal(size=(n, width))
    hidden = np.maximum(hidden @ rng.normal(size=(width, 2 * d)) / np.sqrt(width), 0)
    hidden = hidden @ rng.normal(size=(2 * d, d)) / np.sqrt(2 * d)
    features = np.maximum(hidden + 0.1 * rng.normal(size=(n, d)), 0)
    return features * np.exp(0.7 * rng.normal(size=d)), labels


def ours(features: np.ndarray, labels: np.ndarray, l2_values: np.ndarray) -> Fits:
    """Fits our path."""
    path = logistic_regression_path(features, labels, labels.max() + 1, l2_values)
    return path.coefs, path.intercepts, path.iterations.sum(), np.count_nonzero(~path.converged)


def scikit_learn(
    features: np.ndarray, labels: np.ndarray, l2_values: np.ndarray, warm_start: bool
) -> Fits:
    """Fits scikit-learn's classifier value by value."""
    model = LogisticRegression(
        tol=_TOLERANCE.value, max_iter=_MAX_ITERATIONS.value, warm_start=warm_start
    )
    order = np.argsort(l2_values)[::-1]
    fits, iterations, unconverged = {}, 0, 0
    for i in order:
        model.set_params(C=1 / l2_values[i])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ConvergenceWarning)
            model.fit(features, labels)
        unconverged += any(issubclass(each.category, ConvergenceWarning) for each in caught)
        fits[i] = model.coef_.copy(), model.intercept_.copy()
        iterations += int(model.n_iter_.sum())
    coefs, intercepts = (np.array([fits[i][k] for i in range(len(order))]) for k in (0, 1))
    return coefs, intercepts, iterations, unconverged


def objectives(fits: Fits, features: np.ndarray, labels: np.ndarray, l2_values: np.ndarray):
    """Returns the [L] objectives, evaluated alike for every side."""
    values = []
    for coefs, intercepts, l2 in zip(*fits[:2], l2_values, strict=True):
        logits = features @ coefs.T + intercepts
        losses = logsumexp(logits, axis=1) - logits[np.arange(len(labels)), labels]
        values.append(losses.sum() + 0.5 * l2 * (coefs**2).sum())
    return np.array(values)


def grow() -> None:
    """Prints our seconds for an iteration and our peak of memory for shape after shape."""
    print(f"{'examples':>9} {'features':>9} {'classes':>8} {'s/iteration':>12} {'s in all':>9} GB")
    for shape in _SHAPES:
        words = [sys.executable, __file__, f"--shape={','.join(map(str, shape))}"]
        subprocess.run(words, check=True)


def measure(n: int, d: int, num_classes: int) -> None:
    """Prints one row of `grow`, the features being float32 as a network gives them."""
    rng = np.random.default_rng(0)
    features = np.maximum(rng.normal(size=(n, d)).astype(np.float32), 0, dtype=np.float32)
    labels = np.arange(n) % num_classes
    features[np.arange(n), labels % d] += 1.0
    features = normalize(features)
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = logistic_regression_path(
            features, labels, num_classes, [1e-3], max_iterations=_GROWTH_ITERATIONS
        )
    seconds = time.perf_counter() - start
    gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{n:9,} {d:9,} {num_classes:8} {seconds / path.iterations[0]:12.3f} {seconds:9.1f} "
        f"{gigabytes:.2f}",
        flush=True,
    )


def main(argv: list[str]) -> None:
    """Runs the sides and prints a row for each."""
    del argv
    if _SHAPE.value:
        measure(*map(int, _SHAPE.value))
        return
    if _GROWTH.value:
        grow()
        return
    if _FEATURES.value:
        with np.load(_FEATURES.value) as archive:
            features, labels = archive["features"].astype(np.float64), archive["labels"]
        # scikit-learn drops classes without examples; so that all fit the same model, so do we.
        labels = np.unique(labels, return_inverse=True)[1]
    else:
        features, labels = synthetic(_EXAMPLES.value, _DIMENSIONS.value, _CLASSES.value)
        labels = np.unique(labels, return_inverse=True)[1]
    features, l2_values = normalize(features), L2_VALUES[:: _EVERY.value]
    n, d = features.shape
    print(f"{n} examples, {d} features, {labels.max() + 1} classes, {len(l2_values)} values")
    sides: dict[str, Callable[[], Fits]] = {
        "ours": lambda: ours(features, labels, l2_values),
        "scikit-learn, cold": lambda: scikit_learn(features, labels, l2_values, False),
        "scikit-learn, warm": lambda: scikit_learn(features, labels, l2_values, True),
    }
    sides = {name: side for name, side in sides.items() if name.split()[-1] in _SIDES.value}
    fits, seconds = {}, {}
    for name, side in sides.items():
        wall, cpu = time.perf_counter(), time.process_time()
        fits[name] = side()
        seconds[name] = time.perf_counter() - wall, time.process_time() - cpu
    values = {name: objectives(fit, features, labels, l2_values) for name, fit in fits.items()}
    least = np.min(list(values.values()), axis=0)
    columns = f"{'seconds':>9} {'ratio':>6} {'cpu s':>9} {'ratio':>6} {'iterations':>10}"
    print(f"{'':18} {columns} unconverged excess")
    for name, (_, _, iterations, unconverged) in fits.items():
        ratios = [mine / base for mine, base in zip(seconds[name], seconds["ours"], strict=True)]
        print(
            f"{name:18} {seconds[name][0]:9.2f} {ratios[0]:6.1f} {seconds[name][1]:9.2f} "
            f"{ratios[1]:6.1f} {iterations:10d} {unconverged:11d} "
            f"{np.max(values[name] / least - 1):.1e}"
        )


if __name__ == "__main__":
    app.run(main)
