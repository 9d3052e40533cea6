"""Mode `memory`: the server in a cgroup of 3 GB, and in each round, in an order that the seed gives, more of everything than
fits: calls that touch 200 MB each, sleepers that hold as much, uploads of 120 MB, answers of 64 MB to clients that read slowly,
text that takes many times its size to compile. A neighbour calls `add` meanwhile and must get its sums. The kernel kills nothing;
what does not fit is refused to who asks for it. Needs the right to make a cgroup, of version 1 or 2.
"""

import collections
import os
import pathlib
import random
import threading

from modules import make_module
from server import Gone, Server
from verify import check

ROUNDS = 3
MB = 1 << 20
LIMIT = 3 << 30

GROW = """(if (i32.eq (memory.grow (i32.const 3199)) (i32.const -1)) (then {refused}))
  (loop $next
    (i32.store8 (local.get $at) (i32.const 1))
    (local.set $at (i32.add (local.get $at) (i32.const 4096)))
    (br_if $next (i32.lt_u (local.get $at) (i32.const 209715200))))"""
TOUCH = f"""(module (memory 1) (func (export "touch") (result i32) (local $at i32)
  {GROW.format(refused="(return (i32.const -1))")} (i32.const 1)))"""
SLEEP = f"""(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $at i32)
    {GROW.format(refused="(call $exit (i32.const 7))")}
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 512))
    (i32.store (i32.const 16) (i32.const 1)) (i64.store (i32.const 24) (i64.const 2000000000))
    (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))"""
WRITE = """(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (func (export "_start") (local $n i32)
    (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 65536))
    (loop $next
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $n) (i32.const 1000))))))"""
ADD = '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))'


class Cgroup:
    """One of our own with a limit, in either version's tree."""

    def __init__(self):
        first = pathlib.Path("/sys/fs/cgroup/memory")
        self.is_first = first.is_dir()
        self.path = (first if self.is_first else pathlib.Path("/sys/fs/cgroup")) / f"wasm-server-torture-{os.getpid()}"
        self.path.mkdir()
        (self.path / ("memory.limit_in_bytes" if self.is_first else "memory.max")).write_text(str(LIMIT))

    def wrapper(self) -> list[str]:
        return ["sh", "-c", f'echo $$ > {self.path}/cgroup.procs && exec "$@"', "sh"]

    def kills(self) -> int:
        text = (self.path / ("memory.oom_control" if self.is_first else "memory.events")).read_text()
        return int(dict(line.split() for line in text.splitlines())["oom_kill"])

    def peak(self) -> int:
        name = "memory.max_usage_in_bytes" if self.is_first else "memory.peak"
        return int((self.path / name).read_text())

    def remove(self) -> None:
        self.path.rmdir()


class Crowd:
    """Many requests at once, each on a connection of its own. Counts their answers."""

    def __init__(self, server: Server):
        self.server = server
        self.counts: collections.Counter = collections.Counter()
        self.lock = threading.Lock()

    def run(self, count: int, one) -> None:
        threads = [threading.Thread(target=self.call, args=(one, number)) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        check(self.server.process.poll() is None, f"the server ended with {self.server.process.poll()}")

    def call(self, one, number: int) -> None:
        connection = self.server.connect()
        try:
            answer = one(connection, number)
        except Gone:
            answer = "cut"
        finally:
            connection.close()
        with self.lock:
            self.counts[answer] += 1


def word(status: int, body: bytes) -> str:
    code = body.split(b'"code":"')[1].split(b'"')[0].decode() if status >= 400 and b'"code":"' in body else ""
    return f"{status} {code}".strip()


def touch(connection, _) -> str:
    status, body = connection.request("POST", "/wasm/touch", {"args": []})
    return "memory.grow is -1" if b"[-1]" in body else word(status, body)


def sleep(connection, _) -> str:
    status, body = connection.request("POST", "/wasm/sleep", {})
    return "memory.grow is -1" if b'"exit_code":7' in body else word(status, body)


def upload(connection, number: int) -> str:
    return word(*connection.request("POST", "/wasm", make_module(random.Random(number), 118 * MB, "first")))


def answer(connection, _) -> str:
    return word(*connection.request("POST", "/wasm/write", {}))


def bomb(connection, _) -> str:
    text = b"(module (func" + b" i32.const 0 drop" * (8 * MB // 17 - 10) + b"))"
    return word(*connection.request("POST", "/wasm", text, type="text/wat"))


CROWDS = {"touch": (100, touch), "sleep": (100, sleep), "upload": (20, upload), "answer": (64, answer), "bomb": (6, bomb)}
# What each may be answered: what it asks for, or that there is no room.
FITTING = {"200", "201", "memory.grow is -1", "503 overloaded", "503 too-many-executions", "422 memory-limit", "422 invalid-module",
           "422 output-limit", "507 storage-full"}


class Neighbour(threading.Thread):
    def __init__(self, server: Server):
        super().__init__()
        self.server, self.over, self.calls, self.failure = server, threading.Event(), 0, None

    def run(self) -> None:
        connection = self.server.connect()
        try:
            while not self.over.is_set():
                status, body = connection.request("POST", "/wasm/add", {"args": [2, 40]})
                if (status, body) != (200, b'{"results":[42]}'):
                    self.failure = f"{status} {body[:300]!r}"
                    return
                self.calls += 1
        except Gone:
            self.failure = "its connection was cut"
        finally:
            connection.close()


def one_round(server: Server, rng: random.Random, totals: dict[str, collections.Counter]) -> int:
    neighbour = Neighbour(server)
    neighbour.start()
    try:
        for name in rng.sample(list(CROWDS), len(CROWDS)):
            crowd = Crowd(server)
            crowd.run(*CROWDS[name])
            totals[name] += crowd.counts
            strange = set(crowd.counts) - FITTING
            check(not strange, f"{name}: {dict(crowd.counts)}")
    finally:
        neighbour.over.set()
        neighbour.join()
    check(neighbour.failure is None, f"the neighbour: {neighbour.failure}")
    return neighbour.calls


def torture(server: Server, arguments, cgroup: Cgroup) -> str:
    rng = random.Random(arguments.seed)
    totals: dict[str, collections.Counter] = collections.defaultdict(collections.Counter)
    server.start()
    connection = server.connect()
    for id, text in {"touch": TOUCH, "sleep": SLEEP, "write": WRITE, "add": ADD}.items():
        status, body = connection.request("POST", f"/wasm?id={id}", text.encode(), type="text/wat")
        check(status == 201, f"{id}: {status} {body[:300]!r}")
    status, body = connection.request("PUT", "/wasm/write", {"limits": {"output_bytes": 64 * MB}})
    check(status == 200, f"64 MB of output: {status} {body[:300]!r}")
    connection.close()
    calls = 0
    for number in range(1, arguments.rounds + 1):
        calls += one_round(server, rng, totals)
        check(cgroup.kills() == 0, "the kernel has killed for lack of memory")
        print(f"round {number}: {({name: dict(counts) for name, counts in totals.items()})}", flush=True)
    server.stop()
    return (f"{arguments.rounds} rounds in {LIMIT // MB} MB, at most {cgroup.peak() // MB} in use with the page cache, nothing "
            f"killed; {calls} calls of a neighbour, all right")


def run(server: Server, arguments) -> str:
    cgroup = Cgroup()
    server.wrapper = cgroup.wrapper()
    try:
        return torture(server, arguments, cgroup)
    finally:
        server.end()
        cgroup.remove()
