"""Prints the README's two set-up commands, one a line: the lines that begin with `pip install`."""

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"
EXPECTED = 2
# A line of a fenced block, maybe after a prompt; or a bullet that is one piece of code.
LINE = re.compile(r"\s*(?:\$ )?(pip install .*)")
BULLET = re.compile(r"\s*(?:[-*]|\d+\.) `(pip install [^`]*)`\s*")


def set_up_commands(text: str) -> list[str]:
    """Returns the commands of a README, in its order."""
    commands = []
    fenced = False
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif match := (LINE if fenced else BULLET).fullmatch(line):
            commands.append(match[1].rstrip())
    return commands


def main() -> None:
    """Prints them, or exits with a message where there are not exactly two."""
    readme = Path(sys.argv[1]) if len(sys.argv) > 1 else README
    if not readme.is_file():
        sys.exit(f"{readme} is missing; it holds the commands that set the project up.")
    commands = set_up_commands(readme.read_text(encoding="utf-8"))
    if len(commands) != EXPECTED:
        found = "".join(f"\n  {command}" for command in commands) or " none."
        sys.exit(
            f"{readme} must have {EXPECTED} commands that begin with `pip install`, has:{found}"
        )
    print("\n".join(commands))


if __name__ == "__main__":
    main()
