"""The networks' tests; assertions in the modules that they share explain themselves too."""

import pytest

pytest.register_assert_rewrite("tests.networks.golden_tests", "tests.networks.outputs")
