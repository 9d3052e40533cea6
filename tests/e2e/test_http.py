"""HTTP/1.1 on the wire: framing, pipelining, Expect, versions, methods, and requests that nobody should accept."""

import json
import signal
import socket
import time

import pytest

from support.client import JSON, WASM, WAT, assert_problem, fresh_id
from support.modules import ADD, wasm
from support.raw import RawConnection, get, post

contract = pytest.mark.contract


@pytest.fixture
def wire(server):
    with RawConnection(server) as connection:
        yield connection


def chunked(path: str, *chunks: bytes, headers=("Content-Type: application/wasm",), trailer: str = "") -> bytes:
    head = get(path, "Transfer-Encoding: chunked", *headers, method="POST").encode()
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return head + body + b"0\r\n" + trailer.encode() + b"\r\n"


@contract("GET /healthz 200", "GET /readyz 200")
def test_health_and_readiness(client):
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200


@contract("HEAD /healthz", "HEAD /readyz", "HEAD /wasm", "HEAD /wasm/{id}", "HEAD /wasm/{id}/revisions")
def test_head_is_get_without_the_body(client):
    id = client.add(ADD)
    client.meta(id)
    for path in ("/healthz", "/readyz", f"/wasm?prefix={id}", f"/wasm/{id}?wasm=false", f"/wasm/{id}/revisions"):
        head, answer = client.head(path), client.get(path)
        assert (head.status_code, answer.status_code, head.content) == (200, 200, b"")
        assert head.headers["content-type"] == answer.headers["content-type"]


@contract("GET /readyz 503")
def test_what_is_under_way_when_the_server_drains_is_told_that_it_is_not_ready(fresh_server):
    server = fresh_server()
    with RawConnection(server) as idle, RawConnection(server) as busy:
        assert idle.request(get("/readyz")).status == 200
        request = get("/readyz")
        assert busy.request(request + request[:-2]).status == 200  # the next one has begun: it is not idle
        server.signal(signal.SIGTERM)
        assert idle.closed()
        busy.send(request[-2:])
        answer = busy.read()
        assert (answer.status, json.loads(answer.body)["code"]) == (503, "overloaded")
        assert (answer.header("connection"), answer.header("retry-after")) == ("close", "1")
    assert server.wait(30) == 0


