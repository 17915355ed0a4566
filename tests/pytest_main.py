"""Runs pytest on the test file that Bazel names."""

import os
import sys
from pathlib import Path

# Python puts a script's folder on the path, where tests/statistics would hide the library's module.
_FOLDER = Path(__file__).resolve().parent
sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != _FOLDER]


def main(file: str) -> int:
    """Runs one test file from the root of the runfiles; returns pytest's exit status.

    Bazel's variables: TEST_TMPDIR is the folder for temporary files, XML_OUTPUT_FILE where the
    report goes, TESTBRIDGE_TEST_ONLY the value of --test_filter, which pytest takes for -k.
    """
    scratch = os.environ["TEST_TMPDIR"]
    os.environ["TMPDIR"] = scratch
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = f"{scratch}/hypothesis"
    sys.dont_write_bytecode = True

    import pytest  # after the path and the variables are set

    arguments = [file, "-n", "0", "-p", "no:cacheprovider", "-rs"]
    if report := os.environ.get("XML_OUTPUT_FILE"):
        arguments.append(f"--junitxml={report}")
    if chosen := os.environ.get("TESTBRIDGE_TEST_ONLY"):
        arguments += ["-k", chosen]
    return pytest.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
