"""A few examples of every class, for the study of the data set's size (Section 4.6)."""

import random
from dataclasses import replace

import numpy as np

from repro import UserError
from repro.datasets.examples import Examples


def few_per_class(examples: Examples, per_class: int, subset: int) -> Examples:
    """Returns the same number of examples of every class.

    Of a class's sorted ids, `random.Random("<subset>:<class name>")` draws the examples, so that a
    subset is the same on every machine.

    Args:
      examples: a training set with one label an image.
      per_class: examples of each class, 1 or more.
      subset: number of the draw; others are drawn independently.

    Raises:
      UserError: a class has fewer examples, or an image may have several labels.
    """
    name = examples.spec.name
    if examples.labels.ndim > 1:
        raise UserError(
            f"--per_class={per_class}: an image of {name} may have several labels, so there is no "
            "subset with as many of each. Choose another data set."
        )
    if per_class < 1:
        raise UserError(f"--per_class={per_class} must be 1 or above.")
    chosen = []
    for label, class_name in enumerate(examples.class_names):
        members = np.flatnonzero(examples.labels == label)
        if len(members) < per_class:
            raise UserError(
                f"--per_class={per_class}: class {class_name} of {name} has {len(members)} "
                f"examples in {examples.split}. Give at most that."
            )
        members = members[np.argsort(examples.ids[members])].tolist()
        chosen += random.Random(f"{subset}:{class_name}").sample(members, per_class)
    rows = np.array(sorted(chosen), np.int64)
    return replace(
        examples, ids=examples.ids[rows], labels=examples.labels[rows], images=examples.images[rows]
    )
