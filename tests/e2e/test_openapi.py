"""The OpenAPI document: valid, of exactly the routes there are, and true of what the server answers."""

import json
import subprocess

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from support.client import JSON, Client, assert_problem
from support.hostile import guest
from support.modules import ADD, wasm

contract = pytest.mark.contract


@pytest.fixture(scope="module")
def document(binary, tmp_path_factory):
    from support.server import ServerProcess
    server = ServerProcess(binary, tmp_path_factory.mktemp("openapi") / "data").start()
    with Client(server.url) as client:
        answer = client.get("/openapi.json")
        assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
        yield client, answer.json()
    server.stop()


@contract("GET /openapi.json 200", "HEAD /openapi.json")
def test_it_is_valid(document):
    validate(document[1], cls=OpenAPIV31SpecValidator)


def test_it_has_the_routes_with_their_statuses_and_parameters(document, binary):
    printed = subprocess.run([binary, "routes"], capture_output=True, text=True, check=True, timeout=60)
    table = json.loads(printed.stdout)
    operations = {(method.upper(), path): operation for path, methods in document[1]["paths"].items()
                  for method, operation in methods.items()}
    every = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]
    told = {(method, route["pattern"].replace("*", "{path}")): route for route in table["routes"]
            for method in (every if route["method"] == "ANY" else [route["method"]])}
    assert set(operations) == set(told)
    for name, route in told.items():
        operation = operations[name]
        assert {int(status) for status in operation["responses"]} == {*route["statuses"], *table["common_statuses"]}
        assert [p["name"] for p in operation["parameters"] if p["in"] == "query"] == [q["name"] for q in route["query"]]
        assert list(operation.get("requestBody", {}).get("content", {})) == route["body_types"]


def test_answers_are_as_it_says(document):
    client, spec = document

    def check(answer, path: str):
        method = answer.request.method.lower()
        response = spec["paths"][path][method]["responses"][str(answer.status_code)]
        if "$ref" in response:
            response = spec["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
        media = answer.headers["content-type"].split(";")[0]
        schema = {**response["content"][media]["schema"], "components": spec["components"]}
        jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(answer.json())
        return answer

    for path in ("/healthz", "/readyz"):
        check(client.get(path), path)
    add = check(client.post("/wasm?id=add", content=wasm(ADD), headers={"Content-Type": "application/wasm"}), "/wasm")
    assert add.status_code == 201
    echo = wasm("""(module (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1) (data (i32.const 8) "\\ff!")
      (func (export "_start") (i32.store (i32.const 0) (i32.const 8)) (i32.store (i32.const 4) (i32.const 2))
        (drop (call $w (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 20)))))""")
    check(client.post("/wasm?id=echo", content=echo, headers={"Content-Type": "application/wasm"}), "/wasm")
    trap = wasm('(module (func (export "f") unreachable))')
    check(client.post("/wasm?id=trap", content=trap, headers={"Content-Type": "application/wasm"}), "/wasm")
    check(client.put("/wasm/add", json={"labels": {"a": "b"}, "limits": {"timeout_ms": 500}}), "/wasm/{id}")
    check(client.get("/wasm/add"), "/wasm/{id}")
    check(client.get("/wasm?limit=1"), "/wasm")
    check(client.get("/wasm/add/revisions"), "/wasm/{id}/revisions")
    assert check(client.post("/wasm/add", json=[2, 40]), "/wasm/{id}").json()["results"] == [42]
    assert check(client.post("/wasm/echo"), "/wasm/{id}").json()["exit_code"] == 0
    assert check(client.post("/wasm/trap", json=[]), "/wasm/{id}").status_code == 422
    check(client.post("/wasm/add", content=b"{", headers=JSON), "/wasm/{id}")
    check(client.get("/wasm/nobody"), "/wasm/{id}")
    assert check(client.get("/wasm/echo/logs"), "/wasm/{id}/logs").json()["items"]
    check(client.get("/secrets"), "/secrets")
    token = check(client.post("/tokens", json={"scopes": ["admin"], "expires_in_s": 60, "max_bytes": 5}), "/tokens").json()
    client.headers["Authorization"] = f"Bearer {token['token']}"
    check(client.get("/tokens"), "/tokens")
    check(client.post(f"/tokens/{token['id']}/rotate", json={"overlap_s": 10}), "/tokens/{id}/rotate")


@contract("GET /wasm/{id}/openapi.json 200", "GET /wasm/{id}/openapi.json 400", "GET /wasm/{id}/openapi.json 404",
          "HEAD /wasm/{id}/openapi.json")
def test_each_module_has_a_document_that_its_calls_can_be_made_from(client):
    typed = """(module
      (func (export "add") (param $a i32) (param $b i32) (result i32) (i32.add (local.get $a) (local.get $b)))
      (func (export "half \\"x\\"") (param f64) (result f64) (f64.mul (local.get 0) (f64.const 0.5)))
      (func (export "big") (result i64) (i64.const 9223372036854775807))
      (func (export "none")))"""
    id = client.add(typed, labels={"team": "maths"}, function="add", param=[{"name": "x"}, {"name": "y"}])
    spec = client.get(f"/wasm/{id}/openapi.json").json()
    validate(spec, cls=OpenAPIV31SpecValidator)
    assert (spec["info"]["title"], spec["info"]["version"], spec["info"]["x-labels"]) == (id, "1", {"team": "maths"})
    operations = {item["post"]["operationId"]: (path, item["post"]) for path, item in spec["paths"].items()}
    assert set(operations) == {"add", 'half "x"', "big", "none"}
    assert operations["add"][1]["summary"] == "(x: i32, y: i32) -> i32"
    values = {"x": 44, "y": -2, "p0": 5.0}
    expected = {"add": [42], 'half "x"': [2.5], "big": ["9223372036854775807"], "none": []}

    def schemas(operation):
        request = operation["requestBody"]["content"]["application/json"]["schema"]
        return request, operation["responses"]["200"]["content"]["application/json"]["schema"]

    for name, (path, operation) in operations.items():
        request, answer = schemas(operation)
        call = {"function": request["properties"]["function"]["const"],
                "args": {arg: values[arg] for arg in request["properties"]["args"]["properties"]}}
        jsonschema.validate(call, request, cls=jsonschema.Draft202012Validator)
        reply = client.post(path, json=call).json()  # the client does not send the fragment
        jsonschema.validate(reply, answer, cls=jsonschema.Draft202012Validator)
        assert reply["results"] == expected[name]
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"function": name, "args": {"strange": 1}}, request, cls=jsonschema.Draft202012Validator)

    echo = client.add(guest("commands/echo.wat"))
    spec = client.get(f"/wasm/{echo}/openapi.json").json()
    validate(spec, cls=OpenAPIV31SpecValidator)
    (path, item), = spec["paths"].items()
    request, answer = schemas(item["post"])
    call = {"stdin": "hello"}
    jsonschema.validate(call, request, cls=jsonschema.Draft202012Validator)
    reply = client.post(path, json=call).json()
    jsonschema.validate(reply, answer, cls=jsonschema.Draft202012Validator)
    assert reply["stdout"] == "hello"
    assert_problem(client.get(f"/wasm/{id}/openapi.json", params={"revision": "x"}), 400, "bad-request", "revision")
    assert_problem(client.get(f"/wasm/{id}/openapi.json", params={"revision": 2}), 404, "not-found", "revision 2")
