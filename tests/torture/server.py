"""The server under test: started on a free port, killed without warning, and asked over plain HTTP."""

import http.client
import json
import pathlib
import signal
import subprocess
import time
import urllib.parse

START_SECONDS = 60


class Server:
    def __init__(self, binary: pathlib.Path, data: pathlib.Path):
        self.binary = binary
        self.data = data
        self.process: subprocess.Popen | None = None
        self.port = 0
        self.flags: list[str] = []
        self.wrapper: list[str] = []  # what starts it, when it is not started as it is

    @property
    def log(self) -> pathlib.Path:
        return self.data.with_suffix(".log")

    def launch(self) -> None:
        command = [*self.wrapper, self.binary, "serve", "--listen", "127.0.0.1:0", "--data", self.data, *self.flags]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)

    def kill_while_it_starts(self, seconds: float) -> None:
        self.launch()
        time.sleep(seconds)
        self.kill()

    def start(self) -> None:
        if not self.try_to_start():
            raise SystemExit(f"torture: the server did not start; see {self.log}")

    def try_to_start(self) -> bool:
        """False when it has ended, or is about to, instead of listening."""
        self.launch()
        first_line = self.process.stdout.readline().decode()
        if not first_line.startswith("listening on http://"):
            return False
        self.port = urllib.parse.urlsplit(first_line.split()[-1]).port
        return True

    def wait(self) -> int:
        """The exit code of one that ends by itself."""
        code = self.process.wait(START_SECONDS)
        self.process.stdout.close()
        return code

    def kill(self) -> None:
        """No warning, no handler, nothing flushed."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def end(self) -> None:
        """Whatever state it is in."""
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def stop(self) -> None:
        self.process.terminate()
        code = self.process.wait(START_SECONDS)
        self.process.stdout.close()
        if code != 0:
            raise SystemExit(f"torture: the server ended with {code} after SIGTERM")

    def connect(self) -> "Connection":
        return Connection(self.port)


class Connection:
    """One keep-alive connection. An answer that did not come whole raises Gone."""

    def __init__(self, port: int):
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def request(self, method: str, path: str, body: bytes | dict | None = None, accept: str = "application/json",
                type: str = "application/wasm"):
        headers = {"Accept": accept}
        if isinstance(body, dict):
            headers["Content-Type"] = "application/json"
            body = json.dumps(body).encode()
        elif body is not None:
            headers["Content-Type"] = type
        try:
            self.http.request(method, path, body, headers)
            answer = self.http.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Gone from error

    def get_json(self, path: str):
        status, body = self.request("GET", path)
        return status, json.loads(body)

    def get_code(self, path: str):
        return self.request("GET", path, accept="application/wasm")

    def close(self) -> None:
        self.http.close()


class Gone(Exception):
    """The connection ended before the answer: the write may have happened or not."""
