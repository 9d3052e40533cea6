"""POST /wasm/{id}: the answer's headers, isolation, deadlines, traps and what cannot be run."""

import re
import threading
import time

import pytest

from support.client import WASM, Client, assert_problem, fresh_id
from support.modules import ADD, ADD_SUB, COUNTER, SPIN, wasm
from support.raw import leave_unanswered, post

contract = pytest.mark.contract
TIMING = re.compile(r"queue;dur=(\d+(?:\.\d+)?), instantiate;dur=(\d+(?:\.\d+)?), run;dur=(\d+(?:\.\d+)?)")

TRAPS = """(module
  (memory 1)
  (table 2 funcref)
  (elem (i32.const 0) $inner)
  (type $other (func (param i32)))
  (func $inner unreachable)
  (func $middle call $inner)
  (func (export "unreachable") call $middle)
  (func (export "load") (result i32) i32.const 65533 i32.load)
  (func (export "store") i32.const -1 i32.const 0 i32.store8)
  (func (export "div") (result i32) i32.const 1 i32.const 0 i32.div_s)
  (func (export "rem") (result i64) i64.const 1 i64.const 0 i64.rem_u)
  (func (export "overflow") (result i32) i32.const 0x80000000 i32.const -1 i32.div_s)
  (func (export "convert") (result i32) f32.const nan i32.trunc_f32_s)
  (func (export "convert_big") (result i32) f32.const 1e20 i32.trunc_f32_s)
  (func (export "table") i32.const 2 call_indirect)
  (func (export "null") i32.const 1 call_indirect)
  (func (export "signature") i32.const 5 i32.const 0 call_indirect (type $other))
  (func $recurse (export "recurse") (result i32) call $recurse i32.const 1 i32.add)
  (func (export "fill") i32.const 65000 i32.const 0 i32.const 1000 memory.fill))"""


@pytest.fixture(scope="module")
def traps(shared_server):
    with Client(shared_server.url) as http:
        yield http.add(TRAPS)


@contract("POST /wasm/{id} 200", "4: Server-Timing", "4: Wasm-Revision")
def test_the_answer_tells_revision_and_timing(client):
    id = client.add(ADD)
    answer = client.call(id, [2, 40])
    assert answer.status_code == 200 and answer.headers["wasm-revision"] == "1"
    assert TIMING.fullmatch(answer.headers["server-timing"]), answer.headers
    id = client.add_ready(SPIN, limits={"timeout_ms": 200})
    run = TIMING.fullmatch(client.call(id, function="spin").headers["server-timing"])
    assert float(run.group(3)) >= 150


@contract("POST /wasm/{id} 200")
def test_the_call_names_the_function_or_the_default_is_called(client):
    id = client.add(ADD_SUB, function="sub")
    assert client.results(id, [44, 2]) == [42]
    assert client.results(id, [40, 2], "add") == [42]


@contract("5: function-not-found")
def test_a_function_that_is_not_there(client):
    id = client.add(ADD_SUB)
    assert_problem(client.call(id, [1, 2], "mul"), 404, "function-not-found", "mul")
    assert_problem(client.call(id, [1, 2]), 400, "bad-request", "function")  # none named, none chosen
    assert_problem(client.post(f"/wasm/{id}", params={"function": "mul"}), 404, "function-not-found", "mul")
    assert_problem(client.post(f"/wasm/{id}", json={"function": "", "args": [1, 2]}), 404, "function-not-found")


