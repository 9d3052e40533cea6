"""What one client holds leaves others theirs: memory for bodies, and the event loop beside long lists."""

import contextlib
import socket
import threading
import time

import pytest

from support.client import Client, fresh_id
from support.modules import ADD, distinct, wasm
from support.raw import RawConnection, get, post

contract = pytest.mark.contract

MB = 1 << 20


@contextlib.contextmanager
def holding(server, count: int, size: int):
    """So many clients that have sent all but a little of a body of that size."""
    connections = [server.connect() for _ in range(count)]
    try:
        head = get(f"/wasm?id={fresh_id()}", f"Content-Length: {size}", "Content-Type: application/wasm", method="POST")
        for connection in connections:
            connection.settimeout(5)
            with contextlib.suppress(OSError):  # one that is refused is closed
                connection.sendall(head.encode() + bytes(size - 100))
        yield connections
    finally:
        for connection in connections:
            connection.close()


def upload_from(server, address: str, code: bytes) -> int:
    wire = RawConnection(server)
    wire.socket.close()
    wire.socket = socket.create_connection(("127.0.0.1", server.port), timeout=60, source_address=(address, 0))
    with wire:
        return wire.request(post(f"/wasm?id={fresh_id()}", code, "Content-Type: application/wasm")).status


@contract("5: overloaded")
def test_who_holds_much_of_the_memory_for_bodies_leaves_others_theirs(fresh_server):
    server = fresh_server("--max-body-bytes", "4MiB", "--max-body-memory-bytes", "32MiB")
    with holding(server, 12, 4 * MB) as held:
        time.sleep(0.5)
        assert upload_from(server, "127.0.0.2", distinct(1, 3_900_000)) == 201  # a large one of another address
        assert upload_from(server, "127.0.0.1", distinct(2, 900_000)) == 201  # small ones, of this one too
        assert upload_from(server, "127.0.0.1", wasm(ADD)) == 201
        statuses = []
        for connection in held:
            connection.setblocking(False)
            with contextlib.suppress(BlockingIOError, ConnectionResetError):
                statuses.append(int(connection.recv(100).split()[1]))
        assert 0 < len(statuses) < 12 and set(statuses) == {503}  # some of them were refused, some still hold


def exporting(number: int, count: int) -> str:
    """A module that exports one function under so many names."""
    names = " ".join(f'(export "name_{number:04}_{export:06}_of_some_length" (func 0))' for export in range(count))
    return f"(module (func) {names})"


def test_a_list_that_matches_nothing_in_much_holds_up_nobody(server):
    with Client(server.url) as client:
        ids = [client.add(exporting(number, 15_000), labels={"team": "large"}) for number in range(25)]
        add = client.add(ADD)
        client.results(add, [2, 40])
        assert client.get("/wasm", params={"label": "team=none"}).json() == {"items": []}
        stop = threading.Event()
        longest = 0.0

        def list_on():
            with Client(server.url) as http:
                while not stop.is_set():
                    assert http.get("/wasm", params={"label": "team=none"}).json() == {"items": []}

        lister = threading.Thread(target=list_on)
        lister.start()
        try:
            for _ in range(200):
                started = time.monotonic()
                client.results(add, [2, 40])
                longest = max(longest, time.monotonic() - started)
        finally:
            stop.set()
            lister.join()
        print(f"longest call beside the lists: {longest * 1000:.1f} ms")
        found = client.get("/wasm", params={"label": "team=large", "limit": 3}).json()
        assert len(found["items"]) <= 3 and found["next"] == found["items"][-1]["id"]
        for id in ids:
            client.delete(f"/wasm/{id}")
        assert longest < 5
