"""The words that a command takes besides its flags, such as `prepare aircraft pets`."""

import difflib
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from repro import UserError

# A command: called with its words, returns its exit status (None is 0).
Main = Callable[..., int | None]
_Main = TypeVar("_Main", bound=Main)

_NO_WORDS = ("",)
_REPEATED = "..."


def words(*patterns: str) -> Callable[[_Main], _Main]:
    """A decorator that declares which words a command takes; the command is called with them.

        @words("", "list", "prepare NAME...", "verify NAME")
        def main(action: str = "list", *names: str) -> None:

    Args:
      *patterns: each a way to call the command: a word in lower case stands for itself, one in
        upper case for any word, one that ends with "..." for one or more. "" is no word at all.
    """

    def declare(main: _Main) -> _Main:
        main.patterns = patterns
        return main

    return declare


def patterns_of(main: Main) -> tuple[str, ...]:
    """Returns the ways to call a command; a command that declares none takes no words."""
    return getattr(main, "patterns", _NO_WORDS)


def usage(main: Main, program: str) -> str:
    """Returns the line that shows how to call a command.

    Args:
      main: the command.
      program: its file or module, "/.../repro/dataset.py" or "repro.dataset".
    """
    name = re.split(r"[/\\.]", program.removesuffix(".py"))[-1]
    ways = " | ".join(filter(None, patterns_of(main)))
    if "" in patterns_of(main) and ways:
        ways = f"[{ways}]"
    return " ".join(filter(None, ["python -m", f"repro.{name}", ways, "[--FLAG=VALUE ...]"]))


def matching(main: Main, argv: Sequence[str]) -> list[str]:
    """Returns the words of a command line if they are such as the command takes.

    Args:
      main: the command.
      argv: program and words, without flags.

    Raises:
      UserError: a word is unknown, missing or too much; says how to call the command.
    """
    program, *given = argv
    patterns = patterns_of(main)
    if any(_matches(pattern.split(), given) for pattern in patterns):
        return given
    raise UserError(f"{_problem(patterns, given)} Usage: {usage(main, program)}")


def _matches(pattern: Sequence[str], given: Sequence[str]) -> bool:
    if pattern and pattern[-1].endswith(_REPEATED):
        pattern = [*pattern, *pattern[-1:] * (len(given) - len(pattern))]
    return len(pattern) == len(given) and all(map(_stands_for, pattern, given))


def _stands_for(wanted: str, word: str) -> bool:
    return word == wanted if wanted.islower() else bool(word)


def _problem(patterns: Sequence[str], given: Sequence[str]) -> str:
    if patterns == _NO_WORDS:
        return f"{' '.join(given)} is not understood: flags begin with --, and nothing else goes."
    starts = [pattern.split() for pattern in patterns if pattern]
    if not given:
        return f"{' or '.join(start[0].removesuffix(_REPEATED) for start in starts)} is missing."
    begun = [start for start in starts if _stands_for(start[0], given[0])]
    if not begun:
        known = [start[0] for start in starts]
        nearest = difflib.get_close_matches(given[0], known, n=1, cutoff=0.5)
        hint = f" Did you mean {nearest[0]}?" if nearest else ""
        return f"{given[0] or 'An empty word'} is unknown.{hint}"
    pattern = max(begun, key=len)
    if len(given) < len(pattern):
        return f"{pattern[len(given)].removesuffix(_REPEATED)} is missing after {given[-1]}."
    if len(given) > len(pattern) and not pattern[-1].endswith(_REPEATED):
        return f"{' '.join(given[len(pattern) :])} is too much after {' '.join(pattern)}."
    return f"{' '.join(given)} is not understood."
