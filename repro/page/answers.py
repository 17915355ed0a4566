"""What a run answered on the test set, and the mistakes that it made most often."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

_MOST_PAIRS = 8
_MOST_EXAMPLES = 3
_ONE_LABEL = ("id", "label", "prediction", "score")
_SEVERAL_LABELS = ("id", "labels", "scores")


@dataclass(frozen=True, eq=False)
class Answers:
    """A run's predictions in the order of the ids.

    Attributes:
      ids: [n] strings.
      labels: [n] class numbers, or [n, L] of 1, 0 (masked), -1.
      predictions: [n] class numbers, or [n, L] booleans, True where a label is said to be there.
      scores: [n], of the predicted class, or [n, L].
    """

    ids: np.ndarray
    labels: np.ndarray
    predictions: np.ndarray
    scores: np.ndarray


@dataclass(frozen=True)
class Mistake:
    """A confusion of two classes, or a label that was wrongly given.

    Attributes:
      truth: number of the class of the examples; None for a label that is not there.
      answer: number of the class, or of the label, that was predicted.
      count: of examples.
      total: examples of the class; or without the label.
      examples: ids of those of which the network was surest.
    """

    truth: int | None
    answer: int
    count: int
    total: int
    examples: tuple[str, ...]


def read(folder: Path) -> Answers:
    """Returns the answers of the run in a folder.

    Raises:
      ValueError: predictions.parquet is missing, damaged, or not what a run writes.
    """
    path = Path(folder) / "predictions.parquet"
    try:
        names = pq.read_schema(path).names
        columns = _SEVERAL_LABELS if "labels" in names else _ONE_LABEL
        table = pq.read_table(path, columns=list(columns))
    except (OSError, pa.ArrowException) as error:
        raise ValueError(f"{path.name} cannot be read: {error}") from error
    lacking = [name for name in columns if name not in table.column_names]
    if lacking or not table.num_rows:
        raise ValueError(f"{path.name} lacks {', '.join(lacking) or 'rows'}.")
    ids = table["id"].to_numpy(zero_copy_only=False).astype(str)
    order = np.argsort(ids, kind="stable")
    if columns == _ONE_LABEL:
        labels, predictions, scores = (table[name].to_numpy()[order] for name in columns[1:])
    else:
        labels, scores = (np.stack(table[name].to_numpy())[order] for name in columns[1:])
        predictions = scores > 0
    return Answers(ids[order], labels, predictions, scores)


def mistakes(answers: Answers) -> list[Mistake]:
    """Returns the most frequent mistakes, with the ids of those with the highest scores."""
    if answers.labels.ndim == 2:
        return _wrong_labels(answers)
    wrong = np.flatnonzero(answers.labels != answers.predictions)
    pairs, counts = np.unique(
        np.stack([answers.labels[wrong], answers.predictions[wrong]]), axis=1, return_counts=True
    )
    found = []
    for i in np.argsort(-counts, kind="stable")[:_MOST_PAIRS]:
        truth, answer = pairs[:, i]
        members = wrong[(answers.labels[wrong] == truth) & (answers.predictions[wrong] == answer)]
        total = int(np.count_nonzero(answers.labels == truth))
        examples = _surest(answers, members, answers.scores)
        found.append(Mistake(int(truth), int(answer), int(counts[i]), total, examples))
    return found


def _wrong_labels(answers: Answers) -> list[Mistake]:
    wrong = answers.predictions & (answers.labels == -1)
    counts = np.count_nonzero(wrong, axis=0)
    order = np.argsort(-counts, kind="stable")[:_MOST_PAIRS]
    return [
        Mistake(
            None,
            int(label),
            int(counts[label]),
            int(np.count_nonzero(answers.labels[:, label] == -1)),
            _surest(answers, np.flatnonzero(wrong[:, label]), answers.scores[:, label]),
        )
        for label in order
        if counts[label]
    ]


def _surest(answers: Answers, members: np.ndarray, scores: np.ndarray) -> tuple[str, ...]:
    surest = members[np.argsort(-scores[members], kind="stable")][:_MOST_EXAMPLES]
    return tuple(str(answers.ids[i]) for i in surest)
