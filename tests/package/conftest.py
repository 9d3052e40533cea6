"""The package that is tried (WASM_SERVER_DEB, which tests/package/run makes)."""

import os
import pathlib
import subprocess

import pytest

import system

ROOT = pathlib.Path(__file__).resolve().parents[2]


def pack(directory: pathlib.Path, *arguments: str, env: dict | None = None, umask: int = 0o022) -> pathlib.Path:
    """A package of the release as it was built, in that directory."""
    command = [ROOT / "tools" / "package", "--binary", ROOT / "build" / "release" / "wasm-server", "--to", directory, *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ, **(env or {})},
                          umask=umask)
    return pathlib.Path(done.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def deb() -> pathlib.Path:
    return pathlib.Path(os.environ["WASM_SERVER_DEB"]).resolve()


@pytest.fixture(scope="session")
def files(deb, tmp_path_factory) -> pathlib.Path:
    """All that the package installs."""
    directory = tmp_path_factory.mktemp("files")
    subprocess.run(["dpkg-deb", "--extract", deb, directory], check=True)
    return directory


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A root of its own, in which packages are installed and removed."""
    with system.Machine(tmp_path_factory.mktemp("machine"), fresh="WASM_SERVER_FRESH_ROOT" in os.environ) as machine:
        yield machine
