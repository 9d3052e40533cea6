"""POST /wasm: every body type, who chooses the id and the function, and what is refused."""

import base64
import re
import threading

import pytest

from support import flags
from support.binary import many_functions
from support.client import JSON, WASM, WAT, Client, assert_problem, fresh_id
from support.modules import ADD, ADD_SUB, SUB, wasm

contract = pytest.mark.contract
UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
COMMAND = '(module (memory (export "memory") 1) (func (export "_start")) (func (export "other")))'


def b64(code: bytes) -> str:
    return base64.b64encode(code).decode()


@contract("POST /wasm 201", "3: application/wasm", "3: query parameters")
def test_binary_body_is_stored_under_the_id_of_the_query(client):
    id = fresh_id()
    answer = client.post("/wasm", params={"id": id, "function": "add"}, content=wasm(ADD), headers=WASM)
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/wasm/{id}"
    assert answer.headers["etag"] == client.head(f"/wasm/{id}?wasm=false").headers["etag"]
    body = answer.json()
    assert body["id"] == id and "wasm" not in body
    assert body["meta_data"] == client.meta(id) | {"state": body["meta_data"]["state"]}
    assert client.results(id, [2, 40]) == [42]


@contract("1: id")
def test_the_server_makes_time_ordered_uuids(client):
    ids = []
    for _ in range(5):
        answer = client.post("/wasm", content=wasm(ADD), headers=WASM)
        assert answer.status_code == 201
        ids.append(answer.json()["id"])
        assert answer.headers["location"] == f"/wasm/{ids[-1]}"
    assert all(UUID7.fullmatch(id) for id in ids), ids
    assert ids == sorted(ids) and len(set(ids)) == 5


@contract("3: text/wat")
@pytest.mark.parametrize("type", ["text/wat", "application/wat", "text/wat; charset=utf-8", "TEXT/WAT"])
def test_text_is_stored_as_the_binary_it_compiles_to(client, type):
    id = fresh_id()
    answer = client.post("/wasm", params={"id": id}, content=ADD, headers={"Content-Type": type})
    assert answer.status_code == 201, answer.text
    assert client.get(f"/wasm/{id}", headers={"Accept": "application/wasm"}).content == wasm(ADD)


@contract("3: application/json")
def test_wasm_request_carries_everything(client):
    id = fresh_id()
    request = {"id": id, "wasm": b64(wasm(ADD_SUB)), "function": "sub",
               "param": [{"name": "from"}, {"name": "take", "param_type": "i32"}],
               "labels": {"team": "maths", "ü": "ß"}, "env": {"LANG": "C"}, "args": ["-v", ""],
               "limits": {"timeout_ms": 1234, "memory_bytes": 65536, "output_bytes": 10,
                          "max_concurrency": 3, "max_queue": 4}}
    answer = client.post("/wasm", json=request)
    assert answer.status_code == 201, answer.text
    meta = client.meta(id)
    assert meta["run_function"] == "sub"
    assert meta["param"] == [{"name": "from", "param_type": "i32"}, {"name": "take", "param_type": "i32"}]
    for field in ("labels", "env", "args", "limits"):
        assert meta[field] == request[field]
    assert client.results(id, {"take": 2, "from": 44}) == [42]


