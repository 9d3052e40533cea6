"""A server under measurement: started on a free port, asked for its CPU time and memory, always stopped."""

import http.client
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def stat_fields(pid: int) -> list[str]:
    """What stands after the command's name in /proc/PID/stat: state, parent, ..."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def family(pid: int) -> list[int]:
    """The process and all below it."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parents[int(name)] = int(stat_fields(int(name))[1])
            except OSError:
                pass  # it has just ended
    members = [pid]
    for member in members:
        members += [child for child, parent in parents.items() if parent == member]
    return members


class Failed(Exception):
    """The measurement cannot go on, with a reason for the user."""


class Process:
    """A server process and its directory, which go away together. `with` stops it."""

    def __init__(self, name: str, work: pathlib.Path):
        self.name = name
        self.data = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-", dir=work))
        self.log = self.data / "bench.log"
        self.process: subprocess.Popen | None = None
        self.port = 0
        self.over_tls = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)

    def spawn(self, command: list[str], stdout=None) -> None:
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout or log, stderr=log,
                                            cwd=self.data, start_new_session=True)

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def check(self) -> None:
        if self.process is None or self.process.poll() is not None:
            raise Failed(f"{self.name} has ended; its last words: {self.last_words()}")

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else "(none)"

    def await_port(self, path: str, seconds: float = 30) -> None:
        """Until the server answers at all."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.check()
            try:
                self.ask("GET", path)
                return
            except OSError:
                time.sleep(0.02)
        raise Failed(f"{self.name} does not answer on port {self.port}: {self.last_words()}")

    @property
    def url(self) -> str:
        return f"http{'s' if self.over_tls else ''}://127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict | None = None,
            timeout: float = 60) -> tuple[int, bytes]:
        connection = self._connection(timeout)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        if not self.over_tls:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        unchecked = ssl._create_unverified_context()
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=unchecked)

    def cpu_seconds(self) -> float:
        """User and system time of all its threads and children."""
        total = 0
        for pid in family(self.process.pid):
            try:
                fields = stat_fields(pid)
                total += int(fields[11]) + int(fields[12])
            except OSError:
                pass
        return total / TICKS

    def resident_bytes(self) -> int:
        """Resident memory without pages of mapped files, which the kernel may take back at any time: RssAnon."""
        return self._status("RssAnon")

    def resident_with_files_bytes(self) -> int:
        return self._status("VmRSS")

    def _status(self, key: str) -> int:
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1]) * 1024
        raise Failed(f"no {key} of {self.name}")
