"""Modules of WASI preview 1 made into components."""

import fcntl
import functools
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import pytest

from support.hostile import GUESTS

ADAPTER = GUESTS / "adapter"


def _cache() -> pathlib.Path:
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "wasm-server"


@functools.cache
def _adapters() -> pathlib.Path:
    """The directory of the adapters, obtained once and kept in the cache."""
    version = (ADAPTER / "Cargo.lock").read_text().split('adapter-provider"\nversion = "')[1].split('"')[0]
    directory = _cache() / f"adapter-{version}"
    directory.mkdir(parents=True, exist_ok=True)
    with open(directory / "lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not (directory / "complete").exists():
            cargo = shutil.which("cargo") or pytest.skip("cargo is needed to obtain the adapter")
            subprocess.run([cargo, "vendor", "--quiet", "--locked", "--versioned-dirs", "--manifest-path",
                            str(ADAPTER / "Cargo.toml"), str(directory / "vendor")],
                           check=True, stdout=subprocess.DEVNULL)
            (directory / "complete").touch()
    return next((directory / "vendor").glob("wasi-preview1-*")) / "artefacts"


@functools.cache
def componentized(module: bytes) -> bytes:
    """A command of WASI preview 1 as one of 0.2, as toolchains without components of their own make them."""
    tool = pathlib.Path(sys.executable).parent / "wasm-tools"
    with tempfile.TemporaryDirectory() as directory:
        core = pathlib.Path(directory) / "core.wasm"
        made = pathlib.Path(directory) / "component.wasm"
        core.write_bytes(module)
        subprocess.run([str(tool), "component", "new", str(core), "-o", str(made), "--adapt",
                        f"wasi_snapshot_preview1={_adapters() / 'wasi_snapshot_preview1.command.wasm'}"], check=True)
        return made.read_bytes()
