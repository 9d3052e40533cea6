"""GET, HEAD, the list, and what the resource looks like."""

import base64
import hashlib
import re

import pytest

from support.client import WASM, Client, assert_problem, fresh_id
from support.modules import ADD, ADD_SUB, COUNTER, SUB, wasm

contract = pytest.mark.contract
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
RAW = {"Accept": "application/wasm"}


@contract("1: WasmStorage", "GET /wasm/{id} 200", "1: limits", "1: kind")
def test_the_resource_has_every_field_of_the_contract_and_no_other(client):
    id = client.add(ADD)
    document = client.get(f"/wasm/{id}").json()
    meta = document.pop("meta_data")
    code = wasm(ADD)
    assert document == {"id": id, "wasm": base64.b64encode(code).decode()}
    created, updated = meta.pop("created_at"), meta.pop("updated_at")
    assert TIME.fullmatch(created) and created == updated
    assert meta.pop("state") in ("compiling", "ready")
    param = [{"name": "a", "param_type": "i32"}, {"name": "b", "param_type": "i32"}]
    assert meta == {
        "run_function": "add", "size": len(code), "param": param, "result": ["i32"], "kind": "module",
        "digest": f"sha256:{hashlib.sha256(code).hexdigest()}", "revision": 1, "labels": {},
        "limits": {"timeout_ms": 10000, "memory_bytes": 268435456, "output_bytes": 8388608,
                   "max_concurrency": 0, "max_queue": 0},
        "functions": [{"name": "add", "param": param, "result": ["i32"]}],
        "args": [], "env": {}, "imports": []}


@contract("1: Accept: application/wasm", "1: wasm is base64")
@pytest.mark.parametrize("size", range(60, 66))
def test_the_bytes_come_back_as_they_were_sent(client, size):
    code = wasm('(module (func (export "f")))')
    code += b"\0" + bytes([size - len(code) - 2, 1]) + b"x" + bytes(range(256))[:size - len(code) - 4]
    id = client.add(code)
    answer = client.get(f"/wasm/{id}", headers=RAW)
    assert answer.headers["content-type"] == "application/wasm"
    assert answer.content == code and answer.headers["content-length"] == str(len(code))
    assert base64.b64decode(client.get(f"/wasm/{id}").json()["wasm"], validate=True) == code


@contract("1: ?wasm=false")
def test_wasm_false_leaves_the_bytes_out(client):
    id = client.add(ADD)
    assert "wasm" not in client.get(f"/wasm/{id}", params={"wasm": "false"}).json()
    assert "wasm" in client.get(f"/wasm/{id}", params={"wasm": "true"}).json()


@contract("GET /wasm/{id} 406")
@contract("5: not-acceptable")
@pytest.mark.parametrize("accept, type", [
    ("*/*", "application/json"), ("application/*", "application/json"),
    ("application/wasm, */*;q=0.1", "application/wasm"),
    ("application/wasm;q=0.5, application/json", "application/json"),
    ("application/json;q=0, */*", "application/wasm"),
    ("image/png", None), ("application/json;q=0", None)])
def test_accept_decides_the_form(client, accept, type):
    answer = client.get(f"/wasm/{client.add(ADD)}", headers={"Accept": accept})
    if type is None:
        assert_problem(answer, 406, "not-acceptable")
    else:
        assert (answer.status_code, answer.headers["content-type"]) == (200, type)


@contract("1: param names")
def test_parameter_names_come_from_the_name_section_or_are_numbered(client):
    functions = client.meta(client.add("""(module
        (func (export "mixed") (param $first i32) (param i64) (param $third f32) (result f64 v128)
          f64.const 0 v128.const i32x4 0 0 0 0)
        (func (export "refs") (param externref funcref)))"""))["functions"]
    assert functions == [
        {"name": "mixed", "result": ["f64", "v128"], "param": [
            {"name": "first", "param_type": "i32"}, {"name": "p1", "param_type": "i64"},
            {"name": "third", "param_type": "f32"}]},
        {"name": "refs", "result": [], "param": [
            {"name": "p0", "param_type": "externref"}, {"name": "p1", "param_type": "funcref"}]}]


