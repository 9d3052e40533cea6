"""What guests wrote, beside what became of them: results, traps, deadlines."""

import base64

import pytest

from support.client import Client, assert_problem
from support.hostile import guest
from support.modules import wasm

contract = pytest.mark.contract

# Writes its message to standard output and its name to standard error; then returns, traps or spins.
SPEAKER = """(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 4)
  (data (i32.const 100) "out \\c3\\bc")
  (data (i32.const 200) "error")
  (func $say (param $fd i32) (param $at i32) (param $size i32)
    (i32.store (i32.const 0) (local.get $at)) (i32.store (i32.const 4) (local.get $size))
    (drop (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func $both (call $say (i32.const 1) (i32.const 100) (i32.const 6)) (call $say (i32.const 2) (i32.const 200) (i32.const 5)))
  (func (export "returns") (result i32) (call $both) (i32.const 7))
  (func (export "quiet") (result i32) (i32.const 7))
  (func (export "errors") (result i32) (call $say (i32.const 2) (i32.const 200) (i32.const 5)) (i32.const 7))
  (func (export "traps") (call $both) unreachable)
  (func (export "spins") (call $both) (loop $l br $l))
  (func (export "half") (call $say (i32.const 1) (i32.const 100) (i32.const 5)) unreachable)
  (func (export "floods") (loop $l (call $say (i32.const 1) (i32.const 100) (i32.const 6)) br $l))
  (func (export "much")
    (memory.fill (i32.const 65536) (i32.const 97) (i32.const 100000))
    (i32.store8 (i32.const 99999) (i32.const 98)) (i32.store16 (i32.const 165534) (i32.const 0xbcc3))
    (call $say (i32.const 1) (i32.const 65536) (i32.const 50000))
    (call $say (i32.const 1) (i32.const 115536) (i32.const 50000)) unreachable))"""


@pytest.fixture(scope="module")
def speaker(shared_server):
    with Client(shared_server.url) as client:
        return client.add(SPEAKER, limits={"output_bytes": 200_000})


@contract("4: output of functions")
def test_a_function_that_wrote_has_its_output_beside_its_results(client, speaker):
    answer = client.call(speaker, function="returns")
    assert answer.json() == {"results": [7], "stdout": "out ü", "stderr": "error"}
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.call(speaker, function="errors").json() == {"results": [7], "stdout": "", "stderr": "error"}
    quiet = client.call(speaker, function="quiet")
    assert quiet.json() == {"results": [7]} and "x-content-type-options" not in quiet.headers


@contract("4: output of failures", "5: guest-trap", "5: deadline-exceeded", "5: output-limit")
def test_a_failure_has_what_was_written_before_it(client, speaker):
    trap = assert_problem(client.call(speaker, function="traps"), 422, "guest-trap")
    assert (trap["stdout"], trap["stderr"], trap["trap"]) == ("out ü", "error", "unreachable")
    late = client.call(speaker, function="spins", headers={"Wasm-Timeout-Ms": "100"})
    late = assert_problem(late, 504, "deadline-exceeded")
    assert (late["stdout"], late["stderr"]) == ("out ü", "error")
    cut = assert_problem(client.call(speaker, function="half"), 422, "guest-trap")
    assert base64.b64decode(cut["stdout_base64"]) == b"out \xc3" and cut["stderr"] == "" and "stdout" not in cut
    flood = assert_problem(client.call(speaker, function="floods"), 422, "output-limit")
    assert flood["stdout"].endswith("out ü") and len(flood["stdout"].encode()) in range(65533, 65537)


@contract("4: output of failures")
def test_of_much_output_the_end_is_shown(client, speaker):
    trap = assert_problem(client.call(speaker, function="much"), 422, "guest-trap")
    assert trap["stdout"] == "a" * 65534 + "ü"


@contract("4: output of failures", "4: command, raw")
def test_a_command_that_fails_before_its_answer_began_has_it_too(client):
    text = guest("commands/trap_after_output.wat")
    for accept in ("application/json", "text/plain"):
        answer = client.post(f"/wasm/{client.add(text)}", headers={"Accept": accept})
        if answer.status_code == 200:
            continue  # raw, and it had begun
        trap = assert_problem(answer, 422, "guest-trap")
        assert trap["stdout"] == "\0" * 65536
    short = wasm("""(module
      (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1) (data (i32.const 100) "short")
      (func (export "_start")
        (i32.store (i32.const 0) (i32.const 100)) (i32.store (i32.const 4) (i32.const 5))
        (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))) unreachable))""")
    answer = client.post(f"/wasm/{client.add(short)}", headers={"Accept": "text/plain"})
    assert assert_problem(answer, 422, "guest-trap")["stdout"] == "short"
    assert answer.headers["content-security-policy"] == "sandbox"
