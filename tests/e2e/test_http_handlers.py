"""Handlers of HTTP at /http/{id}: what they see and answer, and what becomes of those that give no answer."""

import threading
import time

import pytest

from support.client import JSON, Client, assert_problem, fresh_id
from support.components import component
from support.modules import ADD
from support.raw import RawConnection, get, post
from support.server import wait_until
from support.sleepers import sleep_many

contract = pytest.mark.contract
ROOT, PATH = "/http/{id}", "/http/{id}/*"


def each(status: int):
    return contract(f"ANY {ROOT} {status}", f"ANY {PATH} {status}")


def paths(id: str) -> list[str]:
    return [f"/http/{id}", f"/http/{id}/a/b?c=d"]


def add(client: Client, name: str, **fields) -> str:
    return client.add_ready(component(f"http-{name}"), fresh_id(name), **fields)


@each(200)
def test_a_handler_answers(client):
    id = add(client, "hello")
    assert client.meta(id)["kind"] == "http"
    for path in [*paths(id), f"/http/{id}/"]:
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"):
            answer = client.request(method, path)
            assert (answer.status_code, answer.text) == (200, "hello\n"), (method, path)
            assert answer.headers["content-length"] == "6"
        assert client.head(path).status_code == 200
    with_length = add(client, "cl")
    assert client.head(f"/http/{with_length}").headers["content-length"] == "6"


@contract("7: bodies")
def test_a_large_body_comes_back_byte_for_byte(client, server):
    id = add(client, "echo", limits={"output_bytes": 64 << 20})
    body = bytes(range(256)) * (20 << 12)
    with RawConnection(server) as raw:
        # Who sends all before it reads would wait for ever: the handler writes what it has read, and no more.
        sending = threading.Thread(target=raw.send, args=(post(f"/http/{id}", body),))
        sending.start()
        assert raw.read().body == body
        sending.join()
    assert client.post(f"/http/{id}", content=(body[i:i + 70_000] for i in range(0, 700_000, 70_000))).content == body[:700_000]
    assert client.post(f"/http/{id}", content=b"").content == b""


@contract("7: 100 Continue")
def test_a_client_is_told_to_go_on_when_the_handler_reads(client, server):
    id = add(client, "echo")
    with RawConnection(server) as raw:
        raw.send(get(f"/http/{id}", "Content-Length: 4", "Expect: 100-continue", method="POST"))
        assert raw.read_head()[1] == 100
        raw.send(b"body")
        assert raw.read().body == b"body"


@each(404)
def test_there_has_to_be_a_handler(client):
    module = client.add(ADD)
    for path in paths(module):
        assert_problem(client.get(path), 404, "not-found", "no HTTP handler")
    for path in paths("nobody"):
        assert_problem(client.get(path), 404, "not-found", "no such module")


@each(400)
def test_a_deadline_is_a_positive_integer(client):
    id = add(client, "hello")
    for path in paths(id):
        assert_problem(client.get(path, headers={"Wasm-Timeout-Ms": "soon"}), 400, "bad-request", "Wasm-Timeout-Ms")


def test_a_handler_is_no_function(client):
    id = add(client, "hello")
    assert_problem(client.post(f"/wasm/{id}", json=[]), 400, "bad-request", f"/http/{id}")
    document = client.get(f"/wasm/{id}/openapi.json").json()
    assert f"/http/{id}/{{path}}" in document["paths"]


@each(422)
def test_a_handler_that_cannot_run_here_says_why(client):
    code = component("http-noset", appended='(import "acme:none/x" (func))')
    id = client.add(code)
    for path in paths(id):
        assert_problem(client.get(path), 422, "invalid-module", "acme:none/x")


@contract("5: bad-guest-answer")
@each(502)
def test_no_answer_is_a_bad_one(client):
    id = add(client, "noset")
    for path in paths(id):
        assert_problem(client.get(path), 502, "bad-guest-answer")
    last = client.get(f"/wasm/{id}/logs").json()["items"][-1]
    assert last["ended"] == "bad-guest-answer"


