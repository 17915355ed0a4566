import pytest

from repro import checkpoints
from tests.checkpoints import made
from tests.downloading.conftest import running_server, server  # noqa: F401 (fixtures)


@pytest.fixture(scope="session")
def mobilenet_values():
    return made.values("mobilenet_v1_025")


@pytest.fixture(scope="session")
def mobilenet_v1_format(tmp_path_factory, mobilenet_values):
    """A single-file checkpoint of mobilenet_v1_0.25 with the recipe's weights."""
    return made.write_v1(tmp_path_factory.mktemp("v1") / "model.ckpt", mobilenet_values)


@pytest.fixture(scope="session")
def mobilenet_v2_format(tmp_path_factory, mobilenet_values):
    """The same in the format of an index and a data file."""
    return checkpoints.write(tmp_path_factory.mktemp("v2") / "model.ckpt", mobilenet_values)


@pytest.fixture
def v1(tmp_path):
    """A small single-file checkpoint."""
    (tmp_path / "v1").mkdir()
    return made.write_v1(tmp_path / "v1" / "model.ckpt", made.small_values())


@pytest.fixture
def v2(tmp_path):
    """A small checkpoint of an index and a data file; its prefix."""
    return checkpoints.write(tmp_path / "v2" / "model.ckpt", made.small_values())
