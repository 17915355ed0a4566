"""The data sets: sizes, images a class, duplicates, and epochs that follow from steps."""

from functools import partial

import numpy as np

from repro.paper.claims.claim import Claim, Recomputed, Tables, counted, exact, names, rounded

_BATCH_SIZE = 256  # Appendices A.5, A.6
_STEPS = {"finetune": 1151, "random_init": 19531}  # Section 4.5, to 90% of the maximum odds
_EPOCHS = {"finetune": 26, "random_init": 444}
_SUBSET_OF_AIRCRAFT = 1600  # examples, Section 4.6


def _size(tables: Tables, dataset: str, column: str) -> Recomputed:
    return Recomputed(int(tables.datasets.loc[dataset, column]))


def _test_size_of_table_6(tables: Tables, dataset: str) -> Recomputed:
    row = tables.duplicates.loc[dataset]
    remark = (
        f"in Table 6, whose {row['test_duplicates_percent']}% of duplicates are "
        f"{row['test_duplicates']} of as many"
    )
    return Recomputed(int(row["test_size"]), remark)


def _count(tables: Tables) -> Recomputed:
    return Recomputed(len(tables.datasets))


def _extreme_size(tables: Tables, which: str) -> Recomputed:
    sizes = tables.datasets["train_size"]
    return Recomputed(int(sizes.agg(which)), names(sizes.index[sizes == sizes.agg(which)]))


def _extreme_images_per_class(tables: Tables, which: str) -> Recomputed:
    per_class = tables.datasets["train_size"] / tables.datasets["classes"]
    extreme = per_class.agg(which)
    remark = names(per_class.index[per_class == extreme])
    if "cifar100" in remark:
        remark += ", the last only by the 10 classes that Table 1 misprints"
    return Recomputed(float(extreme), remark)


def _images_per_class(tables: Tables, dataset: str) -> Recomputed:
    row = tables.datasets.loc[dataset]
    return Recomputed(row["train_size"] / row["classes"])


def _subset_images_per_class(tables: Tables) -> Recomputed:
    return Recomputed(_SUBSET_OF_AIRCRAFT / tables.datasets.loc["aircraft", "classes"])


def _epochs(tables: Tables, setting: str) -> Recomputed:
    """Turns a geometric mean of steps into one of epochs, which divides by that of the sizes."""
    size = np.exp(np.log(tables.datasets["train_size"]).mean())
    remark = f"{_STEPS[setting]} steps of {_BATCH_SIZE} on {size:,.0f} images, the geometric mean"
    return Recomputed(float(_STEPS[setting] * _BATCH_SIZE / size), remark)


def _speedup(_: Tables, counts: dict[str, int]) -> Recomputed:
    remark = f"{counts['random_init']} over {counts['finetune']}"
    return Recomputed(counts["random_init"] / counts["finetune"], remark)


def _right_percentages(tables: Tables) -> Recomputed:
    """Counts the percentages of Table 6 that are its counts over its sizes."""
    table, right = tables.duplicates, 0
    for split in ("train", "test"):
        percent = 100 * table[f"{split}_duplicates"] / table[f"{split}_size"]
        difference = percent - table[f"{split}_duplicates_percent"]
        right += int((difference.abs() <= 0.005).sum())
    return Recomputed(right)


def _test_without_duplicates(tables: Tables, dataset: str) -> Recomputed:
    row = tables.duplicates.loc[dataset]
    return Recomputed(int(row["test_size"] - row["test_duplicates"]))


def _best_fine_tuned(tables: Tables, dataset: str) -> Recomputed:
    column = tables.accuracies["finetune"][dataset]
    return Recomputed(float(column.max()), column.idxmax())


def _of_duplicates(tables: Tables, dataset: str, percent: float) -> Recomputed:
    """Returns the share of the duplicates that is a whole number of images and lies nearest."""
    duplicates = int(tables.duplicates.loc[dataset, "test_duplicates"])
    correct = round(percent / 100 * duplicates)
    return Recomputed(100 * correct / duplicates, f"{correct} of {duplicates}")


def _of_the_others(tables: Tables, dataset: str, percent_of_duplicates: float) -> Recomputed:
    """Returns the accuracy without duplicates that the full test set and the duplicates leave."""
    row = tables.duplicates.loc[dataset]
    correct = round(percent_of_duplicates / 100 * row["test_duplicates"])
    column = tables.accuracies["finetune"][dataset]
    half_unit = tables.half_units["finetune"].loc[column.idxmax(), dataset]
    low, value, high = (
        float((percent / 100 * row["test_size"] - correct) * 100)
        / (row["test_size"] - row["test_duplicates"])
        for percent in (column.max() - half_unit, column.max(), column.max() + half_unit)
    )
    remark = f"by Table 5's {column.max()}% of all, less {correct} right duplicates"
    return Recomputed(value, remark, low, high)


