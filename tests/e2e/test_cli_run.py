"""`wasm-server run`: functions with typed arguments, commands with their streams, local files."""

import hashlib
import json

import pytest

from support.cli import DEADLINE, FAILED, LOCAL, REFUSED, WRONG_RUN
from support.client import fresh_id
from support.modules import ADD, ADD_SUB, BITS, SPIN, SUB, wasm

CAT = """(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 2)
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 65536))
    (loop $more
      (i32.store (i32.const 4) (i32.const 65536))
      (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (if (i32.load (i32.const 8)) (then
        (i32.store (i32.const 4) (i32.load (i32.const 8)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
        (br $more))))
    (call $exit (i32.const 7))))"""

# Writes its arguments and its environment, each with the zero that ends it.
ARGS = """(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $env_sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $env (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func $say (param $length i32)
    (i32.store (i32.const 0) (i32.const 4096)) (i32.store (i32.const 4) (local.get $length))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (drop (call $sizes (i32.const 16) (i32.const 20)))
    (drop (call $args (i32.const 1024) (i32.const 4096)))
    (call $say (i32.load (i32.const 20)))
    (drop (call $env_sizes (i32.const 16) (i32.const 20)))
    (drop (call $env (i32.const 1024) (i32.const 4096)))
    (call $say (i32.load (i32.const 20)))))"""

EXIT = """(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (call $exit (i32.const {code}))))"""

# Writes to standard output, then traps.
FALLS = """(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "so far\\n")
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 7))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    unreachable))"""


# Writes so many pieces of 64 KiB to standard output, then 40,000 bytes to standard error, and exits with 3.
COMPLAINS = """(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 2)
  (data (i32.const 41016) "at last\\n")
  (func (export "_start") (local $left i32)
    (memory.fill (i32.const 1024) (i32.const 46) (i32.const 39992))
    (local.set $left (i32.const {pieces}))
    (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 65536))
    (block $done (loop $more
      (br_if $done (i32.eqz (local.get $left)))
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br $more)))
    (i32.store (i32.const 4) (i32.const 40000))
    (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))
    (call $exit (i32.const 3))))"""


def test_arguments_are_typed_by_the_functions_signature(cli, client):
    id = client.add_ready(ADD)
    assert cli.ok("run", id, "2", "40").out == "42\n"
    assert cli.ok("run", id, "--b", "40", "--a", "2").out == "42\n"
    assert cli.ok("run", id, "--b=-40", "-2").out == "-42\n"
    assert cli.ok("run", "--json", id, "2", "0x28").json == {"results": [42]}
    assert '"x" is no i32' in cli.refused(WRONG_RUN, "run", id, "2", "x")
    assert "takes 2 arguments, not 1" in cli.refused(WRONG_RUN, "run", id, "2")
    assert 'no parameter "json"' in cli.refused(WRONG_RUN, "run", id, "2", "--json", "40")


def test_every_core_type_comes_back_as_it_went(cli, client):
    id = client.add_ready(BITS)
    cases = {"i32": ["-1", "0"], "i64": ["9223372036854775807", "-9223372036854775808", "5"],
             "f32": ["1.5", "-0.0"], "f64": ["1e300", "-0.0", "5e-324"]}
    for function, words in cases.items():
        for word in words:
            out = json.loads(cli.ok("run", "--function", function, id, word).out)
            kind = int if function.startswith("i") else float
            assert str(kind(out)) == str(kind(word)), (function, word, out)
    for word in ("NaN", "Infinity", "-Infinity", "nan:0x200000"):
        assert "0x200000" in cli.ok("run", "--function", "f32", id, word).out or "0x" not in word
    lanes = "000102030405060708090a0b0c0d0e0f"
    assert cli.ok("run", "--function", "v128", id, lanes).out == f"{lanes}\n"
    assert cli.ok("run", "--function", "many", id, "1", "2", "3", "4").out.split()[-1] == "1"
    assert cli.ok("run", "--function", "none", id).out == ""


def test_the_function_is_chosen_or_asked_for(cli, client):
    id = client.add_ready(ADD_SUB)
    assert "--function names one: add, sub" in cli.refused(WRONG_RUN, "run", id, "2", "40")
    assert cli.ok("run", "--function", "sub", id, "2", "40").out == "-38\n"
    assert 'did you mean "sub"?' in cli.refused(WRONG_RUN, "run", "--function", "sbu", id, "2", "40")