@contract("4: fresh instance")
def test_nothing_of_one_call_is_seen_by_the_next(server):
    with Client(server.url) as client:
        id = client.add(COUNTER)

        def many():
            with Client(server.url) as http:
                for _ in range(100):
                    assert http.results(id) == [1, 1]

        threads = [threading.Thread(target=many) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


@contract("POST /wasm/{id} 422")
@contract("5: guest-trap")
@pytest.mark.parametrize("function, kind", [
    ("unreachable", "unreachable"), ("load", "out-of-bounds-memory"), ("store", "out-of-bounds-memory"),
    ("fill", "out-of-bounds-memory"), ("div", "integer-divide-by-zero"), ("rem", "integer-divide-by-zero"),
    ("overflow", "integer-overflow"), ("convert", "bad-conversion-to-integer"), ("convert_big", "integer-overflow"),
    ("table", "out-of-bounds-table"), ("null", "indirect-call-to-null"), ("signature", "bad-signature"),
    ("recurse", "stack-overflow")])
def test_every_trap_has_its_kind(client, traps, function, kind):
    problem = assert_problem(client.call(traps, function=function), 422, "guest-trap")
    assert problem["trap"] == kind
    assert problem["backtrace"]


@contract("5: guest-trap")
def test_the_backtrace_is_innermost_first(client, traps):
    backtrace = client.call(traps, function="unreachable").json()["backtrace"]
    assert len(backtrace) == 3
    text = [str(frame) for frame in backtrace]
    assert "inner" in text[0] and "middle" in text[1], backtrace


@contract("5: guest-trap")
def test_the_server_is_whole_after_every_trap(client, traps):
    for _ in range(20):
        for function in ("recurse", "load", "div", "unreachable"):
            assert client.call(traps, function=function).status_code == 422
    assert client.results(client.add(ADD), [2, 40]) == [42]


@contract("POST /wasm/{id} 504")
@contract("5: deadline-exceeded", "4: Wasm-Timeout-Ms")
@pytest.mark.parametrize("function", ["spin", "spin_calls"])
def test_a_loop_without_end_is_stopped_at_its_deadline(client, function):
    id = client.add_ready(SPIN)
    start = time.monotonic()
    answer = client.call(id, function=function, headers={"Wasm-Timeout-Ms": "150"})
    assert_problem(answer, 504, "deadline-exceeded")
    assert 0.14 <= time.monotonic() - start < 8
    assert client.results(id, function="quick") == [7]


@contract("4: Wasm-Timeout-Ms", "1: limits")
def test_the_call_shortens_the_modules_deadline_but_never_extends_it(client):
    id = client.add_ready(SPIN, limits={"timeout_ms": 150})
    for headers in ({}, {"Wasm-Timeout-Ms": "60000"}):
        start = time.monotonic()
        assert_problem(client.call(id, function="spin", headers=headers), 504, "deadline-exceeded")
        assert time.monotonic() - start < 8


@contract("POST /wasm/{id} 400")
@contract("4: Wasm-Timeout-Ms", "5: bad-request")
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "abc", "", "1 2", "+5", "0x10", "99999999999999999999999999"])
def test_anything_but_a_positive_integer_is_no_timeout(client, value):
    id = client.add(ADD)
    answer = client.call(id, [1, 2], headers={"Wasm-Timeout-Ms": value})
    assert_problem(answer, 400, "bad-request", "Wasm-Timeout-Ms")


@contract("5: deadline-exceeded")
def test_loops_do_not_hold_up_short_calls(server):
    with Client(server.url) as client:
        spin, add = client.add(SPIN, limits={"timeout_ms": 120_000}), client.add(ADD)
        client.results(spin, function="quick")
        loops = [server.connect() for _ in range(6)]
        with server.spinning():
            for connection in loops:
                connection.sendall(post(f"/wasm/{spin}", b'{"function":"spin"}', "Content-Type: application/json"))
        for _ in range(40):
            # Every new connection may land on a worker that a loop has: it must be answered all the same.
            with Client(server.url) as http:
                assert http.results(add, [2, 40]) == [42]
        leave_unanswered(loops)  # so no call has waited for one of them


