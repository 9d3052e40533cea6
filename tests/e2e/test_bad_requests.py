"""Requests that are not HTTP as this server takes it."""

import socket

import pytest

from support.raw import RawConnection, get, post

contract = pytest.mark.contract

BAD_REQUESTS = {
    "no host": "GET /healthz HTTP/1.1\r\n\r\n",
    "two hosts": "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "space before colon": get("/healthz", "X-A : b"),
    "folded header": get("/healthz", "X-A: b\r\n c"),
    "no colon": get("/healthz", "nonsense"),
    "empty name": get("/healthz", ": b"),
    "NUL in value": get("/healthz", "X-A: a\0b"),
    "bare CR": get("/healthz", "X-A: a\rb"),
    "bad length": get("/wasm", "Content-Length: x", method="POST"),
    "negative length": get("/wasm", "Content-Length: -1", method="POST"),
    "signed length": get("/wasm", "Content-Length: +1", method="POST"),
    "length too large for a number": get("/wasm", "Content-Length: 99999999999999999999999", method="POST"),
    "lengths that differ": get("/wasm", "Content-Length: 1", "Content-Length: 2", method="POST"),
    "length list that differs": get("/wasm", "Content-Length: 1, 2", method="POST"),
    "length and chunked": get("/wasm", "Content-Length: 5", "Transfer-Encoding: chunked", method="POST") + "0\r\n\r\n",
    "chunked not last": get("/wasm", "Transfer-Encoding: chunked, gzip", method="POST"),
    "chunked twice": get("/wasm", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked", method="POST"),
    "unknown coding": get("/wasm", "Transfer-Encoding: xchunked", method="POST"),
    "chunked in 1.0": get("/wasm", "Transfer-Encoding: chunked", method="POST", version="1.0") + "0\r\n\r\n",
    "bad chunk size": get("/wasm", "Transfer-Encoding: chunked", method="POST") + "xyz\r\nx\r\n",
    "negative chunk size": get("/wasm", "Transfer-Encoding: chunked", method="POST") + "-1\r\nx\r\n",
    "chunk size beyond 64 bits": get("/wasm", "Transfer-Encoding: chunked", "Content-Type: application/wasm",
                                     method="POST") + "fffffffffffffffff\r\n",
    "chunk without its end": get("/wasm", "Transfer-Encoding: chunked", "Content-Type: application/wasm",
                                 method="POST") + "3\r\nabcdef\r\n0\r\n\r\n",
    "HTTP/2 preface": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "version 3": get("/healthz", version="3.0"),
    "no version": "GET /healthz\r\n\r\n",
    "control in target": "GET /heal\x01thz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "spaces in target": "GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "TLS": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "bad percent": get("/wasm/%zz"),
    **{f"Host: {host}": f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n"
       for host in ("a:b", "a:1:2", "[::1", "::1", "a:65536", "me@a")},
    "bad host in target": get("http://a:b/healthz"),
    "CONNECT": "CONNECT example.test:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


@contract("5: bad-request")
@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_what_is_not_http_that_we_accept(server, name):
    with RawConnection(server) as wire:
        wire.send(BAD_REQUESTS[name].encode("latin-1"))
        if name == "TLS":
            wire.socket.shutdown(socket.SHUT_WR)
        answer = wire.read()
        allowed = {"CONNECT": {404, 405, 501, 400}, "version 3": {400, 505}, "HTTP/2 preface": {400, 505},
                   "unknown coding": {400, 501}, "chunked not last": {400, 501}, "bad percent": {400, 404},
                   "chunk size beyond 64 bits": {400, 413},
                   "length too large for a number": {400, 413}}.get(name, {400})
        assert answer.status in allowed, answer
        assert answer.header("content-type") == "application/problem+json"
        if "chunk" in name or "length" in name or "coding" in name:
            assert wire.closed(), "what follows a framing error must not be taken for a request"


def test_a_request_cannot_be_smuggled_in_a_body(server):
    inner = get("/nobody")
    with RawConnection(server) as wire:
        wire.send(get("/wasm", "Content-Length: 4", "Transfer-Encoding: chunked", method="POST") + "0\r\n\r\n" + inner)
        assert wire.read().status == 400 and wire.closed()
    # A body that nobody wants is still a body, not the next request.
    with RawConnection(server) as wire:
        wire.send(post("/healthz", inner.encode()) + get("/healthz").encode())
        assert wire.read().status == 405
        assert wire.read().status == 200
