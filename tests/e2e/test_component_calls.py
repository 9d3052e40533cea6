"""Calls of typed components: every type of WIT in and out, their limits, and what a guest does wrong."""

import base64
import json

import pytest

from support.client import WASM, Client, assert_problem
from support.modules import wasm

contract = pytest.mark.contract
MB = 1 << 20

MEMORY = """
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $free) (i32.sub (local.get 2) (i32.const 1)))
                              (i32.sub (i32.const 0) (local.get 2))))
      (global.set $free (i32.add (local.get $at) (local.get 3)))
      (block $enough
        (br_if $enough (i32.le_u (global.get $free) (i32.shl (memory.size) (i32.const 16))))
        (drop (memory.grow (i32.add (i32.const 1) (i32.shr_u (local.get 3) (i32.const 16))))))
      (local.get $at))"""

LIFT = '(canon lift (core func $i "f") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))'


def echo(element: str, named: bool = False) -> bytes:
    """Gives a list of that type back: what is passed goes through the guest's memory both ways."""
    types = f'(type $e {element}) (export $x "e" (type $e))' if named else ""
    name = "$x" if named else element
    return wasm(f"""(component
      (core module $m {MEMORY}
        (func (export "f") (param i32 i32) (result i32)
          (i32.store (i32.const 8) (local.get 0)) (i32.store (i32.const 12) (local.get 1)) (i32.const 8)))
      (core instance $i (instantiate $m))
      {types}
      (func (export "f") (param "x" (list {name})) (result (list {name})) {LIFT}))""")


# The type, as component text and as it is shown, and values as JSON: as they are sent, and as they come back.
TYPES = [
    ("bool", "bool", [True, False], None),
    ("s8", "s8", [-128, 127], None),
    ("u8", "u8", [0, 255], None),
    ("s16", "s16", [-32768, 32767], None),
    ("u16", "u16", [0, 65535], None),
    ("s32", "s32", [-2**31, 2**31 - 1], None),
    ("u32", "u32", [0, 2**32 - 1], None),
    ("s64", "s64", [-1, str(-2**63)], None),
    ("u64", "u64", [7, str(2**64 - 1)], None),
    ("f32", "f32", [1.5, "Infinity"], None),
    ("f64", "f64", [0.1, "-Infinity"], None),
    ("char", "char", ["a", "😀"], None),
    ("string", "string", ["", "grün", "\0\n"], None),
    ("(list string)", "list<string>", [["a"], [], ["b", "c"]], None),
    ("(list u8)", "list<u8>", ["AAH/", [1, 2]], [[0, 1, 255], [1, 2]]),
    ("(tuple u8 u64)", "tuple<u8, u64>", [[1, 2]], None),
    ("(option u32)", "option<u32>", [None, 7], None),
    ("(option (option u32))", "option<option<u32>>", [None, {"some": None}, {"some": 5}], None),
    ("(result u64 (error string))", "result<u64, string>", [{"ok": 1}, {"err": "no"}], None),
]
NAMED = [
    ('(record (field "x" s32) (field "label" (option string)))', "record { x: s32, label: option<string> }",
     [{"x": 1, "label": "l"}, {"x": 2}], [{"x": 1, "label": "l"}, {"x": 2, "label": None}]),
    ('(variant (case "none") (case "circle" f64))', "variant { none, circle(f64) }",
     [{"circle": 2.5}, "none"], [{"circle": 2.5}, {"none": None}]),
    ('(enum "red" "green")', "enum { red, green }", ["green", "red"], None),
    ('(flags "read" "write")', "flags { read, write }", [["write"], []], None),
]


@contract("4: component values", "1: kind")
@pytest.mark.parametrize("named, element, shown, sent, back",
                         [(False, *case) for case in TYPES] + [(True, *case) for case in NAMED],
                         ids=[case[1] for case in TYPES + NAMED])
def test_values_of_every_type(client, named, element, shown, sent, back):
    id = client.add(echo(element, named))
    meta = client.meta(id)
    assert meta["kind"] == "component" and meta["run_function"] == "f"
    assert meta["param"] == [{"name": "x", "param_type": f"list<{shown}>"}] and meta["result"] == [f"list<{shown}>"]
    assert client.results(id, [sent]) == [sent if back is None else back]


@contract("4: component values", "5: bad-request")
@pytest.mark.parametrize("named, element, sent, says", [
    (False, "u8", [256], "256"), (False, "char", ["ab"], "ab"), (False, "string", [1], "string"),
    (False, "(tuple u8 u8)", [[1]], ""), (True, NAMED[0][0], [{"x": 1, "y": 2}], "y"),
    (True, NAMED[2][0], ["blue"], "blue"), (True, NAMED[3][0], [["exec"]], "exec")])
def test_values_that_are_not_of_their_type(client, named, element, sent, says):
    assert_problem(client.call(client.add(echo(element, named)), [sent]), 400, "bad-request", says)