def test_an_older_revision_can_be_run(cli, client):
    id = client.add_ready(ADD)
    client.put(f"/wasm/{id}", content=wasm(SUB), headers={"Content-Type": "application/wasm"})
    assert cli.ok("run", id, "2", "40").out == "-38\n"
    assert cli.ok("run", "--revision", "1", id, "2", "40").out == "42\n"
    assert "revision" in cli.refused(REFUSED, "run", "--revision", "9", id, "2", "40")


@pytest.mark.parametrize("size", [0, 5, 3_000_000])
def test_streams_and_the_exit_code_of_a_command_are_this_programs(cli, client, size):
    id = client.add_ready(CAT)
    data = bytes(range(256)) * (size // 256) + b"\xff\0\r\n!"[:size]
    done = cli.run("run", id, input=data)
    assert done.code == 7 and done.out_bytes == data and done.err == ""


@pytest.mark.parametrize("pieces", [0, 40])
def test_the_end_of_a_commands_standard_error_is_shown(cli, client, pieces):
    """Also behind output that was streamed, where it comes as a trailer."""
    id = client.add_ready(COMPLAINS.format(pieces=pieces))
    done = cli.run("run", id)
    assert done.code == 3 and len(done.out_bytes) == pieces * 65536
    assert done.err_bytes == b"." * (32768 - 8) + b"at last\n"
    plain = client.post(f"/wasm/{id}", headers={"Accept": "text/plain"})
    assert "wasm-stderr" not in plain.headers, "only who asks for it gets it"


def test_a_command_gets_its_arguments_as_they_are(cli, client):
    id = client.add_ready(ARGS)
    words = ["--json", "--", "-x", "a b&c=d", "ä", "%41", "--help", "007", ""]
    said = cli.ok("run", "--env", "A=b=c", "--env", "B=&", id, *words).out_bytes.split(b"\0")
    assert said[1:len(words) + 1] == [word.encode() for word in words], said
    assert said[len(words) + 1:-1] == [b"A=b=c", b"B=&"]


@pytest.mark.parametrize("code, seen", [(0, 0), (1, 1), (119, 119), (125, 125), (255, 255), (256, 255), (-1, 255)])
def test_a_guests_exit_code_is_handed_on(cli, client, code, seen):
    id = client.add_ready(EXIT.format(code=code))
    assert cli.run("run", id).code == seen
    done = cli.run("run", "--json", id)
    assert done.code == seen and done.json["exit_code"] == code % 2**32


def test_a_guest_that_fails_is_told_from_a_server_that_refuses(cli, client):
    falls, spin = client.add_ready(FALLS), client.add_ready(SPIN)
    done = cli.run("run", falls)
    assert done.code == FAILED and done.out == "so far\n" and "unreachable" in done.err
    assert "stopped at its deadline" in cli.refused(DEADLINE, "run", "--timeout", "50ms", "--function", "spin", spin)
    done = cli.run("run", "--json", falls)
    assert done.code == FAILED and done.json["code"] == "guest-trap"
    assert "NAME=VALUE" in cli.refused(WRONG_RUN, "run", "--env", "A", falls)
    assert "time like" in cli.refused(WRONG_RUN, "run", "--timeout", "soon", falls)
    assert "a module is missing" in cli.refused(WRONG_RUN, "run")
    assert 'did you mean "--timeout"?' in cli.refused(WRONG_RUN, "run", "--timeou", "1s", falls)


def test_a_local_file_is_sent_once_and_run(cli, client, tmp_path):
    code = wasm(ADD) + b"\0\x0b\x01f" + fresh_id().encode()[:9]
    (tmp_path / "own.wasm").write_bytes(code)
    assert cli.ok("run", "./own.wasm", "2", "40").out == "42\n"
    id = "local-" + hashlib.sha256(code).hexdigest()[:40]
    before = client.meta(id)
    assert before["revision"] == 1 and before["labels"] == {"origin": "local-file"}
    assert cli.ok("run", "./own.wasm", "20", "22").out == "42\n"
    assert client.meta(id) == before
    (tmp_path / "text.wat").write_text(f";; {fresh_id()}\n{SUB}")
    assert cli.ok("run", tmp_path / "text.wat", "2", "40").out == "-38\n"
    assert cli.ok("run", tmp_path / "text.wat", "2", "40").out == "-38\n"
    assert cli.refused(LOCAL, "run", "./gone.wasm") == "./gone.wasm: No such file or directory"
