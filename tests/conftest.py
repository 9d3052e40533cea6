"""Which binary is tested, and the servers that the tests share."""

import os
import pathlib

import pytest

from support.cli import Cli
from support.client import Client
from support.server import ServerProcess, find_binary, longest_pieces


@pytest.fixture(scope="session")
def binary() -> pathlib.Path:
    return find_binary()


@pytest.fixture(scope="session")
def shared_server(binary, tmp_path_factory):
    """The server that most tests share. It must end by SIGTERM with exit code 0 and without a sanitizer's report."""
    process = ServerProcess(binary, tmp_path_factory.mktemp("shared") / "data")
    process.start()
    yield process
    process.stop()


@pytest.fixture
def server(shared_server):
    """The shared server; a test that ends it fails, and the next one finds it started again."""
    yield shared_server
    if not shared_server.running():
        code = shared_server.process.returncode
        report = shared_server.stderr_text()[-6000:]
        shared_server.listen = shared_server.address
        shared_server.log.unlink()
        shared_server.start()
        pytest.fail(f"the server ended with {code}:\n{report}")


@pytest.fixture
def client(server):
    with Client(server.url) as http:
        yield http


@pytest.fixture
def cli(binary, server, tmp_path):
    """The client commands, against the shared server."""
    return Cli(binary, server.url, tmp_path)


@pytest.fixture
def fresh_server(binary, tmp_path):
    """Makes servers with flags and a directory of their own; ends those that the test left running."""
    made: list[ServerProcess] = []

    def make(*flags: str, data: pathlib.Path | None = None, start: bool = True, **options) -> ServerProcess:
        directory = data if data is not None else tmp_path / f"data-{len(made)}"
        process = ServerProcess(binary, directory, flags, **options)
        made.append(process)
        if start:
            process.start()
        return process

    yield make
    for process in made:
        if process.running():
            process.stop()


def pytest_terminal_summary(terminalreporter):
    if longest_pieces:
        count, longest = len(longest_pieces), max(longest_pieces)
        terminalreporter.write_line(f"longest piece of work on an event loop of {count} servers: {longest * 1000:.1f} ms of CPU time")


def pytest_report_header(config):
    chosen = os.environ.get("WASM_SERVER_BINARY", "")
    return f"server binary: {chosen or 'from build/'}"
