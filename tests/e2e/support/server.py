"""Starts, stops and kills the real server."""

import contextlib
import os
import pathlib
import re
import resource
import selectors
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
SANITIZER_REPORT = re.compile(
    r"ERROR: (Address|Leak|Thread)Sanitizer|WARNING: ThreadSanitizer|runtime error:|UndefinedBehaviorSanitizer")

# In seconds of CPU time. What is meant is 2 ms, and 3 for the first slices of a guest; a build with sanitizers takes many
# times that, and what this finds is work that grows with what a client sent.
LONGEST_ALLOWED = 0.25
LONGEST_PIECE = re.compile(r"worker \d+: its longest piece of work took (\d+) us of CPU time")
longest_pieces: list[float] = []  # of all servers that ended so far

# For tests that look at memory: the sanitizer keeps this much of what was freed, instead of 256 MB.
SMALL_QUARANTINE = {"ASAN_OPTIONS": ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=4"]))}


def find_binary() -> pathlib.Path:
    chosen = os.environ.get("WASM_SERVER_BINARY")
    candidates = [pathlib.Path(chosen)] if chosen else [
        ROOT / "build" / "dev" / "wasm-server", ROOT / "build" / "release" / "wasm-server"]
    for candidate in candidates:
        if candidate.is_file():
            return candidate.resolve()
    raise FileNotFoundError(f"no server binary: looked for {', '.join(map(str, candidates))}")


def wait_until(condition, timeout: float = 60) -> None:
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "it did not come to that in time"
        time.sleep(0.01)


class ServerProcess:
    """One `wasm-server serve` on a directory. It may be started again after it has ended."""

    def __init__(self, binary: pathlib.Path, data: pathlib.Path, flags=(), env: dict | None = None,
                 listen: str = "127.0.0.1:0", file_bytes: int | None = None, group=None):
        self.binary = binary
        self.data = pathlib.Path(data)
        self.flags = tuple(flags)
        # Debug lines say, at the end, how long the event loops were held up.
        self.env = {"WASM_SERVER_LOG_LEVEL": "debug", **os.environ, **(env or {})}
        self.listen = listen
        self.file_bytes = file_bytes  # the process's limit of the size of files
        self.group = group  # a control group for it (support.cgroup)
        self.process: subprocess.Popen | None = None
        self.scheme = "http"
        self.address = ""
        self.first_line = ""
        self.rest_of_stdout = ""

    def command(self) -> list[str]:
        return [str(self.binary), "serve", "--listen", self.listen, "--data", str(self.data), *self.flags]

    def start(self, timeout: float = 60) -> "ServerProcess":
        self.data.parent.mkdir(parents=True, exist_ok=True)
        self.log = self.data.parent / f"{self.data.name}.stderr"
        with open(self.log, "ab") as stderr:
            self.process = subprocess.Popen(self.command(), stdout=subprocess.PIPE, stderr=stderr, env=self.env,
                                            preexec_fn=self._confine if self.file_bytes or self.group else None)
        self.first_line = self._read_line(timeout)
        match = re.fullmatch(r"listening on (https?)://(\S+:\d+)\n", self.first_line)
        if not match:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"first line {self.first_line!r}; stderr:\n{self.stderr_text()[-4000:]}")
        self.scheme, self.address = match.groups()
        return self

    def _confine(self) -> None:
        if self.file_bytes:
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.file_bytes, self.file_bytes))
        if self.group:
            self.group.enter()

    def _read_line(self, timeout: float) -> str:
        line = b""
        end = time.monotonic() + timeout
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n") and time.monotonic() < end:
                if selector.select(end - time.monotonic()):
                    byte = os.read(self.process.stdout.fileno(), 1)
                    if not byte:
                        break
                    line += byte
        return line.decode()

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.address}"

    @property
    def port(self) -> int:
        return int(self.address.rsplit(":", 1)[1])

    @property
    def pid(self) -> int:
        return self.process.pid

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def connect(self, timeout: float = 20) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def resident_bytes(self) -> int:
        return self._memory("VmRSS")

    def most_resident_bytes(self) -> int:
        """The most that it ever had."""
        return self._memory("VmHWM")

    def _memory(self, name: str) -> int:
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+) kB", text).group(1)) * 1024

    def cpu_ticks(self) -> int:
        """What all its threads have used so far, in hundredths of a second."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    @contextlib.contextmanager
    def spinning(self):
        """Around what makes a guest spin: ends when it does, seen by the CPU that the server uses."""
        before = self.cpu_ticks()
        yield
        wait_until(lambda: self.cpu_ticks() >= before + 10)

    def thread_count(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def stderr_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def signal(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def wait(self, timeout: float = 60) -> int:
        """The exit code; what stood on standard output beyond the first line is kept."""
        out, _ = self.process.communicate(timeout=timeout)
        self.rest_of_stdout = out.decode(errors="replace")
        return self.process.returncode

    def stop(self, timeout: float = 60) -> None:
        self.signal(signal.SIGTERM)
        try:
            code = self.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"still running {timeout} s after SIGTERM; stderr:\n{self.stderr_text()[-4000:]}")
        self.check_log()
        self.check_loops()
        assert code == 0, f"exit code {code}; stderr:\n{self.stderr_text()[-4000:]}"
        assert self.rest_of_stdout == "", f"more than one line on stdout: {self.rest_of_stdout!r}"

    def kill(self) -> None:
        """kill -9: nothing in the process gets a chance to tidy up."""
        self.process.kill()
        self.process.communicate()

    def restart(self) -> "ServerProcess":
        if self.running():
            self.stop()
        return self.start()

    def longest_piece(self) -> float:
        """Of work on an event loop, of which nothing else had a turn meanwhile; in seconds, once the server has ended."""
        return max(int(micros) / 1e6 for micros in LONGEST_PIECE.findall(self.stderr_text()))

    def check_loops(self) -> None:
        if not LONGEST_PIECE.search(self.stderr_text()):  # another level of the log was asked for
            return
        longest_pieces.append(self.longest_piece())
        assert longest_pieces[-1] < LONGEST_ALLOWED, f"{longest_pieces[-1]} s for one piece of work on an event loop"

    def check_log(self) -> None:
        found = SANITIZER_REPORT.search(self.stderr_text())
        if found:
            text = self.stderr_text()
            raise AssertionError("sanitizer report:\n" + text[max(0, found.start() - 500):found.start() + 6000])
