"""The client commands of the real binary, as a person or a script uses them."""

import json
import os
import pathlib
import pty
import select
import subprocess
import time

from support.server import SANITIZER_REPORT

USAGE, WRONG_RUN, LOCAL, UNREACHABLE, REFUSED, DEADLINE, FAILED = 2, 120, 121, 122, 123, 124, 125


class Done:
    def __init__(self, code: int, out: bytes, err: bytes):
        self.code, self.out_bytes, self.err_bytes = code, out, err
        assert not SANITIZER_REPORT.search(self.err), self.err

    @property
    def out(self) -> str:
        return self.out_bytes.decode()

    @property
    def err(self) -> str:
        return self.err_bytes.decode()

    @property
    def json(self):
        return json.loads(self.out_bytes)


class Cli:
    """Runs `wasm-server COMMAND ...` against a server, with a home of its own."""

    def __init__(self, binary: pathlib.Path, url: str | None, home: pathlib.Path):
        self.binary, self.home = binary, home
        self.env = {key: value for key, value in os.environ.items() if not key.startswith("WASM_SERVER_")}
        self.env |= {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "TERM": "xterm", "NO_PROXY": "*"}
        self.env.pop("NO_COLOR", None)
        if url is not None:
            self.env["WASM_SERVER_URL"] = url

    def run(self, *args, input: bytes = b"", env: dict | None = None, cwd=None) -> Done:
        done = subprocess.run([str(self.binary), *map(str, args)], input=input, capture_output=True, timeout=120,
                              env={**self.env, **(env or {})}, cwd=cwd or self.home)
        return Done(done.returncode, done.stdout, done.stderr)

    def ok(self, *args, **options) -> Done:
        done = self.run(*args, **options)
        assert done.code == 0, (args, done.code, done.out_bytes[:2000], done.err)
        return done

    def refused(self, code: int, *args, **options) -> str:
        """The one line of a failure, without its prefix."""
        done = self.run(*args, **options)
        assert done.code == code, (args, done.code, done.out_bytes[:2000], done.err)
        assert done.err.startswith("wasm-server: ") and done.err.endswith("\n") and done.err.count("\n") == 1, done.err
        return done.err.removeprefix("wasm-server: ").rstrip("\n")

    def on_terminal(self, *args, env: dict | None = None) -> tuple[int, str]:
        """Its exit code, and all that it writes to a terminal that is its standard input, output and error."""
        master, slave = pty.openpty()
        process = subprocess.Popen([str(self.binary), *map(str, args)], stdin=slave, stdout=slave, stderr=slave,
                                   env={**self.env, **(env or {})}, cwd=self.home)
        os.close(slave)
        text, end = b"", time.monotonic() + 120
        while time.monotonic() < end:
            readable, _, _ = select.select([master], [], [], 1)
            if not readable:
                continue
            try:
                piece = os.read(master, 65536)
            except OSError:  # nobody has the other end any more
                break
            if not piece:
                break
            text += piece
        os.close(master)
        return process.wait(timeout=60), text.decode()
