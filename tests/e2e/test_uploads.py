"""Bodies as people send them: without a type, packed, or not what they were meant to be."""

import base64
import gzip
import json
import subprocess

import pytest

from support.client import JSON, WASM, WAT, Client, assert_problem, fresh_id
from support.hostile import guest
from support.modules import ADD, distinct, wasm
from support.raw import RawConnection, get
from support.server import SMALL_QUARANTINE
from support.zstd import zstd

contract = pytest.mark.contract

NO_TYPE = {}
OCTETS = {"Content-Type": "application/octet-stream"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CODINGS = {"gzip": gzip.compress, "zstd": zstd}


@contract("3: sniffed uploads", "POST /wasm 201", "PUT /wasm/{id} 200")
@pytest.mark.parametrize("type", [NO_TYPE, OCTETS, FORM], ids=["none", "octets", "form"])
def test_a_module_is_known_by_its_first_bytes(client, type):
    id = fresh_id()
    assert client.post("/wasm", params={"id": id}, content=wasm(ADD), headers=type).status_code == 201
    assert client.results(id, [2, 40]) == [42]
    assert client.put(f"/wasm/{id}", content=distinct(1), headers=type).status_code == 200
    assert client.meta(id)["revision"] == 2


def test_curl_as_it_comes(server, client, tmp_path):
    (tmp_path / "add.wasm").write_bytes(wasm(ADD))

    def curl(path: str, data: str) -> dict:
        done = subprocess.run(["curl", "-sS", "--noproxy", "*", "--data-binary", data, f"{server.url}{path}"],
                              capture_output=True, timeout=60, check=True)
        return json.loads(done.stdout)

    id = fresh_id()
    assert curl(f"/wasm?id={id}", f"@{tmp_path}/add.wasm")["id"] == id
    assert curl(f"/wasm/{id}", "[2,40]") == {"results": [42]}
    assert "WebAssembly text" in curl("/wasm", "(module)")["detail"]


FOREIGN = {
    "gzip": (gzip.compress(wasm(ADD)), "Content-Encoding: gzip"), "zstd": (zstd(wasm(ADD)), "Content-Encoding: zstd"),
    "zip": (b"PK\x03\x04....", "zip archive"), "text format": (b"(module)", "text/wat"),
    "ELF": (b"\x7fELF\x02\x01\x01" + bytes(60), "wasm32-wasip1"), "base64": (base64.b64encode(wasm(ADD)), "base64"),
    "HTML": (b"<!DOCTYPE html><html>404</html>", "HTML"), "JSON": (b'{"wasm": ""}', "application/json"),
    "text": (b"hello", "text"), "nothing": (b"", "empty"),
    "Git LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "Git LFS"),
}


@contract("3: sniffed uploads", "5: invalid-module", "5: unsupported-media-type")
@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_no_module_is_named_with_what_to_do(client, name):
    body, meaning = FOREIGN[name]
    for answer in (client.post("/wasm", content=body, headers=WASM),
                   client.post("/wasm", json={"wasm": base64.b64encode(body).decode()})):
        problem = assert_problem(answer, 422, "invalid-module", meaning)
        assert "\n" not in problem["detail"] and len(problem["detail"]) < 200
    for type in (NO_TYPE, OCTETS, FORM):
        problem = assert_problem(client.post("/wasm", content=body, headers=type), 415, "unsupported-media-type",
                                 meaning, "application/wasm")
        assert "\n" not in problem["detail"]


def test_a_binary_that_is_called_text_is_named_too(client):
    assert_problem(client.post("/wasm", content=wasm(ADD), headers=WAT), 422, "invalid-module", "application/wasm")


@contract("3: Content-Encoding", "4: Content-Encoding")
@pytest.mark.parametrize("coding", CODINGS)
def test_codings_are_undone(client, coding):
    compress, code = CODINGS[coding], distinct(7, 2_000_000)
    headers = {"Content-Encoding": coding.upper() + ", identity"}
    for body, type in ((code, WASM), (code, NO_TYPE), (ADD.encode(), WAT),
                       (json.dumps({"wasm": base64.b64encode(code).decode()}).encode(), JSON)):
        answer = client.post("/wasm", content=compress(body), headers={**type, **headers})
        assert answer.status_code == 201, answer.text
    id = client.add(code)
    assert client.put(f"/wasm/{id}", content=compress(wasm(ADD)), headers={**WASM, **headers}).status_code == 200
    answer = client.post(f"/wasm/{id}", content=compress(b"[2,40]"), headers={**JSON, **headers})
    assert answer.json() == {"results": [42]}
    echo = client.add(guest("commands/echo.wat"))
    answer = client.post(f"/wasm/{echo}", content=compress(b"plain" * 100_000),
                         headers={"Content-Type": "text/plain", "Accept": "text/plain", **headers})
    assert answer.content == b"plain" * 100_000


@contract("3: Content-Encoding", "5: unsupported-media-type", "5: bad-request")
def test_other_codings_and_what_is_not_of_its_coding_are_refused(client):
    id = client.add(ADD)
    for coding in ("br", "deflate", "compress", "gzip, gzip", "gzip, br"):
        for path, type in (("/wasm", WASM), (f"/wasm/{id}", JSON)):
            answer = client.post(path, content=b"[2,40]", headers={**type, "Content-Encoding": coding})
            assert_problem(answer, 415, "unsupported-media-type")
            assert answer.headers["accept-encoding"] == "gzip, zstd"
    for coding, compress in CODINGS.items():
        whole = compress(wasm(ADD))
        for body in (wasm(ADD), whole[:-1], whole + b"x"):
            answer = client.post("/wasm", content=body, headers={**WASM, "Content-Encoding": coding})
            assert_problem(answer, 400, "bad-request")
    for coding in ("identity", "Identity", "", "identity, identity"):
        answer = client.post(f"/wasm/{id}", content=b"[2,40]", headers={**JSON, "Content-Encoding": coding})
        assert answer.json() == {"results": [42]}


@contract("3: Content-Encoding", "5: payload-too-large")
@pytest.mark.parametrize("coding", CODINGS)
def test_a_bomb_costs_no_more_than_the_limit_of_the_plain_body(fresh_server, coding):
    """Gigabytes in a few megabytes or less: the server grows by little more than the body that it may have."""
    server = fresh_server("--max-body-bytes", "16MiB", "--max-body-memory-bytes", "64MiB", env=SMALL_QUARANTINE)
    bomb = CODINGS[coding](bytes(400 << 20))
    with Client(server.url) as client:
        client.get("/healthz")
        before = server.resident_bytes()
        for _ in range(3):
            answer = client.post("/wasm", content=bomb, headers={**WASM, "Content-Encoding": coding})
            assert_problem(answer, 413, "payload-too-large")
        assert server.resident_bytes() - before < 100 << 20
        client.add(ADD)


def test_a_client_that_waits_is_told_of_a_coding_before_it_sends(server):
    with RawConnection(server) as wire:
        head = get("/wasm", "Content-Length: 100000", "Content-Encoding: br", "Expect: 100-continue",
                   "Content-Type: application/wasm", method="POST")
        answer = wire.request(head)
        assert answer.status == 415 and answer.interim == []


@contract("4: JSON without a type")
def test_a_function_without_standard_input_takes_json_without_a_type(client):
    id = client.add(ADD)
    for type in (NO_TYPE, FORM):
        assert client.post(f"/wasm/{id}", content=b"[2,40]", headers=type).json() == {"results": [42]}
        assert client.post(f"/wasm/{id}", content=b'{"args":{"a":2,"b":40}}', headers=type).json() == {"results": [42]}
        assert_problem(client.post(f"/wasm/{id}", content=b"a=2&b=40", headers=type), 400, "bad-request")
    assert client.post(f"/wasm/{id}?arg=2&arg=40").json() == {"results": [42]}
    echo = client.add(guest("commands/echo.wat"))
    for type in (NO_TYPE, FORM):
        assert client.post(f"/wasm/{echo}", content=b"[2,40]", headers=type).json()["stdout"] == "[2,40]"
