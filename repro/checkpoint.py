"""The networks and their released checkpoints.

python -m repro.checkpoint list
python -m repro.checkpoint fetch MODEL...
python -m repro.checkpoint networks
python -m repro.checkpoint inspect PATH
python -m repro.checkpoint verify PATH
python -m repro.checkpoint convert PATH

MODEL is one of the list; with `fetch` also `all`, the paper's thirteen. What is fetched goes to
--checkpoint_dir, else to $REPRO_CHECKPOINT_DIR, else to ~/.cache/repro/checkpoints.
PATH is a TF-Slim checkpoint, a Keras file or SavedModel of this project, or a run's folder; with
`verify` also a released archive. --model says which network it is of; without, its variables do.

python -m repro.checkpoint inspect PATH --format=csv
python -m repro.checkpoint convert PATH --output=inception_v4.keras

--output ends in .keras, .weights.h5 or .ckpt (TF-Slim); a name without ending is a SavedModel.
"""

from absl import flags

from repro import UserError, _command, checkpoints, networks
from repro._words import words
from repro.checkpoints import inspection, inventory, location

_MOVING_AVERAGES = flags.DEFINE_bool(
    "moving_averages", True, "Whether convert takes a variable's moving average where there is one."
)
_AUXILIARY_HEAD = flags.DEFINE_bool(
    "auxiliary_head", True, "Whether convert keeps an auxiliary head that the checkpoint has."
)
_NOT_GOOD = 1  # exit status

for _flag in (
    _command.CHECKPOINT_DIR,
    _command.PROGRESS,
    _command.MODEL,
    _command.OUTPUT,
    _command.FORMAT,
    _command.IMAGE_SIZE,
):
    flags.declare_key_flag(_flag)


@words("list", "fetch MODEL...", "networks", "inspect PATH", "verify PATH", "convert PATH")
def main(action: str, *arguments: str) -> int | None:
    """Does what the first word says."""
    actions = {
        "list": _list,
        "fetch": _fetch,
        "networks": _print_networks,
        "inspect": _inspect,
        "verify": _verify,
        "convert": _convert,
    }
    return actions[action](*arguments)


def _list() -> None:
    """Prints what there is of each released checkpoint."""
    folder = location.folder_of(_command.CHECKPOINT_DIR.value)
    recommended = {entry.model: entry for entry in reversed(checkpoints.entries())}
    print(f"In {folder}\n\n{'MODEL':<20} {'state':<12} {'bytes':>13}")
    seen = set()
    for name in dict.fromkeys(entry.model for entry in checkpoints.entries()):
        found = inventory.status(recommended[name], folder)
        seen.add(found.state)
        where = [str(found.path)] if found.path else []
        where += [f"from {found.source}"] if found.source else []
        size = f"{found.size:,}" if found.size else "-"
        print(f"{name:<20} {found.state:<12} {size:>13}  {' '.join(where)}")
    print()
    for state, meaning in inventory.MEANINGS.items():
        if state in seen:
            print(f"{state}: {meaning}.")
    print("`fetch MODEL...` gets what is missing; the size of what is missing is the archive's.")


def _fetch(*models: str) -> None:
    """Fetches checkpoints; one that cannot be had does not keep the others from it."""
    if "all" in models:
        models = [entry.model for entry in checkpoints.entries() if entry.imagenet_top1 is not None]
    entries = [checkpoints.entry(model) for model in dict.fromkeys(models)]
    # The bar is there on a terminal only, unless it was asked for.
    shown = _command.PROGRESS.value if flags.FLAGS[_command.PROGRESS.name].present else None
    problems = []
    for entry in entries:
        try:
            fetched = checkpoints.fetch(entry, _command.CHECKPOINT_DIR.value, show_progress=shown)
        except UserError as error:
            problems.append(str(error))
            continue
        was_there = "" if fetched.is_new else "was there, "
        state = fetched.status.state
        meaning = inventory.MEANINGS[state]
        print(f"{entry.model}: {fetched.status.path} ({was_there}{state}: {meaning})", flush=True)
    if problems:
        raise UserError("\n\n".join(problems))


def _print_networks() -> None:
    """Prints Table 4 from the code, and what the paper has beside it where that is a number."""
    print(
        f"{'--model':<20} {'in Table 4':<19} {'parameters':>11} {'paper':>7} {'features':>8} "
        f"{'pixels':>6} {'classes':>7} {'top-1':>6}  checkpoint"
    )
    for name, spec in networks.NETWORKS.items():
        print(f"{name:<20} {spec.paper_name or '-':<19} ", end="", flush=True)
        model = networks.create(name, spec.num_classes)
        features = networks.feature_extractor(model).output.shape[-1]
        in_paper = f"{spec.parameters:.1f}M" if spec.parameters else "-"
        top1 = f"{spec.imagenet_top1:.1f}%" if spec.imagenet_top1 else "-"
        print(
            f"{networks.num_parameters(model):>11,} {in_paper:>7} {features:>8,} "
            f"{spec.image_size:>6} {spec.num_classes:>7} {top1:>6}  {checkpoints.entry(name).file}",
            flush=True,
        )
    print(
        "\nParameters are the trainable ones without the logits layer and the auxiliary head, as "
        "Table 4 counts them;\ntop-1 is the paper's, of its own networks on ImageNet's validation "
        "set. BN-Inception's 10.15M is printed as 10.1M."
    )


def _inspect(path: str) -> None:
    """Prints what is in a checkpoint."""
    reader = checkpoints.open_checkpoint(path)
    for line in inspection.lines(reader, _command.FORMAT.value or "text"):
        print(line, flush=True)


def _verify(path: str) -> int:
    """Prints whether a checkpoint or an archive can be relied on."""
    verdict = checkpoints.verify(path, _command.MODEL.value)
    for problem in verdict.problems:
        print(problem)
    print(verdict.text)
    return 0 if verdict.is_good else _NOT_GOOD


def _convert(path: str) -> None:
    """Writes a checkpoint as another kind of file."""
    _command.required(_command.OUTPUT)
    done = checkpoints.convert(
        path,
        _command.OUTPUT.value,
        _command.MODEL.value,
        prefer_moving_average=_MOVING_AVERAGES.value,
        auxiliary_head=_AUXILIARY_HEAD.value,
        image_size=_command.IMAGE_SIZE.value,
    )
    print(done.report)
    print(f"Wrote {done.network} with {done.classes:,} classes to {done.output}.")


if __name__ == "__main__":
    _command.run(main)
