"""The data sets: what is there, what is missing; prepares them and verifies that they are complete.

python -m repro.dataset
python -m repro.dataset list
python -m repro.dataset list NAME...
python -m repro.dataset prepare NAME...
python -m repro.dataset verify NAME

NAME is one of the list; with `prepare` also `all`, the paper's twelve. Your own data are
folder:PATH and tfds:NAME. A few images a class as a network is shown them:

python -m repro.dataset verify pets --contact_sheet=pets.png --model=inception_v4
"""

from collections.abc import Sequence
from pathlib import Path

from absl import flags

from repro import UserError, _command, datasets, networks, preprocessing
from repro._files import replacing
from repro._words import words
from repro.datasets import DatasetSpec, inventory
from repro.datasets.contact_sheet import contact_sheet
from repro.datasets.preparing import archives
from repro.datasets.preparing.tfds_builders import TfdsBuilder

_CONTACT_SHEET = flags.DEFINE_string(
    "contact_sheet", None, "PNG to write: images of the training set as --model is shown them."
)
_MOST_CLASSES = "12"  # on a contact sheet
_SPLITS = ("train", "validation", "test")
_NAMED_AT_MOST = 10
INCOMPLETE = 1  # exit status

for _flag in (
    _command.DATA_DIR,
    _command.MANUAL_DIR,
    _command.ALLOW_PARTIAL,
    _command.METRIC,
    _command.SEED,
    _command.SPLIT_SEED,
    _command.CLASSES,
    _command.MODEL,
    _command.IMAGE_SIZE,
    _command.PROGRESS,
):
    flags.declare_key_flag(_flag)


@words("", "list", "list NAME...", "prepare NAME...", "verify NAME")
def main(action: str = "list", *names: str) -> int:
    """Does what the first word says."""
    if _command.DATASET.value is not None:
        raise UserError(
            "--dataset is not a flag of this command; type "
            f"`python -m repro.dataset prepare {_command.DATASET.value}`."
        )
    sheet = _CONTACT_SHEET.value
    if sheet is not None:
        if action != "verify":
            raise UserError("--contact_sheet goes with `verify NAME`.")
        _command.required(_command.MODEL)
        networks.spec(_command.MODEL.value)
    if action == "prepare":
        _prepare(names)
    elif action == "verify":
        return _verify(_spec(names[0]))
    elif names:
        print("\n\n".join(_details(_spec(name)) for name in names))
    else:
        _list()
    return 0


def _spec(name: str) -> DatasetSpec:
    return datasets.spec(name, seed=_command.SPLIT_SEED.value, metric=_command.METRIC.value)


def _list() -> None:
    rows = [("NAME", "classes", "train", "test", "metric", "")]
    for spec in datasets.DATASETS.values():
        sizes = (f"{spec.num_classes}", f"{spec.train_size:,}", f"{spec.test_size:,}")
        rows.append((spec.name, *sizes, spec.metric, _state(spec)))
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    for row in rows:
        cells = (
            cell.rjust(width) if i in (1, 2, 3) else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=False))
        )
        print("  ".join([*cells, row[-1]]).rstrip())
    print(
        "\ntrain includes validation. `list NAME` says what a data set is made from and where to "
        "get it.\nYour own data: folder:PATH, tfds:NAME."
    )


def _state(spec: DatasetSpec) -> str:
    """Returns in a few words whether a data set is prepared, or what is missing."""
    folder = inventory.prepared_in(spec, _command.DATA_DIR.value)
    if folder is not None:
        return f"prepared in {folder}"
    if not spec.parts:
        return "not prepared; needs no file"
    lacking = inventory.missing_parts(spec, _command.MANUAL_DIR.value)
    if not lacking:
        return f"not prepared; its files are in {_command.MANUAL_DIR.value}"
    files = list(dict.fromkeys(part.archives[0] for part in lacking))
    names = ", ".join(file.name for file in files)
    known = sum(file.size or 0 for file in files)
    size = (
        f" ({known / 1e9:.2g} GB)" if known >= 1e8 else f" ({known / 1e6:.2g} MB)" if known else ""
    )
    if isinstance(spec.builder, TfdsBuilder):
        return f"not prepared; downloads {names}{size}"
    return f"missing: {names}{size}"


def _details(spec: DatasetSpec) -> str:
    """Returns all that is known of a data set."""
    if spec.opened is not None:
        known = [split for split in _SPLITS if split in spec.expected]
        sizes = [f"{split:<11} {spec.expected[split].count:>7,} images" for split in known]
        return "\n".join([f"{spec.name}: your own, {spec.metric}", *sizes, *spec.notes])
    lines = [f"{spec.name}: {spec.paper_name or 'not in the paper'}, {spec.metric}", *_sizes(spec)]
    lines.append(f"state       {_state(spec)}")
    if spec.homepage:
        lines.append(f"homepage    {spec.homepage}")
    lacking = inventory.missing_parts(spec, _command.MANUAL_DIR.value)
    for number, part in enumerate(spec.parts):
        there = "" if part in lacking else f" (is in {_command.MANUAL_DIR.value})"
        lines.append(f"{'and' if number else 'made'} from{there}\n{archives.how_to_get(part)}")
    if spec.parts:
        also = ", or is downloaded" if isinstance(spec.builder, TfdsBuilder) else ""
        lines.append(f"each to lie in the folder given as --manual_dir{also}")
    return "\n".join(lines)


