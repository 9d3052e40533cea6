"""Components as they are uploaded: what is said of them, and what is refused."""

import pathlib

import pytest

from support.client import WASM, Client, WAT, assert_problem, fresh_id
from support.modules import wasm

GUESTS = pathlib.Path(__file__).parents[1] / "guests" / "components"
POINT = "record { x: s32, y: s32, label: option<string> }"
SHAPE = f"variant {{ none, circle(f64), poly(list<{POINT}>) }}"


def text(name: str) -> str:
    return (GUESTS / f"{name}.wat").read_text()


@pytest.fixture(scope="module")
def types(shared_server) -> str:
    id = fresh_id()
    with Client(shared_server.url) as client:
        answer = client.post("/wasm", params={"id": id}, content=text("types"), headers=WAT)
        assert answer.status_code == 201, answer.text
    return id


def test_a_component_lists_its_functions_with_the_types_of_wit(client, types):
    meta = client.meta(types)
    assert meta["kind"] == "component"
    functions = {function["name"]: function for function in meta["functions"]}
    assert list(functions) == [
        "plain", "docs:types/all.[constructor]counter@0.1.0", "docs:types/all.[method]counter.incr@0.1.0",
        "docs:types/all.[static]counter.make@0.1.0", "docs:types/all.echo@0.1.0", "docs:types/all.mk@0.1.0",
        "docs:types/all.use-it@0.1.0"]
    echo = functions["docs:types/all.echo@0.1.0"]
    assert echo["param"] == [
        {"name": "p", "param_type": POINT}, {"name": "s", "param_type": SHAPE},
        {"name": "c", "param_type": "enum { red, green, blue }"}, {"name": "f", "param_type": "flags { read, write, exec }"},
        {"name": "t", "param_type": "tuple<u8, char>"}, {"name": "o", "param_type": "option<option<u32>>"},
        {"name": "l", "param_type": "list<u8>"}, {"name": "r", "param_type": "result<u64, string>"}]
    assert echo["result"] == [f"result<{POINT}, {SHAPE}>"]
    incr = functions["docs:types/all.[method]counter.incr@0.1.0"]
    assert incr == {"name": incr["name"], "param": [{"name": "self", "param_type": "borrow<counter>"}], "result": ["u32"]}
    assert functions["docs:types/all.mk@0.1.0"]["result"] == ["own<counter>"]


def test_a_component_is_stored_as_it_was_sent(client):
    id, code = fresh_id(), wasm(text("types"))
    assert client.post("/wasm", params={"id": id}, content=code, headers=WASM).status_code == 201
    assert client.get(f"/wasm/{id}", headers={"Accept": "application/wasm"}).content == code


@pytest.mark.parametrize("name", ["plain", "docs:types/all.echo@0.1.0", "docs:types/all@0.1.0#echo", "echo"])
def test_the_function_can_be_chosen_by_each_of_its_names(client, name):
    id = fresh_id()
    answer = client.post("/wasm", params={"id": id, "function": name}, content=text("types"), headers=WAT)
    assert answer.status_code == 201, answer.text
    assert client.meta(id)["run_function"] == ("plain" if name == "plain" else "docs:types/all.echo@0.1.0")


def test_a_function_that_is_not_there_is_not_chosen(client):
    assert_problem(client.post("/wasm", params={"function": "none"}, content=text("types"), headers=WAT), 400,
                   "bad-request", "none")


def test_a_handler_of_http_is_of_that_kind(client):
    id = fresh_id()
    assert client.post("/wasm", params={"id": id}, content=text("http-hello"), headers=WAT).status_code == 201
    meta = client.meta(id)
    assert (meta["kind"], meta["run_function"]) == ("http", "")
    assert [function["name"].split("@")[0] for function in meta["functions"]] == ["wasi:http/incoming-handler.handle"]
    assert {"module": "wasi:http/types@0.2.0", "name": ""} in meta["imports"], meta["imports"]
    assert id in [item["id"] for item in client.get("/wasm", params={"kind": "http", "prefix": id}).json()["items"]]
    assert client.get("/wasm", params={"kind": "component", "prefix": id}).json()["items"] == []


def test_what_needs_wasi_3_is_refused_and_says_so(client):
    assert_problem(client.post("/wasm", content=text("http3-hello"), headers=WAT), 422, "invalid-module", "WASI 0.3")


def test_an_import_that_is_not_offered_is_named(client):
    id = fresh_id()
    code = """(component (import "wasi:keyvalue/store@0.2.0" (instance (export "open" (func))))
        (import "log" (func)) (import "wasi:cli/exit@0.2.5" (instance (export "exit" (func)))))"""
    assert client.post("/wasm", params={"id": id}, content=code, headers=WAT).status_code == 201
    meta = client.meta(id)
    assert meta["state"] == "failed"
    assert meta["state_detail"].endswith('"wasi:keyvalue/store@0.2.0", "log"'), meta["state_detail"]


def test_the_document_of_a_component_has_a_schema_for_what_can_be_called(client, types):
    paths = client.get(f"/wasm/{types}/openapi.json").json()["paths"]
    assert len(paths) == 2
    (echo,) = [path for path in paths if "echo" in path]
    body = paths[echo]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["function"] == {"const": "docs:types/all.echo@0.1.0"}
    assert body["properties"]["args"]["properties"]["t"]["prefixItems"][0] == {"type": "integer", "minimum": 0, "maximum": 255}
