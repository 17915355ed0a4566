"""The Bazel files and .ci/run agree with what is in the folders."""

import ast
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
TREES = ("repro", "tests", "benchmarks")
# Files that are not in the library named after their folder.
COMMANDS = "//repro:commands"
TEST_COMMANDS = "//tests:commands"


def python_folders() -> list[str]:
    """Returns the folders of which each is a library; a room is one with all that is in it."""
    files = (file for tree in TREES for file in (CHECKOUT / tree).rglob("*.py"))
    return sorted({library_folder(file.parent) for file in files})


def library_folder(folder: Path) -> str:
    """Returns the folder of the library that a folder belongs to, relative to the checkout."""
    parts = folder.relative_to(CHECKOUT).parts
    return "/".join(parts[:2] if parts[0] == "repro" else parts)


def files_of(folder: str) -> Iterator[Path]:
    """Yields the Python files of a library."""
    for file in (CHECKOUT / folder).rglob("*.py"):
        if library_folder(file.parent) == folder:
            yield file


def keyword_values(folder: str, keyword: str) -> set[str]:
    """Returns the strings given to a keyword of any call in a folder's BUILD file."""
    tree = ast.parse((CHECKOUT / folder / "BUILD").read_text())
    given = [node.value for node in ast.walk(tree) if getattr(node, "arg", None) == keyword]
    constants = (node for value in given for node in ast.walk(value))
    return {node.value for node in constants if isinstance(node, ast.Constant)}


def reached_libraries(folder: str) -> set[str]:
    """Returns the labels that a folder's libraries depend on, at any distance."""
    reached = {f"//{folder}", f"//{folder}:commands", "//repro"}
    if folder.startswith("tests"):
        reached.add("//tests")  # which every suite depends on, as on //repro
    waiting = keyword_values(folder, "deps") - reached
    while waiting:
        label = waiting.pop()
        reached.add(label)
        package = label.removeprefix("//").partition(":")[0]
        waiting |= keyword_values(package or folder, "deps") - reached
    return reached


def imported_modules(file: Path) -> Iterator[Path]:
    """Yields the project's modules and packages that a Python file imports, without extension."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            module = CHECKOUT.joinpath(*name.split("."))
            if name.split(".")[0] in TREES:
                exists = module.is_dir() or module.with_suffix(".py").is_file()
                yield module if exists else module.parent  # of a function or class


def library_of(module: Path) -> str:
    """Returns the label of the library that holds a module or package."""
    if module.is_dir():
        return f"//{library_folder(module)}"
    if module == CHECKOUT / "tests" / "commands":
        return TEST_COMMANDS
    if module.parent == CHECKOUT / "repro" and module.name != "_files":
        return COMMANDS
    return f"//{library_folder(module.parent)}"


@pytest.mark.parametrize("folder", python_folders())
def test_every_folder_of_python_files_has_a_build_file(folder):
    assert (CHECKOUT / folder / "BUILD").is_file()


@pytest.mark.parametrize("folder", python_folders())
def test_a_build_file_leads_to_what_its_files_import(folder):
    imported = {
        library_of(module) for file in files_of(folder) for module in imported_modules(file)
    }
    missing = sorted(imported - reached_libraries(folder))
    assert not missing, f"add to deps in {folder}/BUILD: {missing}"


def test_both_ways_to_read_the_project_give_it_one_name():
    names = [
        re.search(r'^(?:workspace|module)\(\s*name = "(\w+)"', file.read_text(), re.MULTILINE)
        for file in (CHECKOUT / "WORKSPACE", CHECKOUT / "MODULE.bazel")
    ]
    assert [name and name[1] for name in names] == ["repro", "repro"]


def test_the_module_has_the_version_that_setup_py_installs():
    pattern = r'version\s*=\s*"([\d.]+)"'
    module = re.search(pattern, (CHECKOUT / "MODULE.bazel").read_text())
    assert module[1] == re.search(pattern, (CHECKOUT / "setup.py").read_text())[1]


def test_the_continuous_integration_script_can_be_run():
    script = CHECKOUT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", str(script)], check=True)
