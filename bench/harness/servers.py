"""The server under test, and nginx; what the other peers are stands in peers.toml (harness/peers.py)."""

import json
import os
import pathlib
import re
import selectors
import subprocess
import time

from harness.certificate import Certificate
from harness.process import Failed, Process, free_port

JSON = {"Content-Type": "application/json"}
WASM = {"Content-Type": "application/wasm"}
CALL_ADD = b'{"function":"add","args":[2,40]}'


class WasmServer(Process):
    """`wasm-server serve` on a directory of its own; start() again after stop() finds what was stored."""

    health = "/healthz"

    def __init__(self, binary: pathlib.Path, work: pathlib.Path, flags: tuple = ()):
        super().__init__("wasm-server", work)
        self.binary, self.flags = binary, flags
        self.over_tls = "--tls-cert" in flags
        self.store = self.data / "store"
        self.start_seconds = 0.0

    def start(self) -> "WasmServer":
        started = time.monotonic()
        self.spawn([str(self.binary), "serve", "--listen", "127.0.0.1:0", "--data", str(self.store), *self.flags],
                   stdout=subprocess.PIPE)
        line = self._first_line(120)
        self.start_seconds = time.monotonic() - started
        found = re.fullmatch(rb"listening on https?://127\.0\.0\.1:(\d+)\n", line)
        if not found:
            raise Failed(f"{self.binary} did not start: {line.decode(errors='replace')}{self.last_words()}")
        self.port = int(found.group(1))
        return self

    def _first_line(self, seconds: float) -> bytes:
        line, end = b"", time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n") and selector.select(max(0, end - time.monotonic())):
                byte = os.read(self.process.stdout.fileno(), 1)
                if not byte:
                    break
                line += byte
        return line

    def upload(self, wasm: bytes, function: str, id: str | None = None) -> str:
        """Stores a module and gives the path to execute it."""
        query = f"?function={function}" + (f"&id={id}" if id else "")
        status, answer = self.ask("POST", "/wasm" + query, wasm, WASM)
        if status != 201:
            raise Failed(f"{self.name} answered {status} to an upload: {answer.decode(errors='replace')}")
        return "/wasm/" + json.loads(answer)["id"]

    def await_ready(self, path: str, seconds: float = 300) -> None:
        """Until the module is compiled."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            status, answer = self.ask("GET", path + "?wasm=false")
            if status == 200 and json.loads(answer)["meta_data"]["state"] == "ready":
                return
            time.sleep(0.02)
        raise Failed(f"{path} was not compiled within {seconds} s")


NGINX_CONFIG = """
daemon off; master_process on; worker_processes 2; pid {data}/nginx.pid; error_log {data}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_timeout 60; keepalive_requests 1000000000;
  open_file_cache max=1000 inactive=60s; open_file_cache_valid 60s;
  types {{ application/wasm wasm; }}
  client_body_temp_path {data}/body; proxy_temp_path {data}/proxy; fastcgi_temp_path {data}/fastcgi;
  uwsgi_temp_path {data}/uwsgi; scgi_temp_path {data}/scgi;
  server {{ listen 127.0.0.1:{port} reuseport{tls}; root {data}/files; }}
}}
"""


class Nginx(Process):
    """Serves the files of a directory with sendfile, as fast as it can be set."""

    def __init__(self, work: pathlib.Path, certificate: Certificate | None = None):
        super().__init__("nginx", work)
        self.certificate, self.over_tls = certificate, certificate is not None
        self.files = self.data / "files"
        self.files.mkdir()
        # Its workers run as another user, who must be able to get here.
        self.data.chmod(0o755)

    def start(self) -> "Nginx":
        self.port = free_port()
        user = "user root;" if os.getuid() == 0 else ""
        own = self.certificate
        tls = f" ssl; ssl_certificate {own.file}; ssl_certificate_key {own.key}" if own else ""
        (self.data / "nginx.conf").write_text(user + NGINX_CONFIG.format(data=self.data, port=self.port, tls=tls))
        self.spawn(["nginx", "-p", str(self.data), "-c", str(self.data / "nginx.conf")])
        self.await_port("/")
        return self
