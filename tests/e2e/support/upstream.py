"""A server that guests send requests to."""

import contextlib
import http.server
import socket
import ssl
import threading

from support.tls import Pair


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.server.opened(self)

    def finish(self):
        with contextlib.suppress(OSError):
            super().finish()
        self.server.closed(self)

    def log_message(self, *_):
        pass

    def answer(self, status: int, body: bytes = b"", **fields: str) -> None:
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def do_GET(self):
        path = self.path.partition("?")[0]
        self.server.requests.append((self.path, self.headers.get("Host")))
        if path == "/redirect":
            return self.answer(302, Location=f"http://127.0.0.1:{self.server.port}/ok")
        if path == "/silent":
            return self.wait()
        if path == "/drip":
            self.begin_chunks()
            self.chunk(b"drip")
            return self.wait()
        if path == "/big":
            self.begin_chunks()
            for _ in range(8192):
                self.chunk(b"x" * 1024)
            return self.wfile.write(b"0\r\n\r\n")
        if path == "/cut":
            self.begin_chunks()
            self.chunk(b"cut")
            self.close_connection = True
            return None
        if path == "/long-head":
            return self.answer(200, **{f"X-{n}": "x" * 1000 for n in range(90)})
        self.answer(200, f"{self.path} of {self.headers['Host']}".encode())
        # What a server does that has had enough: it says nothing and goes.
        self.close_connection = path == "/then-close"

    def do_POST(self):
        size = 0
        if "Content-Length" in self.headers:
            size = len(self.rfile.read(int(self.headers["Content-Length"])))
        else:
            while True:
                head = self.rfile.readline()
                if not head:  # the body was broken off
                    self.close_connection = True
                    return
                count = int(head, 16)
                size += len(self.rfile.read(count))
                self.rfile.readline()
                if count == 0:
                    break
        self.server.uploads.append(size)
        self.answer(200, str(size).encode())

    def begin_chunks(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def wait(self):
        """Until the other side closes the connection."""
        self.server.waiting.set()
        with contextlib.suppress(OSError):
            self.connection.recv(1)
        self.close_connection = True
        self.server.left.set()


class Upstream(http.server.ThreadingHTTPServer):
    """Counts connections and requests; `with` starts and stops it."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, pair: Pair | None = None, host: str = "127.0.0.1"):
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, 0), _Handler)
        self.port = self.server_address[1]
        self.connections = 0
        self.open: set = set()
        self.requests: list[tuple[str, str]] = []
        self.uploads: list[int] = []
        self.waiting, self.left = threading.Event(), threading.Event()
        self.lock = threading.Lock()
        self.tls = None
        if pair:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(pair.certificate, pair.key)

    def opened(self, handler) -> None:
        with self.lock:
            self.connections += 1
            self.open.add(handler)

    def closed(self, handler) -> None:
        with self.lock:
            self.open.discard(handler)

    def finish_request(self, request, client_address):
        if self.tls:
            request.settimeout(10)
            try:
                request = self.tls.wrap_socket(request, server_side=True)
            except OSError:
                return
            request.settimeout(None)
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        pass

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
