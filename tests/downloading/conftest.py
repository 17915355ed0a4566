import pytest

from tests.downloading.server import serving


@pytest.fixture(scope="session")
def running_server():
    with serving() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("no_proxy", "127.0.0.1")
        yield server


@pytest.fixture
def server(running_server):
    """A web server on this machine, without files."""
    running_server.files.clear()
    running_server.asked.clear()
    return running_server
