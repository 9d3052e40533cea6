"""HTTP by hand: what goes over the wire is written out, and what comes back is read strictly."""

import socket
from dataclasses import dataclass, field

import pytest


@dataclass
class RawResponse:
    version: str
    status: int
    headers: dict[str, str]  # names in lower case; repeated ones joined by ", "
    body: bytes
    interim: list[int] = field(default_factory=list)  # statuses of 1xx answers before it
    trailers: dict[str, str] = field(default_factory=dict)

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "")


class RawConnection:
    def __init__(self, server, timeout: float = 20):
        self.socket = server.connect(timeout)
        self.buffer = b""
        self.trailers: dict[str, str] = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data: bytes | str) -> None:
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def _fill(self) -> bool:
        data = self.socket.recv(65536)
        self.buffer += data
        return bool(data)

    def _line(self) -> bytes:
        while b"\r\n" not in self.buffer:
            if not self._fill():
                raise EOFError(f"closed; so far {self.buffer!r}")
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def _take(self, length: int) -> bytes:
        parts = [self.buffer[:length]]
        have = len(parts[0])
        self.buffer = self.buffer[length:]
        while have < length:
            data = self.socket.recv(min(1 << 20, length - have))
            if not data:
                raise EOFError(f"closed after {have} of {length} bytes")
            parts.append(data)
            have += len(data)
        return b"".join(parts)

    def read_head(self) -> tuple[str, int, dict[str, str]]:
        version, status, _ = self._line().decode("latin-1").split(" ", 2)
        return version, int(status), self._fields()

    def _fields(self) -> dict[str, str]:
        fields: dict[str, str] = {}
        while line := self._line().decode("latin-1"):
            name, value = line.split(":", 1)
            assert name == name.strip() and name, f"malformed header {line!r}"
            key, value = name.lower(), value.strip()
            fields[key] = f"{fields[key]}, {value}" if key in fields else value
        return fields

    def read(self, head: bool = False) -> RawResponse:
        """The next final answer. `head`: it answers a HEAD, so it has no body."""
        interim = []
        version, status, headers = self.read_head()
        while 100 <= status < 200:
            interim.append(status)
            version, status, headers = self.read_head()
        self.trailers = {}
        body = self._body(status, headers, head)
        return RawResponse(version, status, headers, body, interim, self.trailers)

    def _body(self, status: int, headers: dict[str, str], head: bool) -> bytes:
        if head or status in (204, 304):
            return b""
        if "transfer-encoding" in headers:
            assert headers["transfer-encoding"] == "chunked" and "content-length" not in headers, headers
            return b"".join(self.chunks())
        if "content-length" in headers:
            return self._take(int(headers["content-length"]))
        while self._fill():
            pass
        body, self.buffer = self.buffer, b""
        return body

    def chunks(self):
        while size := int(self._line().split(b";")[0], 16):
            yield self._take(size)
            assert self._take(2) == b"\r\n"
        self.trailers = self._fields()

    def closed(self) -> bool:
        """Waits for the server to close; anything more that it sends is a failure."""
        try:
            rest = self.buffer + self.socket.recv(1)
        except ConnectionResetError:
            return True
        except (TimeoutError, socket.timeout):
            return False
        assert rest == b"", f"unexpected bytes {rest!r}"
        return True

    def request(self, data: bytes | str, head: bool = False) -> RawResponse:
        self.send(data)
        return self.read(head)


def leave_unanswered(connections: list[socket.socket]) -> None:
    """None of these has an answer yet, so what they asked for still runs or waits; closes them."""
    for connection in connections:
        connection.setblocking(False)
        with pytest.raises(BlockingIOError):
            connection.recv(1)
        connection.close()


def get(path: str, *headers: str, version: str = "1.1", method: str = "GET") -> str:
    lines = [f"{method} {path} HTTP/{version}", "Host: localhost", *headers]
    return "\r\n".join(lines) + "\r\n\r\n"


def post(path: str, body: bytes, *headers: str) -> bytes:
    head = get(path, f"Content-Length: {len(body)}", *headers, method="POST")
    return head.encode() + body
