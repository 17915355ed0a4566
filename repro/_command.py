"""What the commands share: their common flags, and how a person's mistake ends one."""

import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from absl import app, flags, logging

from repro import UserError
from repro._words import Main, matching
from repro.training import STRATEGIES, InterruptedRunError

MODEL = flags.DEFINE_string(
    "model",
    None,
    "Network of Table 4, such as inception_v4. Where a command runs many: names with commas, or "
    "all.",
)
DATASET = flags.DEFINE_string(
    "dataset",
    None,
    "Data set of Table 1, such as aircraft; or digits; or your own: folder:PATH of class folders, "
    "tfds:NAME of tensorflow-datasets. Where a command runs many: names with commas, or all.",
)
METRIC = flags.DEFINE_enum(
    "metric",
    None,
    ["top1", "mean_per_class"],
    "Of folder:PATH and tfds:NAME; default: top1. The others have Table 1's.",
)
DATA_DIR = flags.DEFINE_string("data_dir", "data", "Folder of prepared data sets.")
MANUAL_DIR = flags.DEFINE_string(
    "manual_dir", None, "Folder with a data set's original archive or its extracted folder."
)
ALLOW_PARTIAL = flags.DEFINE_bool(
    "allow_partial", False, "Whether to accept an archive with fewer images than the official one."
)
REQUIRE_FULL = flags.DEFINE_bool(
    "require_full", False, "Whether to refuse a data set of which images are missing."
)
CHECKPOINT_PATH = flags.DEFINE_string(
    "checkpoint_path",
    None,
    "Checkpoint of the network: TF-Slim's, a Keras file or SavedModel of this project, or a run's "
    "folder; default: from --checkpoint_dir.",
)
CHECKPOINT_DIR = flags.DEFINE_string(
    "checkpoint_dir", None, "Folder of the released checkpoints, one folder a network."
)
RESULTS_DIR = flags.DEFINE_string("results_dir", "results", "Folder of the runs.")
SEED = flags.DEFINE_integer("seed", 0, "Of everything random but splits.", lower_bound=0)
SPLIT_SEED = flags.DEFINE_integer(
    "split_seed", 0, "Chooses the test set of your own data if they have none.", lower_bound=0
)
STRATEGY = flags.DEFINE_enum("strategy", "auto", STRATEGIES, "tf.distribute strategy.")
TPU = flags.DEFINE_string("tpu", None, "Name or address of the TPU, for --strategy=tpu.")
EVAL_SPLIT = flags.DEFINE_enum(
    "eval_split",
    "test",
    ["test", "validation"],
    "test: train on train + validation, test once. validation: train on train, for choosing.",
)
IMAGE_SIZE = flags.DEFINE_integer(
    "image_size",
    None,
    "Height and width of the network's input; default: Table 4's.",
    lower_bound=1,
)
EVAL_BATCH_SIZE = flags.DEFINE_integer(
    "eval_batch_size", 64, "Images in a batch of inference.", lower_bound=1
)
CLASSES = flags.DEFINE_string(
    "classes",
    None,
    "Classes to show: how many (default: 12 on a contact sheet, 10 in figure 1); of a figure also "
    "their names with commas.",
)
OUTPUT = flags.DEFINE_string("output", None, "File to write, of commands that write one.")
FORMAT = flags.DEFINE_enum(
    "format", None, ["text", "csv", "json"], "Of what a command prints or writes; default: text."
)
PROGRESS = flags.DEFINE_bool("progress", True, "Whether to show progress bars.")
RERUN = flags.DEFINE_bool("rerun", False, "Whether to run again what is already complete.")

USER_ERROR, INTERRUPTED = 2, 130
_FLAG_FILE = ("--flagfile", "-flagfile")


def run(main: Main) -> None:
    """Parses the flags and runs a command; a person's mistake ends it with a message, no traceback.

    Args:
      main: the command. It is called with the words that it takes, if any (see `_words.words`), and
        returns its exit status; None is 0.
    """
    app.run(lambda argv: sys.exit(execute(main, argv)), flags_parser=_parsed)


def with_flag_files_first(argv: Sequence[str]) -> list[str]:
    """Returns a command line with its flag files' contents before its other words.

    So a flag on the command line wins over a flag file, whichever stands first: absl puts the
    contents where the file is named, and the last flag wins.

    Args:
      argv: program, flags and words.

    Raises:
      UserError: a flag file cannot be read.
    """
    program, *given = argv
    files, others = [], []
    words = iter(given)
    for word in words:
        if word in _FLAG_FILE:
            files += [word, *islice(words, 1)]
        elif word.partition("=")[0] in _FLAG_FILE:
            files.append(word)
        else:
            others.append(word)
            if word == "--":
                others += words
    try:
        return [program, *flags.FLAGS.read_flags_from_files(files), *others]
    except flags.IllegalFlagValueError as error:
        raise UserError("--flagfile names no file: give --flagfile=PATH.") from error
    except (flags.CantOpenFlagFileError, UnicodeDecodeError) as error:
        shown, reason = " ".join(files), "it is no text"
        if isinstance(error.__context__, OSError):
            shown, reason = f"--flagfile={error.__context__.filename}", error.__context__.strerror
        raise UserError(
            f"{shown} cannot be read ({reason}). Give the path of a text file with a flag a line."
        ) from error


def _parsed(argv: Sequence[str]) -> list[str]:
    try:
        ordered = with_flag_files_first(argv)
    except UserError as error:
        sys.exit(_said(error))
    return app.parse_flags_with_usage(ordered)


def _said(error: UserError) -> int:
    """Prints a person's mistake, and returns the exit status."""
    print(f"{Path(sys.argv[0]).stem}: {error}", file=sys.stderr)
    return USER_ERROR


def required(*holders: flags.FlagHolder) -> None:
    """Raises `UserError` for the first of the flags that was not given."""
    for holder in holders:
        if holder.value is None:
            raise UserError(f"--{holder.name} is required: {flags.FLAGS[holder.name].help}")


def flags_text(**instead: str | None) -> str:
    """Returns this run's flags as the text of a flag file that repeats it.

    Args:
      **instead: values to write for flags that stand for more than this run, such as --model=all;
        None leaves a flag out.
    """
    ours = [
        flag
        for module, module_flags in flags.FLAGS.flags_by_module_dict().items()
        if module.startswith("repro.") or module == sys.argv[0]
        for flag in module_flags
        if flag.value is not None and flag.name != RERUN.name
    ]
    lines = {flag.name: flag.serialize() for flag in ours}
    lines |= {name: f"--{name}={value}" for name, value in instead.items()}
    shown = sorted(lines.keys() - {name for name, value in instead.items() if value is None})
    return "".join(f"{lines[name]}\n" for name in shown)


def execute(main: Main, argv: list[str]) -> int:
    """Runs a command after its flags were parsed, and returns its exit status."""
    if not flags.FLAGS["verbosity"].present:
        logging.set_verbosity(logging.WARNING)
    try:
        return main(*matching(main, argv)) or 0
    except UserError as error:
        return _said(error)
    except InterruptedRunError as interruption:
        print(
            f"\nStopped and saved after step {interruption.step:,}. The same command goes on from "
            "there.",
            file=sys.stderr,
        )
        return INTERRUPTED
    except KeyboardInterrupt:
        print("\nStopped. The same command starts this part again.", file=sys.stderr)
        return INTERRUPTED