@contract("1: param names")
def test_names_that_need_escaping_survive(client):
    name = 'a"\\\u0001\u2028ü😀'
    text = "".join(f"\\{byte:02x}" for byte in name.encode())
    id = client.add(f'(module (func (export "{text}") (result i32) i32.const 5) (func (export "")))')
    assert [f["name"] for f in client.meta(id)["functions"]] == [name, ""]
    assert client.results(id, function=name) == [5]


@contract("1: kind", "1: WasmStorage")
def test_imports_and_kind_are_told(client):
    id = client.add("""(module
        (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
        (import "env" "table" (table 1 funcref))
        (memory (export "memory") 1) (func (export "_start")))""")
    meta = client.meta(id)
    assert meta["imports"] == [{"module": "wasi_snapshot_preview1", "name": "fd_write"},
                               {"module": "env", "name": "table"}]
    assert meta["kind"] == "command" and meta["run_function"] == "_start"


@contract("1: state")
def test_a_stored_module_becomes_ready(client):
    id = client.add(COUNTER)
    client.results(id)
    assert client.meta(id)["state"] == "ready"


@contract("HEAD /wasm/{id}")
@pytest.mark.parametrize("headers, params", [({}, {}), (RAW, {}), ({}, {"wasm": "false"})])
def test_head_is_get_without_the_body(client, headers, params):
    id = client.add(ADD)
    client.results(id, [1, 2])  # ready from here on, so that both answers are of one length
    get = client.get(f"/wasm/{id}", headers=headers, params=params)
    head = client.head(f"/wasm/{id}", headers=headers, params=params)
    assert head.status_code == 200 and head.content == b""
    for name in ("content-type", "content-length", "etag"):
        assert head.headers[name] == get.headers[name]
    assert client.head(f"/wasm/{fresh_id()}").status_code == 404


@contract("1: ETag")
def test_etags_are_those_of_one_form_of_one_revision_for_ever(client):
    id = fresh_id()
    etags = []
    for _ in range(2):  # deleted and made again with the same bytes
        client.add(ADD, id)
        client.put(f"/wasm/{id}", json={"labels": {"a": "b"}})
        for revision in (1, 2):
            for params, headers in (({}, {}), ({"wasm": "false"}, {}), ({}, RAW)):
                answers = [client.get(f"/wasm/{id}", params={"revision": revision, **params}, headers=headers)
                           for _ in range(2)]
                assert answers[0].headers["etag"] == answers[1].headers["etag"]
                etags.append(answers[0].headers["etag"])
        assert client.delete(f"/wasm/{id}", headers={"If-Match": etags[-1]}).status_code == 204
    assert all(re.fullmatch(r'"[\x21\x23-\x7e]+"', etag) for etag in etags)
    assert len(set(etags)) == 12, etags


@contract("GET /wasm/{id} 404", "PUT /wasm/{id} 404", "DELETE /wasm/{id} 404", "POST /wasm/{id} 404")
@contract("5: not-found")
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "POST"])
@pytest.mark.parametrize("id", ["nobody", "-not-an-id", "%00", "%2e%2e", "a%2fb"])
def test_a_module_that_is_not_there_is_not_found(client, method, id):
    body = {"json": {}} if method in ("PUT", "POST") else {}
    answer = client.request(method, f"/wasm/{id}", **body)
    if method == "HEAD":
        assert answer.status_code == 404
    else:
        assert_problem(answer, 404, "not-found")


@contract("GET /wasm/{id} 200", "GET /wasm/{id}/revisions 200")
def test_older_revisions_stay_as_they_were(client):
    id = client.add(ADD)
    first = client.get(f"/wasm/{id}")
    assert client.put(f"/wasm/{id}", content=wasm(SUB), headers=WASM).status_code == 200
    client.put(f"/wasm/{id}", json={"labels": {"n": "3"}})
    old = client.get(f"/wasm/{id}", params={"revision": 1})
    assert old.headers["etag"] == first.headers["etag"]
    drop_state = {"state": "any"}
    assert old.json()["meta_data"] | drop_state == first.json()["meta_data"] | drop_state
    assert old.json()["wasm"] == first.json()["wasm"]
    assert client.get(f"/wasm/{id}", params={"revision": 2}, headers=RAW).content == wasm(SUB)
    items = client.get(f"/wasm/{id}/revisions").json()["items"]
    assert [item["meta_data"]["revision"] for item in items] == [3, 2, 1]
    assert all("wasm" not in item for item in items)
    assert items[0]["meta_data"]["labels"] == {"n": "3"} and items[2]["meta_data"]["run_function"] == "add"