def _duplicate_claims(
    dataset: str, *, full: str, count: str, others: str, on_duplicates: str
) -> tuple[Claim, ...]:
    """Returns Appendix D's claims of one data set, whose numbers are given as printed."""
    percent = float(on_duplicates.rstrip("%"))
    return (
        exact(
            f"full_test_set_{dataset}",
            "D",
            f"accuracy of the best model on the full test set of {dataset}",
            full,
            partial(_best_fine_tuned, dataset=dataset),
        ),
        counted(
            f"test_size_without_duplicates_{dataset}",
            "D",
            f"test images of {dataset} that are not in ImageNet's training set",
            count,
            partial(_test_without_duplicates, dataset=dataset),
        ),
        rounded(
            f"without_duplicates_{dataset}",
            "D",
            f"accuracy on the test images of {dataset} that are not duplicates",
            others,
            partial(_of_the_others, dataset=dataset, percent_of_duplicates=percent),
            why="half a unit of the last printed digit, beyond what Table 5's rounding allows",
        ),
        rounded(
            f"on_duplicates_{dataset}",
            "D",
            f"accuracy on the duplicates of {dataset}, a whole number of images",
            on_duplicates,
            partial(_of_duplicates, dataset=dataset, percent=percent),
        ),
    )


CLAIMS: tuple[Claim, ...] = (
    counted("datasets", "Abstract, 1, 4", "data sets examined", "12", _count),
    exact(
        "smallest_training_set",
        "4",
        "training images of the smallest data set",
        "2,040",
        partial(_extreme_size, which="min"),
    ),
    exact(
        "largest_training_set",
        "4",
        "training images of the largest data set",
        "75,750",
        partial(_extreme_size, which="max"),
    ),
    exact(
        "fewest_images_per_class",
        "4",
        "fewest training images a class of any data set",
        "20",
        partial(_extreme_images_per_class, which="min"),
        why="a count: sizes of balanced classes",
    ),
    exact(
        "most_images_per_class",
        "4",
        "most training images a class of any data set",
        "5,000",
        partial(_extreme_images_per_class, which="max"),
        why="a count: sizes of balanced classes",
    ),
    exact(
        "test_size_of_pets",
        "4 (Table 1)",
        "test images of Oxford-IIIT Pets",
        "3,369",
        partial(_test_size_of_table_6, dataset="pets"),
    ),
    *(
        exact(
            f"{column}_of_{dataset}",
            section,
            f"{'training images' if column == 'train_size' else 'classes'} of {dataset}",
            printed,
            partial(_size, dataset=dataset, column=column),
        )
        for dataset, column, section, printed in (
            ("flowers", "train_size", "4.3", "2,040"),
            ("flowers", "classes", "4.3", "102"),
            ("cars", "train_size", "4.4", "8,144"),
            ("cars", "classes", "4.4", "196"),
            ("aircraft", "train_size", "4.4", "6,667"),
            ("aircraft", "classes", "4.4", "100"),
        )
    ),
    exact(
        "images_per_class_of_flowers",
        "4.4",
        "training images a class of 102 Flowers",
        "20",
        partial(_images_per_class, dataset="flowers"),
        why="a count: sizes of balanced classes",
    ),
    exact(
        "images_per_class_of_caltech101",
        "A.2",
        "training images a class of Caltech-101",
        "30",
        partial(_images_per_class, dataset="caltech101"),
        why="a count: sizes of balanced classes",
    ),
    exact(
        "images_per_class_at_parity",
        "4.6",
        "images a class in 1600 examples of FGVC Aircraft, where random initialization reaches "
        "fine-tuning",
        "16",
        _subset_images_per_class,
        why="a count: sizes of balanced classes",
    ),
    rounded(
        "epochs_finetune",
        "4.5",
        "epochs of fine-tuning to 90% of the maximum odds, which take 1151 steps",
        "26",
        partial(_epochs, setting="finetune"),
    ),
    rounded(
        "epochs_random_init",
        "4.5",
        "epochs from random initialization to 90% of the maximum odds, which take 19,531 steps",
        "444",
        partial(_epochs, setting="random_init"),
    ),
    rounded(
        "speedup_in_steps",
        "4.5",
        "how many times fewer steps fine-tuning takes, 1151 instead of 19,531",
        "17",
        partial(_speedup, counts=_STEPS),
    ),
    rounded(
        "speedup_in_epochs",
        "4.5",
        "how many times fewer epochs fine-tuning takes, 26 instead of 444",
        "17",
        partial(_speedup, counts=_EPOCHS),
    ),
    counted(
        "duplicate_percentages",
        "D (Table 6)",
        "printed percentages of duplicates, which are the printed counts over the printed sizes",
        "24",
        _right_percentages,
        why="a count; each within half a unit of its last printed digit",
    ),
    *_duplicate_claims(
        "cifar10", full="98.39%", count="9,863", others="98.39%", on_duplicates="98.54%"
    ),
    *_duplicate_claims(
        "cifar100", full="88.4%", count="9,771", others="88.2%", on_duplicates="96.94%"
    ),
)
