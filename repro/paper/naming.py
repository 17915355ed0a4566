"""Our name of a network, data set or setting, from the ones in use: ours, or any table's print."""

import functools
import re
from collections.abc import Iterable

from repro import networks
from repro.paper import tables

_OTHER_SETTINGS = {"fine-tuning": "finetune", "from scratch": "random_init"}


def our_name(column: str, name: str) -> str:
    """Returns our name for what another table may call "Inception v4", "CIFAR-10", "fine-tuned".

    Case, spaces and punctuation do not matter; a path or address, such as folder:PATH, stays.

    Args:
      column: "model", "dataset" or "setting".
      name: anything.

    Returns:
      Our name; the given one where it is neither ours nor printed in one of the paper's tables.
    """
    return _known()[column].get(_plain(name), name)


@functools.cache
def _known() -> dict[str, dict[str, str]]:
    """Returns for each column {plain form of a name: ours}."""
    datasets = [
        (name, ours)
        for table in (tables.table1(), tables.table2(), tables.table6())
        for ours, name in table["paper_name"].items()
    ]
    settings = ((name, ours) for ours, name in tables.table3()["paper_name"].items())
    return {
        "model": _by_plain_name(
            (printed, ours) for ours, printed in tables.table4()["paper_name"].items()
        )
        | _by_plain_name((name, name) for name in networks.NETWORKS),
        "dataset": _by_plain_name(datasets)
        | _by_plain_name((printed, ours) for ours, printed in tables.DATASET_COLUMNS.items())
        | _by_plain_name((name, name) for name in tables.DATASET_COLUMNS),
        "setting": _by_plain_name(settings)
        | _by_plain_name(_OTHER_SETTINGS.items())
        | _by_plain_name((name, name) for name in tables.SETTINGS),
    }


def _by_plain_name(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {_plain(name): ours for name, ours in pairs}


def _plain(name: str) -> str:
    return re.sub(r"[\s_.()-]", "", name).lower()