@contract("1: state", "5: invalid-module")
def test_a_missing_import_is_named(client):
    two = client.add('(module (import "env" "launch" (func)) (import "env" "land" (func)) (func (export "f")))')
    meta = client.meta(two)
    assert meta["state"] == "failed" and '"env.launch"' in meta["state_detail"] and '"env.land"' in meta["state_detail"]
    assert_problem(client.call(two), 422, "invalid-module", '"env.launch"', '"env.land"')
    for text in ('(module (import "env" "launch" (func)) (func (export "f")))',
                 '(module (import "env" "launch" (memory 1)) (func (export "f")))',
                 '(module (import "wasi_snapshot_preview1" "launch" (func)) (func (export "f")))',
                 '(module (import "wasi_snapshot_preview1" "fd_write" (func (result f64))) (func (export "f")))'):
        id = client.add(text)  # stored all the same
        module = "env" if '"env"' in text else "wasi_snapshot_preview1"
        name = "launch" if "launch" in text else "fd_write"
        assert (client.meta(id)["state"] == "failed") == (name == "launch")  # from the start
        assert_problem(client.call(id), 422, "invalid-module", module, name)


@contract("5: invalid-module", "1: state")
def test_threads_are_refused_in_words(client):
    for text in ('(module (memory (export "memory") 1 2 shared))', '(module (import "env" "memory" (memory 1 2 shared)))',
                 "(module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))"):
        answer = client.post("/wasm", content=wasm(text), headers=WASM)
        assert_problem(answer, 422, "invalid-module", "threads (shared memory, atomic operations", "not offered here")
    spawns = client.add('(module (import "wasi" "thread-spawn" (func (param i32) (result i32))) (func (export "f")))')
    assert "threads" in client.meta(spawns)["state_detail"]
    assert_problem(client.call(spawns), 422, "invalid-module", '"wasi.thread-spawn"', "not offered here")


@contract("5: memory-limit", "1: limits")
def test_initial_memory_beyond_the_limit(client):
    page = 65536
    text = '(module (memory 16) (func (export "f") (result i32) memory.size))'
    small = client.add(text, limits={"memory_bytes": 15 * page})
    assert_problem(client.call(small), 422, "memory-limit")
    assert client.results(client.add(text, limits={"memory_bytes": 16 * page})) == [16]


@contract("5: memory-limit")
def test_growing_beyond_the_limit_gives_the_guest_minus_one(client):
    page = 65536
    id = client.add("""(module (memory 1) (func (export "grow") (param i32) (result i32 i32)
        local.get 0 memory.grow memory.size))""", limits={"memory_bytes": 10 * page})
    assert client.results(id, [9]) == [1, 10]
    assert client.results(id, [10]) == [-1, 1]


@contract("5: memory-limit")
def test_the_limit_is_the_sum_over_all_memories(client):
    page = 65536
    text = """(module (memory $a 4) (memory $b 4)
        (func (export "grow") (param i32) (result i32) local.get 0 memory.grow $b))"""
    assert_problem(client.call(client.add(text, limits={"memory_bytes": 7 * page}), [0]), 422, "memory-limit")
    id = client.add(text, limits={"memory_bytes": 10 * page})
    assert client.results(id, [2]) == [4]
    assert client.results(id, [3]) == [-1]


@contract("5: guest-trap", "5: deadline-exceeded")
def test_the_start_function_is_a_guest_too(client):
    id = client.add('(module (func $s unreachable) (start $s) (func (export "f")))')
    assert assert_problem(client.call(id), 422, "guest-trap")["trap"] == "unreachable"
    id = client.add_ready('(module (func $s (loop $l br $l)) (start $s) (func (export "f")))')
    assert_problem(client.call(id, headers={"Wasm-Timeout-Ms": "100"}), 504, "deadline-exceeded")


@contract("5: not-found")
def test_executing_nothing(client):
    assert_problem(client.call(fresh_id()), 404, "not-found")


def test_a_client_that_goes_away_leaves_the_server_in_order(server):
    with Client(server.url) as client:
        id = client.add(SPIN)
        body = b'{"function":"spin"}'
        for _ in range(20):
            connection = server.connect()
            connection.sendall(f"POST /wasm/{id} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                               f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            connection.close()
        assert client.results(id, function="quick") == [7]