def _sizes(spec: DatasetSpec) -> list[str]:
    return [
        f"{split:<11} {spec.expected[split].count:>7,} images, sha256 of the ids "
        f"{spec.expected[split].sha256 or 'not known'}"
        for split in _SPLITS
        if split in spec.expected
    ]


def _prepare(names: Sequence[str]) -> None:
    if "all" in names:
        names = [name for name, spec in datasets.DATASETS.items() if spec.paper_name]
    specs = [_spec(name) for name in names]
    data_dir, problems = _command.DATA_DIR.value, []
    for spec in specs:
        try:
            datasets.prepare(
                spec, data_dir, _command.MANUAL_DIR.value, _command.ALLOW_PARTIAL.value
            )
            examples = [datasets.load(spec, split, data_dir) for split in _SPLITS]
        except UserError as error:
            problems.append(str(error))
            continue
        print(f"{spec.name} is ready.")
        for note in examples[0].spec.notes:
            print(f"  {note}")
        for part in examples:
            print(f"  {part.split:<11} {len(part):>7,} images  sha256 of the ids {part.sha256}")
    if problems:
        raise UserError("\n\n".join(problems))


def _verify(spec: DatasetSpec) -> int:
    data_dir = _command.DATA_DIR.value
    if spec.opened is None and inventory.prepared_in(spec, data_dir) is None:
        raise UserError(
            f"{spec.name} is not prepared in --data_dir={data_dir}; type "
            f"`python -m repro.dataset prepare {spec.name}`."
        )
    try:
        found = [
            inventory.inspect(spec, split, data_dir, show_progress=_command.PROGRESS.value)
            for split in _SPLITS
        ]
    except UserError as error:
        if spec.opened is not None:
            raise  # nothing says what would be complete
        print(f"{error}\n{spec.name} is NOT complete.")
        return INCOMPLETE
    spec = found[0].examples.spec
    for note in spec.notes:
        print(note)
    print(f"{'split':<11} {'images':>7} {'declared':>8}  {'a class':>9}  sha256 of the ids")
    for inspection in found:
        examples, per_class = inspection.examples, inspection.per_class
        expected = spec.expected[examples.split]
        agrees = " (as declared)" if examples.sha256 == expected.sha256 else ""
        print(
            f"{examples.split:<11} {len(examples):>7,} {expected.count:>8,}  "
            f"{f'{per_class.min():,}-{per_class.max():,}':>9}  {examples.sha256}{agrees}"
        )
    print(f"{spec.num_classes:,} classes, {_table_1(spec)}.")
    if _CONTACT_SHEET.value is not None:
        _write_contact_sheet(found[0].examples)
    problems = [problem for inspection in found for problem in inspection.problems]
    if problems:
        more = len(problems) - _NAMED_AT_MOST
        print("\n".join(problems[:_NAMED_AT_MOST]) + (f"\nand {more:,} more" if more > 0 else ""))
        print(f"{spec.name} is NOT complete.")
        return INCOMPLETE
    verdict = "" if spec.opened is not None else f" {spec.name} is complete."
    print(f"Every image can be decoded.{verdict}")
    return 0


def _table_1(spec: DatasetSpec) -> str:
    sizes = f"{spec.train_size:,} images to train (with validation), {spec.test_size:,} to test"
    return f"{sizes}: Table 1's {spec.paper_name}" if spec.paper_name else sizes


def _write_contact_sheet(examples: datasets.Examples) -> None:
    most = _command.CLASSES.value or _MOST_CLASSES
    if not most.isdecimal() or int(most) < 1:
        raise UserError(f"--classes={most}: of a contact sheet it is a number, 1 or more.")
    network = networks.spec(_command.MODEL.value)
    size, kind = _command.IMAGE_SIZE.value or network.image_size, network.preprocessing
    sheet = contact_sheet(
        examples,
        preprocessing.for_evaluation(kind, size),
        preprocessing.for_training(kind, size),
        lambda image: preprocessing.to_rgb(kind, image),
        title=f"{examples.spec.name}, {examples.split}, as {network.name} sees it: {size} pixels",
        max_classes=int(most),
        seed=_command.SEED.value,
    )
    path = Path(_CONTACT_SHEET.value).expanduser()
    try:
        with replacing(path) as temporary:
            sheet.save(temporary, "PNG")
    except OSError as error:
        raise UserError(
            f"--contact_sheet={path} cannot be written: {error.strerror or error}."
        ) from error
    print(f"Wrote {path}.")


if __name__ == "__main__":
    _command.run(main)