@contract("GET /wasm/{id} 400", "GET /wasm/{id}/revisions 404")
@contract("5: not-found", "5: bad-request")
def test_revisions_that_are_not_there(client):
    id = client.add(ADD)
    for number in ("2", "99999999999999999"):
        assert_problem(client.get(f"/wasm/{id}", params={"revision": number}), 404, "not-found")
    for text in ("x", "-1", "1.0", ""):
        assert_problem(client.get(f"/wasm/{id}", params={"revision": text}), 400, "bad-request")
    assert_problem(client.get(f"/wasm/{fresh_id()}/revisions"), 404, "not-found")


def pages(client, **params):
    """All pages, following `next` by `after` and checking that the Link header says the same."""
    items = []
    while True:
        answer = client.get("/wasm", params=params)
        assert answer.status_code == 200, answer.text
        document = answer.json()
        items.append([item["id"] for item in document["items"]])
        if not document.get("next"):
            assert "link" not in answer.headers
            return items
        target = re.fullmatch(r'<([^>]+)>; rel="?next"?', answer.headers["link"]).group(1)
        by_link = client.get(target).json()
        params = {**params, "after": document["next"]}
        assert client.get("/wasm", params=params).json()["items"] == by_link["items"]


@contract("GET /wasm 200")
def test_list_by_id_in_pages(client):
    prefix = fresh_id("list")
    ids = [f"{prefix}-{n:02d}" for n in range(25)]
    for id in reversed(ids):
        client.add(ADD, id)
    assert pages(client, prefix=prefix) == [ids]
    assert pages(client, prefix=prefix, limit=10) == [ids[:10], ids[10:20], ids[20:]]
    assert pages(client, prefix=prefix, limit=25) == [ids]
    assert pages(client, prefix=prefix, limit=5, after=ids[21]) == [ids[22:]]
    assert pages(client, prefix=prefix, after=f"{ids[3]}x") == [ids[4:]]
    assert pages(client, prefix=prefix + "-nobody") == [[]]
    item = client.get("/wasm", params={"prefix": prefix, "limit": 1}).json()["items"][0]
    assert "wasm" not in item and item["meta_data"]["run_function"] == "add"


@contract("GET /wasm 200")
def test_list_by_labels_and_kind(client):
    prefix = fresh_id("labels")
    client.add(ADD, f"{prefix}-1", labels={"team": "maths", "env": "prod"})
    client.add(ADD, f"{prefix}-2", labels={"team": "maths", "env": "a=b"})
    client.add('(module (memory (export "memory") 1) (func (export "_start")))', f"{prefix}-3",
               labels={"team": "art"})

    def ids(**params):
        return [id.removeprefix(prefix + "-") for page in pages(client, prefix=prefix, **params) for id in page]

    assert ids(label="team=maths") == ["1", "2"]
    assert ids(label=["team=maths", "env=prod"]) == ["1"]
    assert ids(label="env=a=b") == ["2"]
    assert ids(label="team=mat") == [] == ids(label="nobody=x")
    assert ids(label="team=maths", limit=1) == ["1", "2"]
    assert ids(kind="command") == ["3"] and ids(kind="module") == ["1", "2"]
    client.put(f"/wasm/{prefix}-1", json={"labels": {"team": "art"}})
    assert ids(label="team=art") == ["1", "3"]
    client.delete(f"/wasm/{prefix}-3")
    assert ids(label="team=art") == ["1"]


@contract("GET /wasm 400", "5: bad-request")
@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", "1.5", "99999999999999999999"])
def test_limits_of_a_page_outside_the_range_are_refused(client, limit):
    assert_problem(client.get("/wasm", params={"limit": limit}), 400, "bad-request", "limit")


@contract("GET /wasm 200")
def test_default_page_is_100_and_the_largest_1000(fresh_server):
    with Client(fresh_server().url) as client:
        for n in range(103):
            client.add(ADD, f"m-{n:03d}")
        assert [len(page) for page in pages(client)] == [100, 3]
        assert [len(page) for page in pages(client, limit=1000)] == [103]


@contract("1: run_function")
def test_function_lists_keep_the_order_of_the_export_section(client):
    names = [f["name"] for f in client.meta(client.add(ADD_SUB))["functions"]]
    assert names == ["add", "sub"]
