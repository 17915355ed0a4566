"""Results that are Table 5's own numbers, or move away from them."""

from collections.abc import Callable, Iterator

from repro.paper import tables
from repro.results.cell_result import CellResult


def papers_results(
    change: Callable[[str, str, str, float], float | None] = lambda *cell: cell[-1],
) -> list[CellResult]:
    """Returns Table 5 as if it were ours.

    Args:
      change: (model, dataset, setting, percent) -> our percent; None for a cell that is not run.
    """
    return list(_results(change))


def _results(change: Callable[..., float | None]) -> Iterator[CellResult]:
    for setting in tables.SETTINGS:
        for model, row in tables.table5_accuracies(setting).iterrows():
            for dataset, percent in row.items():
                value = change(model, dataset, setting, float(percent))
                if value is not None:
                    yield CellResult(model, dataset, setting, value)