@contract("2: unknown path", "5: not-found")
@pytest.mark.parametrize("path", ["/", "/nobody", "/wasm/a/b", "/wasm/a/revisions/1", "/healthz/", "/WASM",
                                  "//wasm", "/wasm/a/../b"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_unknown_paths(wire, path, method):
    answer = wire.request(get(path, "Content-Length: 0", method=method))
    assert (answer.status, json.loads(answer.body)["code"]) == (404, "not-found")


@contract("2: other method", "5: method-not-allowed")
@pytest.mark.parametrize("method, path, allowed", [
    ("PUT", "/wasm", {"GET", "HEAD", "POST", "OPTIONS"}), ("DELETE", "/wasm", {"GET", "HEAD", "POST", "OPTIONS"}),
    ("PATCH", "/wasm/a", {"GET", "HEAD", "PUT", "DELETE", "POST", "OPTIONS"}),
    ("POST", "/wasm/a/revisions", {"GET", "HEAD", "OPTIONS"}), ("DELETE", "/healthz", {"GET", "HEAD", "OPTIONS"}),
    ("BREW", "/readyz", {"GET", "HEAD", "OPTIONS"})])
def test_other_methods_are_told_what_is_allowed(client, method, path, allowed):
    answer = client.request(method, path)
    assert_problem(answer, 405, "method-not-allowed")
    assert {name.strip() for name in answer.headers["allow"].split(",")} == allowed


@contract("2: OPTIONS")
@pytest.mark.parametrize("path, allowed", [
    ("/wasm", {"GET", "HEAD", "POST", "OPTIONS"}), ("/healthz", {"GET", "HEAD", "OPTIONS"}),
    ("/wasm/nobody", {"GET", "HEAD", "PUT", "DELETE", "POST", "OPTIONS"})])
def test_options(client, path, allowed):
    answer = client.options(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert {name.strip() for name in answer.headers["allow"].split(",")} == allowed
    assert "content-length" not in answer.headers  # RFC 9110, section 8.6: not with 204


@contract("5: X-Request-Id")
def test_a_well_formed_request_id_is_kept_and_others_replaced(client):
    for path in ("/healthz", "/nobody"):
        assert client.get(path, headers={"X-Request-Id": "abc-123_4.5"}).headers["x-request-id"] == "abc-123_4.5"
    made = {client.get("/healthz").headers["x-request-id"] for _ in range(10)}
    assert len(made) == 10
    for bad in ("a b", "x" * 300, "ü".encode().decode("latin-1"), '"quoted"<script>'):
        answer = client.get("/healthz", headers={"X-Request-Id": bad.encode("latin-1")})
        assert answer.status_code == 200 and answer.headers["x-request-id"] != bad


@contract("5: problem+json")
def test_an_error_is_a_problem_document_even_where_the_parser_refused(wire):
    answer = wire.request("GARBAGE\r\n\r\n")
    problem = json.loads(answer.body)
    assert answer.status == problem["status"] == 400 and problem["code"] == "bad-request"
    assert answer.header("content-type") == "application/problem+json" and answer.header("x-request-id")
    assert wire.closed()


def test_keep_alive_serves_many_requests_on_one_connection(wire):
    for _ in range(50):
        assert wire.request(get("/healthz")).status == 200
    assert wire.request(get("/nobody")).status == 404
    assert wire.request(get("/healthz", method="HEAD"), head=True).status == 200
    answer = wire.request(get("/healthz", "Connection: close"))
    assert answer.header("connection") == "close" and wire.closed()


def test_pipelined_requests_are_answered_in_order(server, client):
    id = client.add(ADD)
    requests = [post(f"/wasm/{id}", f"[{n}, 1]".encode(), "Content-Type: application/json") for n in range(100)]
    with RawConnection(server) as wire:
        wire.send(b"".join(requests))
        for n in range(100):
            assert json.loads(wire.read().body) == {"results": [n + 1]}
    # Mixed kinds, one of them an error and one a HEAD, then the end.
    with RawConnection(server) as wire:
        wire.send(get(f"/wasm/{id}") + get("/nobody") + get(f"/wasm/{id}", method="HEAD"))
        wire.send(requests[5] + get("/healthz", "Connection: close").encode() + get("/healthz").encode())
        statuses = [wire.read().status, wire.read().status, wire.read(head=True).status, wire.read().status,
                    wire.read().status]
        assert statuses == [200, 404, 200, 200, 200]
        assert wire.closed()


def test_a_write_pipelined_before_a_read_is_seen_by_it(server):
    id = fresh_id()
    with RawConnection(server) as wire:
        wire.send(post(f"/wasm?id={id}", wasm(ADD), "Content-Type: application/wasm") + get(f"/wasm/{id}").encode() +
                  post(f"/wasm/{id}", b"[2,40]", "Content-Type: application/json"))
        assert [wire.read().status for _ in range(2)] == [201, 200]
        assert json.loads(wire.read().body) == {"results": [42]}


def test_a_request_may_come_byte_by_byte(server, client):
    id = client.add(ADD)
    with RawConnection(server) as wire:
        wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in post(f"/wasm/{id}", b"[2,40]", "Content-Type: application/json"):
            wire.send(bytes([byte]))
            time.sleep(0.001)
        assert json.loads(wire.read().body) == {"results": [42]}


def test_chunked_bodies(server):
    code = wasm(ADD)
    for chunks in ([code], [code[:7], code[7:8], code[8:]], [bytes([byte]) for byte in code]):
        id = fresh_id()
        with RawConnection(server) as wire:
            assert wire.request(chunked(f"/wasm?id={id}", *chunks)).status == 201
            raw = wire.request(get(f"/wasm/{id}", "Accept: application/wasm"))
            assert raw.body == code


def test_chunk_extensions_and_trailers_are_read_over(wire):
    code = wasm(ADD)
    head = get("/wasm", "Transfer-Encoding: chunked", "Content-Type: application/wasm", "Trailer: X-Sum", method="POST")
    body = b"%x;name=value;q=\"a;b\"\r\n%s\r\n0\r\nX-Sum: 1\r\n\r\n" % (len(code), code)
    assert wire.request(head.encode() + body).status == 201
    assert wire.request(get("/healthz")).status == 200


@contract("POST /wasm 201")
def test_expect_100_continue_is_answered_before_the_body_comes(wire):
    code = wasm(ADD)
    wire.send(get("/wasm", "Expect: 100-continue", f"Content-Length: {len(code)}", "Content-Type: application/wasm",
                  method="POST"))
    assert wire.read_head()[1] == 100
    wire.send(code)
    assert wire.read().status == 201


@contract("5: payload-too-large")
def test_expect_100_continue_is_refused_where_the_body_is_not_wanted(server):
    for path, length, status in (("/wasm", 10**12, 413), ("/nobody", 5, 404)):
        with RawConnection(server) as wire:
            wire.send(get(path, "Expect: 100-continue", f"Content-Length: {length}", "Content-Type: application/wasm",
                          method="POST"))
            answer = wire.read()
            assert (answer.status, answer.interim) == (status, [])


def test_another_expectation_fails(wire):
    # RFC 9110 lets a server answer 417; the contract has no code for it but bad-request.
    answer = wire.request(post("/wasm", b"", "Expect: 200-ok"))
    assert (answer.status, json.loads(answer.body)["code"]) == (400, "bad-request")


@contract("5: payload-too-large")
def test_bodies_beyond_the_limit_are_refused_before_they_are_read(server):
    with RawConnection(server) as wire:
        answer = wire.request(get("/wasm", f"Content-Length: {129 << 20}", "Content-Type: application/wasm",
                                  method="POST"))
        assert (answer.status, json.loads(answer.body)["code"]) == (413, "payload-too-large")


@contract("5: payload-too-large")
def test_text_has_a_limit_of_its_own(client):
    text = b"(module)" + b" " * (8 << 20)
    assert_problem(client.post("/wasm", content=text, headers=WAT), 413, "payload-too-large", "binary")


@contract("5: payload-too-large")
def test_chunked_bodies_beyond_the_limit(server):
    with RawConnection(server) as wire:
        wire.send(get("/wasm", "Transfer-Encoding: chunked", "Content-Type: application/wasm", method="POST"))
        piece = b"%x\r\n%s\r\n" % (1 << 20, b"x" * (1 << 20))
        try:
            for _ in range(140):
                wire.send(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = wire.read()
        assert (answer.status, json.loads(answer.body)["code"]) == (413, "payload-too-large")
    # One chunk that claims to be huge.
    with RawConnection(server) as wire:
        wire.send(get("/wasm", "Transfer-Encoding: chunked", "Content-Type: application/wasm", method="POST"))
        assert wire.request("fffffffff\r\n").status == 413


@contract("5: headers-too-large")
def test_headers_beyond_the_limit(server):
    for head in (get("/healthz", *[f"X-{n}: {'v' * 1000}" for n in range(40)]), get("/" + "p" * 40_000),
                 get("/healthz", "X-Long: " + "v" * 100_000)):
        with RawConnection(server) as wire:
            wire.send(head)
            answer = wire.read()
            assert (answer.status, json.loads(answer.body)["code"]) == (431, "headers-too-large")
            assert answer.header("content-type") == "application/problem+json"
    with RawConnection(server) as wire:
        assert wire.request(get("/healthz", *[f"X-{n}: {'v' * 100}" for n in range(60)])).status == 200


def test_http_1_0(server):
    with RawConnection(server) as wire:
        answer = wire.request("GET /healthz HTTP/1.0\r\n\r\n")
        assert answer.status == 200 and wire.closed()
    with RawConnection(server) as wire:
        for _ in range(2):
            answer = wire.request("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert answer.status == 200 and answer.header("connection").lower() == "keep-alive"


def test_absolute_form_and_asterisk_form(wire):
    # The target's host goes before Host (RFC 9112, section 3.2.2).
    assert wire.request("GET http://localhost/healthz?a=b HTTP/1.1\r\nHost: example.test\r\n\r\n").status == 200
    assert wire.request("GET http://example.test/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 403
    answer = wire.request("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer.status in (200, 204)


def test_bodies_of_get_and_delete_are_read_over(server, client):
    id = client.add(ADD)
    with RawConnection(server) as wire:
        for method, path, status in (("GET", "/healthz", 200), ("GET", f"/wasm/{id}", 200), ("DELETE", f"/wasm/{id}", 204)):
            answer = wire.request(get(path, "Content-Length: 5", method=method) + "hello")
            assert answer.status == status and answer.header("connection") != "close"
        assert wire.request(get("/healthz")).status == 200


def test_header_names_are_case_insensitive_and_values_trimmed(wire):
    code = wasm(ADD)
    head = f"POST /wasm HTTP/1.1\r\nhOsT:localhost\r\nCONTENT-LENGTH: \t {len(code)} \t\r\ncontent-type:application/wasm\r\n\r\n"
    assert wire.request(head.encode() + code).status == 201


def test_a_cut_off_body_stores_nothing(server, client):
    id = fresh_id()
    code = wasm(ADD)
    with RawConnection(server) as wire:
        wire.send(get(f"/wasm?id={id}", f"Content-Length: {len(code)}", "Content-Type: application/wasm",
                      method="POST").encode() + code[:-1])
    with RawConnection(server) as wire:
        wire.send(chunked(f"/wasm?id={id}", code)[:-5])
    assert client.get(f"/wasm/{id}").status_code == 404


def test_answers_carry_date_and_no_answer_is_sniffed_or_split(client):
    answer = client.get("/healthz")
    assert answer.headers["date"].endswith(" GMT")
    split = client.get("/wasm/a%0d%0aX-Evil:%201")
    assert split.status_code == 404 and "x-evil" not in split.headers
    id = fresh_id("h")
    location = client.post(f"/wasm?id={id}%0d%0aX-Evil:%201", content=wasm(ADD), headers=WASM)
    assert location.status_code == 400 and "x-evil" not in location.headers


def test_unicode_and_escapes_in_queries(client):
    answer = client.post("/wasm?id=%zz", content=wasm(ADD), headers=WASM)
    assert answer.status_code == 400
    answer = client.get("/wasm?prefix=no%62%6Fdy&limit=5&&=&x")
    assert answer.status_code == 200 and answer.json()["items"] == []


def test_many_connections_at_once(server):
    connections = [server.connect() for _ in range(500)]
    try:
        for connection in connections:
            connection.sendall(get("/healthz").encode())
        for connection in connections:
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    finally:
        for connection in connections:
            connection.close()


def test_half_closed_clients_still_get_their_answer(server, client):
    id = client.add(ADD)
    client.results(id, [1, 1])
    with RawConnection(server) as wire:
        wire.send(post(f"/wasm/{id}", b"[2,40]", "Content-Type: application/json"))
        wire.socket.shutdown(socket.SHUT_WR)
        assert json.loads(wire.read().body) == {"results": [42]}
        assert wire.closed()


def test_json_with_charset_is_json(client):
    id = client.add(ADD)
    answer = client.post(f"/wasm/{id}", content=b"[2,40]", headers={"Content-Type": "application/json; charset=utf-8"})
    assert answer.json() == {"results": [42]}
    assert JSON["Content-Type"] in answer.headers["content-type"]
