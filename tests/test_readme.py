"""What README.md tells people to type and to read is there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
README = CHECKOUT / "README.md"
READER = CHECKOUT / ".ci" / "readme_commands.py"
INSTALL = "pip install -e . && python -m repro.finetune --flagfile=flags/quickstart.flags"
TEST = "pip install -e '.[test]' && python -m pytest"


@pytest.fixture(scope="module")
def readme() -> str:
    return README.read_text(encoding="utf-8")


def read_commands(readme: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(READER), str(readme)], capture_output=True, text=True, check=False
    )


def named_flags(readme: str) -> set[str]:
    """Returns the flags in the lines that run a command and in code within a sentence."""
    joined = re.sub(r"\\\n\s*", " ", readme)
    lines = [line for line in joined.splitlines() if "python -m repro." in line]
    in_lines = {name for line in lines for name in re.findall(r"(?<=\s)--(\w+)", line)}
    return in_lines | set(re.findall(r"`--(\w+)", readme))


def defined_flags() -> set[str]:
    """Returns the names of the flags that the commands define."""
    texts = [file.read_text() for file in (CHECKOUT / "repro").glob("*.py")]
    return {name for text in texts for name in re.findall(r'DEFINE_\w+\(\s*"(\w+)"', text)}


def test_the_two_commands_are_the_first_thing_to_type():
    assert read_commands(README).stdout.splitlines() == [INSTALL, TEST]


@pytest.mark.parametrize(
    "text",
    [
        f"```bash\n{INSTALL}\n{TEST}\n```\n",
        f"```\n$ {INSTALL}\n$ {TEST}\n```\n",
        f"- `{INSTALL}`\n- `{TEST}`\n",
    ],
    ids=["block", "prompt", "bullets"],
)
def test_commands_are_read_from_a_block_and_from_bullets(tmp_path, text):
    (tmp_path / "README.md").write_text(f"First\npip install wheel\n\n{text}")
    assert read_commands(tmp_path / "README.md").stdout.splitlines() == [INSTALL, TEST]


@pytest.mark.parametrize("commands", [[], [TEST], [INSTALL, TEST, TEST]], ids=len)
def test_another_number_of_commands_than_two_is_an_error(tmp_path, commands):
    (tmp_path / "README.md").write_text("\n".join(["```", *commands, "```"]))
    outcome = read_commands(tmp_path / "README.md")
    assert outcome.returncode != 0
    assert "must have 2 commands that begin with `pip install`" in outcome.stderr
    assert all(command in outcome.stderr for command in commands)


def test_the_flag_files_it_names_exist(readme):
    names = set(re.findall(r"[\w/.-]*flags/[\w/.-]+\.flags", readme))
    assert "flags/quickstart.flags" in names
    assert [name for name in sorted(names) if not (CHECKOUT / name).is_file()] == []


def test_the_commands_it_names_exist(readme):
    modules = set(re.findall(r"python -m (repro(?:\.\w+)+)", readme))
    paths = {name: CHECKOUT.joinpath(*name.split(".")).with_suffix(".py") for name in modules}
    assert [name for name, path in sorted(paths.items()) if not path.is_file()] == []


def test_the_flags_it_names_exist(readme):
    defined = defined_flags()
    known = defined | {f"no{name}" for name in defined} | {"flagfile", "help", "helpfull"}
    assert sorted(named_flags(readme) - known) == []


def test_the_files_it_links_to_exist(readme):
    links = re.findall(r"\]\(([^)\s]+)\)", readme)
    files = [link.split("#")[0] for link in links if not re.match(r"[a-z]+:|#", link)]
    assert [file for file in files if not (CHECKOUT / file).exists()] == []
