"""Clients that have sent all they want and wait for their answer, told from those that are gone."""

import json
import socket
import time

import pytest

from support.client import JSON
from support.modules import wasm
from support.raw import RawConnection, get, post

# Sleeps for as many nanoseconds as its argument says, and returns 7.
NAP = """(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "nap") (param $time i64) (result i32)
    (i64.store (i32.const 0) (i64.const 1))
    (i32.store (i32.const 16) (i32.const 1))
    (i64.store (i32.const 24) (local.get $time))
    (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))
    (i32.const 7)))"""

MILLISECOND = 1_000_000
TYPE = f"Content-Type: {JSON['Content-Type']}"


@pytest.fixture
def nap(client):
    """The path of a module of which one call runs at a time, compiled already."""
    id = client.add(NAP, limits={"max_concurrency": 1, "max_queue": 1})
    client.results(id, [1])
    return f"/wasm/{id}"


def request(path: str, millis: int, version: str = "1.1") -> bytes:
    return post(path, f"[{millis * MILLISECOND}]".encode(), TYPE).replace(b"HTTP/1.1", f"HTTP/{version}".encode(), 1)


@pytest.mark.parametrize("version,millis", [("1.1", 20), ("1.1", 700), ("1.0", 700)])
def test_a_client_that_has_sent_all_gets_its_answer_after_a_sleep(server, nap, version, millis):
    with RawConnection(server) as wire:
        wire.send(request(nap, millis, version))
        wire.socket.shutdown(socket.SHUT_WR)
        answer = wire.read()
        assert answer.status == 200 and json.loads(answer.body) == {"results": [7]}
        assert set(answer.interim) <= {102}
        assert bool(answer.interim) == (version == "1.1" and millis > 500)
        assert wire.closed()


def test_requests_behind_the_one_that_sleeps_are_answered_too(server, nap):
    with RawConnection(server) as wire:
        wire.send(request(nap, 300) + get("/healthz").encode())
        wire.socket.shutdown(socket.SHUT_WR)
        assert json.loads(wire.read().body) == {"results": [7]}
        assert wire.read().status == 200
        assert wire.closed()


@pytest.mark.parametrize("how", ["close", "reset", "shut down, then close"])
def test_a_client_that_is_gone_ends_its_call(server, nap, how):
    """The next call gets the only place; it would come a minute later if the first one slept on."""
    wire = RawConnection(server)
    wire.send(request(nap, 60_000))
    time.sleep(0.1)  # so that it runs
    if how == "reset":
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    if how == "shut down, then close":
        wire.socket.shutdown(socket.SHUT_WR)
        assert wire._line() == b"HTTP/1.1 102 Processing"
    wire.socket.close()
    started = time.monotonic()
    with RawConnection(server) as other:
        assert json.loads(other.request(request(nap, 1)).body) == {"results": [7]}
    took = time.monotonic() - started
    print(f"{how}: the next call was answered after {took * 1000:.0f} ms")
    assert took < 5