def test_a_megabyte_of_bytes(client):
    id = client.add(echo("(list u8)"), limits={"output_bytes": 16 * MB})
    sent = bytes(range(256)) * 4096
    answer = client.call(id, [[base64.b64encode(sent).decode()]])
    assert answer.status_code == 200 and bytes(answer.json()["results"][0][0]) == sent


SUMS = """(component
  (core module $m (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
                  (func (export "trap") unreachable)
                  (func (export "spin") (loop br 0)))
  (core instance $i (instantiate $m))
  (func $add (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add")))
  (func $trap (canon lift (core func $i "trap")))
  (func $spin (canon lift (core func $i "spin")))
  (instance $docs (export "add" (func $add)) (export "trap" (func $trap)) (export "spin" (func $spin)))
  (export "docs:math/ops@1.2.3" (instance $docs)))"""


@contract("1: component names")
@pytest.mark.parametrize("name", ["docs:math/ops.add@1.2.3", "docs:math/ops@1.2.3#add", "add"])
def test_a_function_by_each_of_its_names(client, name):
    id = client.add(SUMS)
    assert client.results(id, [2, 40], name) == [42]
    assert client.results(id, {"b": 2, "a": 40}, name) == [42]
    by_default = client.add(SUMS, function=name)
    assert client.meta(by_default)["run_function"] == "docs:math/ops.add@1.2.3"
    assert client.results(by_default, [2, 40]) == [42]


@contract("5: guest-trap", "5: deadline-exceeded", "5: function-not-found")
def test_what_a_component_can_end_in(client):
    id = client.add_ready(SUMS, limits={"timeout_ms": 300})
    problem = assert_problem(client.call(id, function="trap"), 422, "guest-trap")
    assert problem["trap"] == "unreachable" and problem["backtrace"]
    assert_problem(client.call(id, function="spin"), 504, "deadline-exceeded")
    assert_problem(client.call(id, function="sub"), 404, "function-not-found", "sub")
    assert client.results(id, [1, 2], "add") == [3]  # the server lives


def lying(body: str, type: str = "(list u32)") -> str:
    return f"""(component
      (core module $m (memory (export "memory") 1) (func (export "f") (result i32) {body}))
      (core instance $i (instantiate $m))
      (func (export "f") (result {type}) (canon lift (core func $i "f") (memory (core memory $i "memory")))))"""


@contract("5: guest-trap", "5: output-limit")
def test_results_that_are_none(client):
    """Pointers to nowhere are the guest's fault, and so is a result that never ends."""
    beyond = client.add(lying("(i32.store (i32.const 4) (i32.const 100000)) (i32.const 0)"))
    assert assert_problem(client.call(beyond), 422, "guest-trap", "bounds")["trap"] == "other"
    no_text = client.add(lying("(i32.store (i32.const 0) (i32.const 8)) (i32.store (i32.const 4) (i32.const 2))"
                               "(i32.store16 (i32.const 8) (i32.const 0xc3c3)) (i32.const 0)", "string"))
    assert_problem(client.call(no_text), 422, "guest-trap")
    endless = client.add(lying(
        "(local $at i32) (loop $next (i32.store offset=4 (local.get $at) (i32.const 8000))"
        " (local.set $at (i32.add (local.get $at) (i32.const 8)))"
        " (br_if $next (i32.lt_u (local.get $at) (i32.const 64000)))) (i32.const 0)",
        "(list (list (list (list u8))))"))
    assert_problem(client.call(endless), 422, "output-limit")


@contract("5: memory-limit")
def test_memory_over_all_of_a_components_memories(client):
    id = client.add("""(component
      (core module $m (memory 100)
        (func (export "f") (result i32) (memory.grow (i32.const 100))))
      (core instance $i (instantiate $m))
      (core instance (instantiate $m))
      (func (export "f") (result s32) (canon lift (core func $i "f"))))""", limits={"memory_bytes": 250 << 16})
    assert client.results(id) == [-1]
    client.put(f"/wasm/{id}", json={"limits": {"memory_bytes": 150 << 16}}).raise_for_status()
    assert_problem(client.call(id), 422, "memory-limit")


def test_many_calls_at_once_and_a_restart(fresh_server):
    server = fresh_server()
    with Client(server.url) as client:
        id = client.add_ready(SUMS)
        for number in range(300):
            assert client.results(id, [number, 1], "add") == [number + 1]
        server.restart()
    with Client(server.url) as client:
        assert client.results(id, [2, 40], "add") == [42]
        stored = client.get(f"/wasm/{id}", headers={"Accept": "application/wasm"}).content
        assert stored == wasm(SUMS)
        again = client.post("/wasm", content=SUMS, headers={"Content-Type": "text/wat"})
        assert again.status_code == 201, again.text
        other = json.loads(again.content)["id"]
        assert client.results(other, [1, 1], "add") == [2]
        assert client.put(f"/wasm/{other}", content=wasm(SUMS), headers=WASM).status_code == 200