@each(503)
def test_a_full_handler_says_so(client):
    id = add(client, "spin", limits={"max_concurrency": 1, "max_queue": 1, "timeout_ms": 3_000})
    running = [threading.Thread(target=client.get, args=(f"/http/{id}",)) for _ in range(2)]
    for thread in running:
        thread.start()
    time.sleep(0.5)
    for path in paths(id):
        answer = client.get(path)
        assert_problem(answer, 503, "overloaded")
        assert "retry-after" in answer.headers
    for thread in running:
        thread.join()


@each(504)
def test_a_handler_that_does_not_end_is_stopped(client):
    id = add(client, "spin")
    for path in paths(id):
        assert_problem(client.get(path, headers={"Wasm-Timeout-Ms": "100"}), 504, "deadline-exceeded")
    sleeper = add(client, "sleep")
    assert client.get(f"/http/{sleeper}").status_code == 200
    assert_problem(client.get(f"/http/{sleeper}", headers={"Wasm-Timeout-Ms": "10"}), 504, "deadline-exceeded")


@contract("7: failing midway")
@pytest.mark.parametrize("name", ["trap", "spinlate", "endless"])
def test_an_answer_that_fails_midway_never_looks_whole(client, server, name):
    id = add(client, name, limits={"timeout_ms": 500})
    with RawConnection(server) as raw:
        raw.send(get(f"/http/{id}"))
        _, status, headers = raw.read_head()
        if status != 200:  # it failed before anything of it was sent
            assert status in (422, 502, 504)
            return
        assert headers["transfer-encoding"] == "chunked"
        with pytest.raises((EOFError, ConnectionResetError)):
            for _ in raw.chunks():
                pass


@contract("7: a client that leaves")
@pytest.mark.parametrize("name", ["spin", "endless"])
def test_a_client_that_leaves_stops_its_handler(client, server, name):
    id = add(client, name, limits={"timeout_ms": 60_000})
    with RawConnection(server) as raw:
        raw.send(get(f"/http/{id}"))
        time.sleep(0.3)
    wait_until(lambda: client.get(f"/wasm/{id}/logs").json()["items"], timeout=10)
    assert client.get(f"/wasm/{id}/logs").json()["items"][-1]["ended"] in ("cancelled", "output-limit")


@contract("7: sandbox")
def test_its_pages_may_call_only_it(client):
    id, other = add(client, "hello"), add(client, "hello")
    assert "sandbox" in client.get(f"/http/{id}").headers["content-security-policy"]
    page = {"Referer": f"{client.base_url}/http/{id}/page", "Sec-Fetch-Site": "cross-site", "Origin": "null"}
    answer = client.get(f"/http/{id}/data", headers=page)
    assert answer.status_code == 200 and answer.headers["access-control-allow-origin"] == "null"
    for path in (f"/http/{other}", "/wasm", f"/wasm/{id}", "/metrics"):
        assert_problem(client.get(path, headers=page), 403, "forbidden")
    assert_problem(client.post(f"/wasm/{id}", headers={**page, **JSON}, content=b"[]"), 403, "forbidden")


def test_sleeping_handlers_hold_no_thread(server, client):
    id = fresh_id()
    # As `http-sleep`, for a minute.
    client.add_ready(component("http-sleep", replaced=("50000000", "60000000000")), id)
    client.get(f"/http/{id}", headers={"Wasm-Timeout-Ms": "1"})  # the thread of all timers is there
    threads = server.thread_count()

    def check():
        wait_until(lambda: client.get("/healthz").status_code == 200)
        assert server.thread_count() <= threads

    assert sleep_many(server, id, 400, 4000, check, path="/http") == [504] * 400
    assert client.get("/healthz").status_code == 200


@contract("5: bad-request")
def test_a_path_that_no_handler_can_be_given(client, server):
    id = add(client, "hello")
    with RawConnection(server) as raw:
        answer = raw.request(get(f"/http/{id}/a<b"))
        assert answer.status == 400, answer
    assert client.get(f"/http/{id}").text == "hello\n"
