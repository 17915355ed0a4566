"""The rule of every test folder: one Bazel test for each test file."""

load("@rules_python//python:defs.bzl", "py_library", "py_test")

def pytest_suite(name, deps, data = [], size = "medium", helpers = None, tags = {}):
    """Makes a test of every test_*.py beside the BUILD file, and a library of the other files.

    Args:
      name: of the library, which other test folders may use.
      deps: libraries that the files import, besides //repro and //tests.
      data: files that they read.
      size: Bazel's size, which sets the time limit: medium is 5 minutes, large 15.
      helpers: files of the library; by default all that are not tests.
      tags: {test file: Bazel's tags for it}.
    """
    if helpers == None:
        helpers = native.glob(["*.py"], exclude = ["test_*.py"])
    py_library(
        name = name,
        testonly = True,
        srcs = helpers,
        data = data,
        deps = deps + ["//repro", "//tests"],
        visibility = ["//visibility:public"],
    )
    for file in native.glob(["test_*.py"], allow_empty = True):
        py_test(
            name = file[:-len(".py")],
            size = size,
            srcs = [file, "//tests:pytest_main.py"],
            main = "//tests:pytest_main.py",
            args = ["%s/%s" % (native.package_name(), file)],
            data = ["//:pyproject.toml"],
            # An invented __init__.py would turn folders of the runfiles into packages.
            legacy_create_init = 0,
            tags = tags.get(file, []),
            deps = [":" + name],
        )