@contract("3: query parameters")
def test_query_parameters_stand_behind_the_bodys_own_fields(client):
    id = fresh_id()
    answer = client.post("/wasm", params={"id": fresh_id("other"), "function": "add", "nobody": "knows"},
                         json={"id": id, "wasm": b64(wasm(ADD_SUB)), "function": "sub"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["id"] == id
    assert answer.json()["meta_data"]["run_function"] == "sub"
    id = fresh_id()
    answer = client.post("/wasm", params={"id": id, "function": "add"}, json={"wasm": b64(wasm(ADD_SUB))})
    assert answer.status_code == 201, answer.text
    assert (answer.json()["id"], answer.json()["meta_data"]["run_function"]) == (id, "add")


@contract("1: run_function")
@pytest.mark.parametrize("text, chosen", [(ADD, "add"), (ADD_SUB, ""), (COMMAND, "_start"), ("(module)", "")])
def test_run_function_is_start_or_the_only_export(client, text, chosen):
    assert client.meta(client.add(text))["run_function"] == chosen


@contract("3: function not exported", "5: bad-request")
def test_a_function_that_is_not_exported_is_refused(client):
    id = fresh_id()
    for name in ("mul", "memory"):
        answer = client.post("/wasm", params={"id": id, "function": name}, headers=WASM,
                             content=wasm('(module (memory (export "memory") 1) (func (export "f")))'))
        assert_problem(answer, 400, "bad-request", name)
    assert client.get(f"/wasm/{id}").status_code == 404


@contract("3: param_type mismatch")
@pytest.mark.parametrize("param", [
    [{"name": "a", "param_type": "i64"}, {"name": "b"}],
    [{"name": "a"}],
    [{"name": "a"}, {"name": "b"}, {"name": "c"}],
    [{"name": "a", "param_type": "int"}, {"name": "b"}],
    [{"name": "a"}, {"name": "a"}],
    [{"param_type": "i32"}, {"name": "b"}],
    ["a", "b"],
    "a",
])
def test_param_that_does_not_fit_the_function_is_refused(client, param):
    id = fresh_id()
    answer = client.post("/wasm", json={"id": id, "wasm": b64(wasm(ADD)), "param": param})
    assert_problem(answer, 400, "bad-request")
    assert client.get(f"/wasm/{id}").status_code == 404


@contract("3: unknown JSON field")
@pytest.mark.parametrize("extra, named", [
    ({"colour": "red"}, "colour"),
    ({"limits": {"cpu": 1}}, "cpu"),
    ({"param": [{"name": "a", "type": "i32"}, {"name": "b"}]}, "type"),
    ({"revision": 1}, "revision"),
])
def test_unknown_fields_are_refused_by_name(client, extra, named):
    answer = client.post("/wasm", json={"wasm": b64(wasm(ADD)), **extra})
    assert_problem(answer, 400, "bad-request", named)


@contract("POST /wasm 400")
@contract("5: bad-request")
@pytest.mark.parametrize("body", [
    b"", b"{", b"null", b"[]", b'"text"', b'{"wasm": 1}', b'{"wasm": "%%%"}', b"{}", b'{"function": "add"}',
    b'{"wasm": "AGFzbQEAAAA"}',      # padding missing
    b'{"wasm": "AGFzbQEAAAA=\\n"}',  # white space
    b'{"wasm": "AGFzbQEAAAA="} x',
    b'{"wasm": "AGFzbQEAAAA=", "id": "\xff"}',
    b'{"wasm": "AGFzbQEAAAA=", "labels": {"a": 1}}',
    b'{"wasm": "AGFzbQEAAAA=", "labels": ["a"]}',
    b'{"wasm": "AGFzbQEAAAA=", "args": [1]}',
    b'{"wasm": "AGFzbQEAAAA=", "limits": {"timeout_ms": -1}}',
    b'{"wasm": "AGFzbQEAAAA=", "limits": {"timeout_ms": "1"}}',
    b'{"wasm": "AGFzbQEAAAA=", "limits": {"memory_bytes": 1.5}}',
    b"[" * 100_000,
])
def test_malformed_json_is_refused(client, body):
    assert_problem(client.post("/wasm", content=body, headers=JSON), 400, "bad-request")


@contract("1: id", "5: bad-request")
@pytest.mark.parametrize("id", ["", "-a", ".a", "a/b", "a b", "ü", "a" * 129, "a\u0000", "..", "a%2fb"])
def test_ids_outside_the_rule_are_refused(client, id):
    answer = client.post("/wasm", json={"id": id, "wasm": b64(wasm(ADD))})
    assert_problem(answer, 400, "bad-request")


@contract("1: id")
def test_the_longest_id_and_every_character_of_the_rule(client):
    for id in ("Z9._-" + fresh_id(), fresh_id("l") + "x" * (128 - len(fresh_id("l")))):
        client.add(ADD, id)
        assert client.get(f"/wasm/{id}").json()["id"] == id
    id = fresh_id()
    client.add(ADD, id)
    assert client.get("/wasm/" + "".join(f"%{ord(c):02x}" for c in id)).json()["id"] == id


@contract("POST /wasm 422")
@contract("5: invalid-module", "3: validated before it is stored")
@pytest.mark.parametrize("body, type", [
    (b"", WASM), (b"\0asm", WASM), (b"\0asm\x01\0\0\0garbage", WASM), (b"hello", WASM),
    (wasm(ADD)[:-1], WASM), (wasm(ADD) + b"\x00", WASM),
    (b"\0asm\x02\0\0\0", WASM),
    (wasm(ADD).replace(b"\x6a", b"\x92"), WASM),  # f32.add on two i32
    (b"(module (func (result i32)))", WAT), (b"(module", WAT), (b"\xff\xfe", WAT), (b"hello", WAT),
    (b'(module (import "a" "b" (func)) (data (i32.const 0) "x"))', WAT),
])
def test_what_is_no_valid_module_is_refused_with_the_reason(client, body, type):
    id = fresh_id()
    answer = client.post("/wasm", params={"id": id}, content=body, headers=type)
    assert len(assert_problem(answer, 422, "invalid-module")["detail"]) > 10
    assert client.get(f"/wasm/{id}").status_code == 404
    # The same through JSON.
    if type is WASM:
        answer = client.post("/wasm", json={"id": id, "wasm": b64(body)})
        assert_problem(answer, 422, "invalid-module")


def sixteen_and(more: int, item: str, body: str) -> str:
    return f"(module {item * (16 + more)} {body})"


@contract("5: invalid-module")
def test_a_module_may_have_sixteen_memories_and_tables(client):
    stores = " ".join(f"(i32.store8 {n} (i32.const 7) (i32.const {n + 1}))" for n in range(16))
    loads = " ".join(f"(i32.add (i32.load8_u {n} (i32.const 7)) " for n in range(16)) + "(i32.const 0)" + ")" * 16
    sum_of_all = f'(func (export "sum") (result i32) {stores} {loads})'
    assert client.results(client.add(sixteen_and(0, "(memory 1)", sum_of_all))) == [136]
    sizes = " ".join(f"(i32.add (table.size {n}) " for n in range(16)) + "(i32.const 0)" + ")" * 16
    size_of_all = f'(func (export "size") (result i32) {sizes})'
    assert client.results(client.add(sixteen_and(0, "(table 2 funcref)", size_of_all))) == [32]
    for item, name in ("(memory 1)", "16 memories"), ("(table 1 funcref)", "16 tables"):
        answer = client.post("/wasm", content=wasm(sixteen_and(1, item, "")), headers=WASM)
        assert_problem(answer, 422, "invalid-module", f"more than {name}")


@contract("5: invalid-module")
def test_the_limit_of_functions_is_the_operators(fresh_server):
    with Client(fresh_server(*flags.max_functions(7)).url) as client:
        client.add(many_functions(7))
        answer = client.post("/wasm", content=many_functions(8), headers=WASM)
        assert_problem(answer, 422, "invalid-module", "more than 7 functions")


@contract("5: invalid-module")
def test_text_errors_tell_the_place(client):
    answer = client.post("/wasm", content="(module\n  (func\n    i32.bogus))", headers=WAT)
    assert_problem(answer, 422, "invalid-module", "3")


@contract("POST /wasm 415")
@contract("5: unsupported-media-type")
@pytest.mark.parametrize("type", ["text/plain", "image/png", "multipart/mixed; boundary=x", "nonsense"])
def test_other_body_types_are_refused(client, type):
    answer = client.post("/wasm", content=wasm(ADD), headers={"Content-Type": type})
    assert_problem(answer, 415, "unsupported-media-type", "application/wasm")


@contract("POST /wasm 409")
@contract("5: conflict", "3: id exists")
def test_an_id_that_exists_is_a_conflict_and_stays_as_it_was(client):
    id = client.add(ADD)
    answer = client.post("/wasm", params={"id": id}, content=wasm(SUB), headers=WASM)
    assert_problem(answer, 409, "conflict", id)
    assert client.results(id, [44, 2]) == [46]


@contract("3: id exists")
def test_of_racing_creations_exactly_one_wins(server):
    for _ in range(10):
        id, statuses = fresh_id("race"), []
        start = threading.Barrier(8)

        def create():
            with Client(server.url) as http:
                http.get("/healthz")
                start.wait()
                statuses.append(http.post("/wasm", params={"id": id}, content=wasm(ADD), headers=WASM).status_code)

        threads = [threading.Thread(target=create) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [201] + [409] * 7


@contract("3: validated before it is stored")
def test_a_limit_beyond_the_operators_maximum_is_refused(client):
    for limit in ({"memory_bytes": 1 << 50}, {"timeout_ms": 10**12}, {"output_bytes": 1 << 50}):
        answer = client.post("/wasm", json={"wasm": b64(wasm(ADD)), "limits": limit})
        assert_problem(answer, 400, "bad-request", next(iter(limit)))
