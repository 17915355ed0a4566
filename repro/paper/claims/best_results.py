"""Table 2, the best results and the state of the art, against Table 5."""

from functools import partial

import pandas as pd

from repro.paper.claims.claim import (
    Claim,
    Recomputed,
    Tables,
    all_but,
    counted,
    exact,
    names,
    rounded,
)
from repro.paper.tables import SETTINGS, table2

_WITHOUT_DUPLICATES = ("cifar10", "cifar100")


def _best(tables: Tables, dataset: str) -> tuple[str, str]:
    """Returns (setting, network) of the highest number for a data set in all of Table 5."""
    cells = pd.concat({name: tables.accuracies[name][dataset] for name in SETTINGS})
    return cells.idxmax()


def _best_accuracy(tables: Tables, dataset: str) -> Recomputed:
    setting, network = _best(tables, dataset)
    remark = f"{network}, {setting}"
    if dataset in _WITHOUT_DUPLICATES:
        remark += "; on the full test set, where Table 2 leaves duplicates out (Appendix D)"
    return Recomputed(float(tables.accuracies[setting].loc[network, dataset]), remark)


def _same_networks(tables: Tables) -> Recomputed:
    """Counts data sets of which Table 2 names the network and setting that is best in Table 5."""
    named = zip(tables.best["setting"], tables.best["model"], strict=True)
    pairs = zip(tables.best.index, named, strict=True)
    different = [dataset for dataset, cell in pairs if _best(tables, dataset) != cell]
    return Recomputed(len(tables.best) - len(different), all_but(different))


def _state_of_the_art(tables: Tables, *, reached: bool) -> Recomputed:
    above = tables.best["accuracy"] > tables.best["previous_accuracy"]
    chosen = tables.best.index[above == reached]
    return Recomputed(len(chosen), names(chosen))


def _previous_on_cars(tables: Tables) -> Recomputed:
    row = tables.best.loc["cars"]
    return Recomputed(float(row["previous_accuracy"]), row["previous_network"])


CLAIMS: tuple[Claim, ...] = (
    *(
        rounded(
            f"best_accuracy_{dataset}",
            "4.3 (Table 2)",
            f"best accuracy on {row['paper_name']}",
            f"{row['accuracy']:.1f}",
            partial(_best_accuracy, dataset=dataset),
            why="half a unit of Table 2's last digit: Table 5 may have one more",
        )
        for dataset, row in table2().iterrows()
    ),
    counted(
        "best_networks",
        "4.3 (Table 2)",
        "data sets of which the best network and setting is the one that Table 2 names",
        "12",
        _same_networks,
    ),
    counted(
        "state_of_the_art",
        "Abstract, 4.3",
        "data sets with a better accuracy than any reported before",
        "8 of 12",
        partial(_state_of_the_art, reached=True),
    ),
    counted(
        "not_state_of_the_art",
        "4.3",
        "data sets named as without one: Birdsnap, Cars, Aircraft, VOC 2007",
        "4",
        partial(_state_of_the_art, reached=False),
    ),
    exact(
        "previous_best_on_cars",
        "4.4",
        "best reported accuracy on Stanford Cars",
        "94.1%",
        _previous_on_cars,
    ),
)
