"""The hostile guests (tests/guests/hostile), and what each must be answered. The tests and the report
(tests/guests/hostile-report) run the same list."""

import contextlib
import dataclasses
import hashlib
import json
import pathlib
import subprocess
import sys
from typing import Callable

import httpx

from support.binary import large_data, many_functions
from support.client import Client
from support.modules import ADD, wasm

GUESTS = pathlib.Path(__file__).resolve().parents[2] / "guests"
MB = 1 << 20


def guest(path: str) -> bytes:
    """A guest of tests/guests by its path, compiled."""
    return wasm((GUESTS / path).read_text())


@dataclasses.dataclass(frozen=True)
class Hostile:
    name: str
    code: Callable[[], bytes]
    status: int
    says: dict  # members that the answer's document must have
    function: str | None = None
    args: tuple = ()
    timeout_ms: int = 0
    giant: bool = False  # keeps the compiler or the disk busy for seconds


def _wat(file: str) -> Callable[[], bytes]:
    return lambda: guest(f"hostile/{file}.wat")


DEADLINE = {"code": "deadline-exceeded"}
STACK = {"code": "guest-trap", "trap": "stack-overflow"}
ENDLESS = {"status": 504, "says": DEADLINE, "timeout_ms": 1000}

ALL = [
    Hostile("tight loop", _wat("loop"), function="tight", **ENDLESS),
    Hostile("loop with calls", _wat("loop"), function="calls", **ENDLESS),
    Hostile("tail calls without end", _wat("loop"), function="tail", **ENDLESS),
    Hostile("bulk memory without end", _wat("loop"), function="bulk", **ENDLESS),
    Hostile("loop in the start function", _wat("loop_in_start"), **ENDLESS),
    Hostile("recursion, small frames", _wat("recursion"), 422, STACK, "small"),
    Hostile("recursion, large frames", _wat("recursion"), 422, STACK, "large", (1,) * 12),
    Hostile("recursion through a table", _wat("recursion"), 422, STACK, "indirect"),
    Hostile("4 GiB of memory at start", _wat("memory_at_start"), 422, {"code": "memory-limit"}),
    Hostile("memory.grow until refused", _wat("memory_grow"), 200, {"results": [4096]}, timeout_ms=10_000),
    Hostile("80 MB of table at start", _wat("table_at_start"), 422, {"code": "memory-limit"}),
    Hostile("table.grow until refused", _wat("table_grow"), 200, {"results": [100_000]}),
    Hostile("4 GiB of output", _wat("output"), 422, {"code": "output-limit"}),
    Hostile("sleep for a year", _wat("sleep"), **ENDLESS),
    Hostile("random bytes without end", _wat("random_flood"), **ENDLESS),
    Hostile("100,000 subscriptions without end", _wat("poll_flood"), **ENDLESS),
    Hostile("proc_exit from 1,000 calls deep", _wat("exit_deep"), 200, {"exit_code": 17}),
    Hostile("proc_exit from a start function", _wat("exit_in_start"), 200, {"exit_code": 3}),
    Hostile("data segment out of bounds", _wat("data_out_of_bounds"), 422,
            {"code": "guest-trap", "trap": "out-of-bounds-memory"}),
    Hostile("element segment out of bounds", _wat("elem_out_of_bounds"), 422,
            {"code": "guest-trap", "trap": "out-of-bounds-table"}),
    Hostile("100,000 functions", lambda: many_functions(100_000), 200, {"results": [100]}, timeout_ms=120_000,
            giant=True),
    Hostile("100 MB data segment", lambda: large_data(hashlib.shake_128(b"large").digest(100 * MB)), 200, {}, args=(5,),
            timeout_ms=120_000, giant=True),
]


def run(client: Client, one: Hostile) -> httpx.Response:
    """Stores the guest, calls it, deletes it."""
    limits = {"limits": {"timeout_ms": one.timeout_ms}} if one.timeout_ms else {}
    id = client.add(one.code())
    if limits:
        changed = client.put(f"/wasm/{id}", json=limits)
        assert changed.status_code == 200, changed.text
    answer = client.call(id, one.args, one.function)
    client.delete(f"/wasm/{id}")
    return answer


@contextlib.contextmanager
def neighbour(server):
    """A client in a process of its own calls `add` on and on while the block runs; its answers must be right. Yields a
    list that holds the seconds of each call after the block."""
    seconds: list[float] = []
    with Client(server.url) as client:
        id = client.add(ADD)
        client.results(id, [2, 40])
        command = [sys.executable, str(pathlib.Path(__file__).with_name("neighbour.py")), "127.0.0.1", str(server.port), id]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "ready\n"
            try:
                yield seconds
            finally:
                output, _ = process.communicate(timeout=120)
        client.delete(f"/wasm/{id}")
    document = json.loads(output)
    assert not document["wrong"], document["wrong"][:3]
    seconds += document["seconds"]
    assert seconds
