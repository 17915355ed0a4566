"""Tables of results as the figures take them, and words for what is missing in them.

A table of results has a row a cell, with the columns model, dataset, setting and value (percent, in
the data set's own measure). A row whose value is NaN is a cell that one would expect and that is
missing. So is a cell without a row whose network and data set the setting has in other rows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from repro.figures import names

COLUMNS = ("model", "dataset", "setting", "value")
_UNBROKEN_SPACE = "\u00a0"
_MOST_NAMED = 6  # cells, one by one


@dataclass(frozen=True, eq=False)
class SettingTable:
    """The results of one setting.

    Attributes:
      setting: its name.
      fractions: networks by data sets, accuracies inside (0, 1), NaN where there is none. Without
        the networks and data sets of which the setting has none at all.
      missing_models: networks that are expected and have no result.
      missing_datasets: data sets that are expected and have no result.
      missing_cells: other cells (model, dataset) without one.
      unusable: (model, dataset, percent), with a value that has no finite logit.
    """

    setting: str
    fractions: pd.DataFrame
    missing_models: Sequence[str] = ()
    missing_datasets: Sequence[str] = ()
    missing_cells: Sequence[tuple[str, str]] = ()
    unusable: Sequence[tuple[str, str, float]] = ()


def complete(results: pd.DataFrame, expected: pd.DataFrame) -> pd.DataFrame:
    """Returns results with a row for every expected cell, its value NaN where it has no result.

    Args:
      results: with `COLUMNS`; other columns are kept.
      expected: with the columns model, dataset and setting.
    """
    keys = list(COLUMNS[:3])
    known = pd.MultiIndex.from_frame(results[keys])
    wanted = expected[keys].drop_duplicates()
    absent = wanted[~pd.MultiIndex.from_frame(wanted).isin(known)]
    if absent.empty:
        return results
    if results.empty:
        return absent.assign(value=float("nan")).reset_index(drop=True)
    return pd.concat([results, absent], ignore_index=True)


def setting_table(results: pd.DataFrame, setting: str) -> SettingTable:
    """Returns one setting's results as networks by data sets.

    Args:
      results: with `COLUMNS`.
      setting: the rows to take; others are ignored.

    Raises:
      ValueError: a column is missing, or a cell has two rows.
    """
    rows = checked(results, COLUMNS, unique=COLUMNS[:3])
    rows = rows[rows["setting"] == setting]
    percent = rows.pivot(index="model", columns="dataset", values="value").astype(float)
    percent = percent.reindex(index=dict.fromkeys(rows["model"]))
    percent = percent.reindex(columns=names.in_order(rows["dataset"]))
    with_logit = percent.where((percent > 0) & (percent < 100))
    has_models, has_datasets = with_logit.notna().any(axis=1), with_logit.notna().any(axis=0)
    kept = with_logit.loc[has_models, has_datasets]
    unusable = percent[with_logit.isna()].stack().dropna()
    return SettingTable(
        setting,
        kept / 100,
        list(percent.index[percent.isna().all(axis=1)]),
        list(percent.columns[percent.isna().all(axis=0)]),
        [
            (model, dataset)
            for model in kept.index
            for dataset in kept.columns
            if pd.isna(percent.loc[model, dataset])
        ],
        [(model, dataset, value) for (model, dataset), value in unusable.items()],
    )


def checked(table: pd.DataFrame, columns: Sequence[str], unique: Sequence[str]) -> pd.DataFrame:
    """Returns the table; `ValueError` if it lacks a column or `unique` does not tell rows apart."""
    lacking = [column for column in columns if column not in table]
    if lacking:
        raise ValueError(f"the table lacks the columns {lacking}; it has {list(table.columns)}.")
    twice = table.duplicated(list(unique))
    if twice.any():
        row = table.loc[twice, list(unique)].iloc[0].to_dict()
        raise ValueError(f"{twice.sum()} rows repeat another's {', '.join(unique)}; one is {row}.")
    return table


def note_of(tables: Sequence[SettingTable], labels: Mapping[str, str]) -> str:
    """Returns what settings lack, a line for those that lack the same; "" if none lacks anything.

    Args:
      tables: the settings that a figure shows.
      labels: names of networks in the figure; a network that has none there goes by its own.
    """
    return lines_of((table.setting, "; ".join(_lacks(table, labels))) for table in tables)


def lines_of(lacks: Iterable[tuple[str, str]]) -> str:
    """Returns a line for all settings that lack the same.

    Args:
      lacks: settings, and what each lacks in words; "" for nothing.
    """
    settings: dict[str, list[str]] = {}
    for setting, words in lacks:
        if words:
            settings.setdefault(words, []).append(names.setting_label(setting))
    return "\n".join(f"{'; '.join(alike)}: {words}." for words, alike in settings.items())


def _lacks(table: SettingTable, labels: Mapping[str, str]) -> Iterator[str]:
    if table.fractions.empty:
        yield "no results"
        return
    if table.missing_datasets:
        yield f"no results on {listed(map(names.dataset_label, table.missing_datasets))}"
    if table.missing_models:
        yield f"none of {listed(labels.get(m, m) for m in table.missing_models)}"
    if table.missing_cells:
        cells = [
            f"{labels.get(model, model)} on {names.dataset_label(dataset)}"
            for model, dataset in table.missing_cells
        ]
        yield f"missing {listed(cells, _MOST_NAMED)}"
    if table.unusable:
        cells = [
            f"{labels.get(model, model)} on {names.dataset_label(dataset)} ({value:g}%)"
            for model, dataset, value in table.unusable
        ]
        yield f"left out, as their logit is not finite: {listed(cells, _MOST_NAMED)}"


def listed(words: Iterable[str], most: int = 20) -> str:
    """Returns words with commas; of more than `most` the first, and how many there are besides.

    A line is broken between two of them only.
    """
    words = [word.replace(" ", _UNBROKEN_SPACE) for word in words]
    if len(words) <= most:
        return ", ".join(words)
    return f"{', '.join(words[:most])} and {len(words) - most} more"


def counted(number: int, noun: str) -> str:
    """Returns "1 network", "2 networks"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
