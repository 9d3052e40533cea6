"""Saves large modules, each of which is different, over some connections.

wrk has to put every request together before it sends it: for 1 MB about 0.7 ms of the cores that it shares with the
server, a ceiling of 0.8 GB/s with no server behind it. Here a request is three pieces that lie ready, and what is left is
the sending."""

import selectors
import socket
import time

from harness.process import Failed, Process

TAIL = b"\x00\x12\x01u"  # a custom section of 16 bytes: the module's number, as in lua/save.lua


class Client:
    """One connection: a request after the other."""

    def __init__(self, address: tuple[str, int], head: bytes, body: bytes):
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.fixed = [memoryview(head), memoryview(body)]
        self.left: list[memoryview] = []
        self.answer = b""

    def ask(self, number: int) -> None:
        self.left = [*self.fixed, memoryview(TAIL + b"%016x" % number)]
        self.answer = b""
        self.send()

    def send(self) -> None:
        while self.left:
            try:
                sent = self.socket.sendmsg(self.left)
            except BlockingIOError:
                return
            while self.left and sent >= len(self.left[0]):
                sent -= len(self.left.pop(0))
            if sent:
                self.left[0] = self.left[0][sent:]

    def receive(self) -> bool:
        """Whether the answer is complete."""
        piece = self.socket.recv(65536)
        if not piece:
            raise Failed("the server closed a connection")
        self.answer += piece
        head, end, rest = self.answer.partition(b"\r\n\r\n")
        if not end:
            return False
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if len(rest) < int(fields[b"content-length"]):
            return False
        if not head.startswith(b"HTTP/1.1 201 "):
            raise Failed(f"an upload was answered: {self.answer[:300]!r}")
        return True


def run(server: Process, path: str, module: bytes, connections: int,
        seconds: float) -> tuple[float, int]:
    """Saves a second, and how many in all."""
    length = len(module) + len(TAIL) + 16
    head = (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/wasm\r\n"
            f"Content-Length: {length}\r\n\r\n").encode()
    clients = [Client(("127.0.0.1", server.port), head, module) for _ in range(connections)]
    both = selectors.EVENT_READ | selectors.EVENT_WRITE
    asked, saved, started = 0, 0, time.monotonic()
    with selectors.DefaultSelector() as selector:
        for client in clients:
            client.ask(asked := asked + 1)
            selector.register(client.socket, both if client.left else selectors.EVENT_READ, client)
        while (elapsed := time.monotonic() - started) < seconds:
            for key, events in selector.select(1):
                client, sending = key.data, key.events == both
                if events & selectors.EVENT_WRITE:
                    client.send()
                if events & selectors.EVENT_READ and client.receive():
                    saved += 1
                    client.ask(asked := asked + 1)
                if bool(client.left) != sending:
                    selector.modify(client.socket, both if client.left else selectors.EVENT_READ, client)
    for client in clients:
        client.socket.close()
    server.check()
    return saved / elapsed, saved
