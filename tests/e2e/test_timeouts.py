"""Slow and many clients: every wait has an end, every queue a bound. Each server here has small limits of its own."""

import json
import socket
import time

import pytest

from support import flags
from support.client import WASM, Client, assert_problem, fresh_id
from support.modules import ADD, distinct, wasm
from support.raw import RawConnection, get
from support.server import ServerProcess

contract = pytest.mark.contract


@pytest.fixture(scope="module")
def short(binary, tmp_path_factory):
    process = ServerProcess(binary, tmp_path_factory.mktemp("short") / "data", [
        *flags.header_timeout_ms(1000), *flags.read_timeout_ms(1000), *flags.idle_timeout_ms(1000),
        *flags.write_timeout_ms(300)])
    process.start()
    yield process
    process.stop()


def test_an_idle_connection_is_closed(short):
    with RawConnection(short) as wire:
        assert wire.closed()
    with RawConnection(short) as wire:
        assert wire.request(get("/healthz")).status == 200
        assert wire.closed()


def assert_given_up(wire) -> None:
    """The request is answered with request-timeout, and the connection ends."""
    answer = wire.read()
    assert (answer.status, json.loads(answer.body)["code"]) == (408, "request-timeout")
    assert wire.closed()


def test_a_header_that_never_ends_is_given_up(short):
    with RawConnection(short) as wire:
        wire.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
        assert_given_up(wire)


def test_a_header_that_drips_is_given_up(short):
    with RawConnection(short) as wire:
        start = time.monotonic()
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            wire.send("GET /healthz HTTP/1.1\r\n")
            while time.monotonic() - start < 20:
                wire.send("X-A: b\r\n")
                time.sleep(0.05)
        assert time.monotonic() - start < 15


def test_a_body_that_stops_is_given_up_and_nothing_stored(short):
    id = fresh_id()
    with RawConnection(short) as wire:
        wire.send(get(f"/wasm?id={id}", "Content-Length: 100", "Content-Type: application/wasm", method="POST"))
        wire.send(wasm(ADD)[:10])
        assert_given_up(wire)
    with Client(short.url) as client:
        assert client.get(f"/wasm/{id}").status_code == 404


def test_a_body_that_comes_slowly_but_steadily_is_read(fresh_server):
    code = distinct(1, 160 << 10)
    with RawConnection(fresh_server(*flags.read_timeout_ms(2500), *flags.header_timeout_ms(2500))) as wire:
        wire.send(get("/wasm", f"Content-Length: {len(code)}", "Content-Type: application/wasm", method="POST"))
        for n in range(0, len(code), 16 << 10):
            time.sleep(0.4)  # in all longer than any of the timeouts, and more than 16 KiB a second
            wire.send(code[n:n + (16 << 10)])
        assert wire.read().status == 201


def test_a_small_body_may_come_as_slowly_as_it_likes(fresh_server):
    code = wasm(ADD)
    with RawConnection(fresh_server(*flags.read_timeout_ms(1500), *flags.header_timeout_ms(1500))) as wire:
        wire.send(get("/wasm", f"Content-Length: {len(code)}", "Content-Type: application/wasm", method="POST"))
        for n in range(0, len(code), 8):
            time.sleep(0.4)  # in all longer than any of the timeouts
            wire.send(code[n:n + 8])
        assert wire.read().status == 201


def test_a_body_that_only_drips_is_given_up_and_frees_its_memory(fresh_server):
    server = fresh_server(*flags.read_timeout_ms(1000), *flags.max_body_bytes(1 << 20),
                          *flags.max_body_memory(3 << 19))
    with RawConnection(server) as wire:
        wire.send(get("/wasm", f"Content-Length: {1 << 20}", "Content-Type: application/wasm", method="POST"))
        wire.send(b"x" * ((1 << 20) - 1000))
        received = b""
        wire.socket.settimeout(0.3)  # a byte each 0.3 s comes in time for the next
        for _ in range(40):
            wire.send(b"x")
            try:
                received = wire.socket.recv(4096)
                break
            except TimeoutError:
                pass
        assert received.startswith(b"HTTP/1.1 408 ")
        with Client(server.url) as client:
            assert client.post("/wasm", content=b"x" * (1 << 20), headers=WASM).status_code == 422


def test_a_client_that_does_not_read_is_cut_and_holds_no_memory(short):
    with Client(short.url) as client:
        id = client.add(distinct(1, 24 << 20))
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(20)
        connection.connect(("127.0.0.1", short.port))
        connection.sendall(get(f"/wasm/{id}", "Accept: application/wasm").encode())
        time.sleep(2)
        received = 0
        try:
            while data := connection.recv(1 << 20):
                received += len(data)
        except ConnectionResetError:
            pass
        assert received < 24 << 20, "the whole body came, although nobody read for longer than the write timeout"
        assert client.get("/healthz").status_code == 200


@contract("5: overloaded")
def test_connections_beyond_the_limit_are_told_so(fresh_server):
    server = fresh_server(*flags.max_connections(8))
    held = [RawConnection(server) for _ in range(8)]
    for wire in held:
        assert wire.request(get("/healthz")).status == 200
    with RawConnection(server) as wire:
        try:
            answer = wire.read()
            assert answer.status == 503 and answer.header("retry-after")
            assert json.loads(answer.body)["code"] == "overloaded"
        except ConnectionResetError:
            pytest.fail("no word of why")
        assert wire.closed()
    for wire in held:
        assert wire.request(get("/healthz")).status == 200
        wire.socket.close()
    for _ in range(100):
        with RawConnection(server) as wire:
            if wire.request(get("/healthz")).status == 200:
                return
        time.sleep(0.05)
    pytest.fail("closed connections were not given back")


@contract("5: overloaded")
def test_bodies_beyond_the_memory_for_them_are_refused(fresh_server):
    server = fresh_server(*flags.max_body_memory(4 << 20))
    holder = RawConnection(server)
    holder.send(get("/wasm", f"Content-Length: {3 << 20}", "Content-Type: application/wasm", method="POST"))
    holder.send(b"\0" * (5 << 19))
    time.sleep(0.3)  # so that it is the first of the two
    with Client(server.url) as client:
        # It is refused from the moment on at which the server has read what the other one holds.
        for _ in range(100):
            answer = client.post("/wasm", content=distinct(1, 3 << 20), headers=WASM)
            if answer.status_code != 201:
                break
        assert_problem(answer, 503, "overloaded")
        assert answer.headers["retry-after"].isdigit()
        assert client.post("/wasm", content=wasm(ADD), headers=WASM).status_code == 201
        holder.socket.close()
        for _ in range(100):
            if client.post("/wasm", content=distinct(1, 3 << 20), headers=WASM).status_code == 201:
                return
            time.sleep(0.05)
    pytest.fail("the memory of a body whose client went away was not given back")


@contract("5: payload-too-large")
def test_the_body_limit_is_a_setting(fresh_server):
    with Client(fresh_server(*flags.max_body_bytes(1000)).url) as client:
        assert client.post("/wasm", content=distinct(1, 500), headers=WASM).status_code == 201
        assert_problem(client.post("/wasm", content=distinct(1, 1001), headers=WASM), 413, "payload-too-large")
