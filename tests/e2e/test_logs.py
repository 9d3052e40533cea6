"""The server's log: its two forms, and the line of a request."""

import json

import pytest

from support.client import Client
from support.modules import ADD
from support.raw import RawConnection, get

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}


def lines(server) -> list[str]:
    server.stop()
    return server.stderr_text().splitlines()


def test_requests_are_logged_as_objects(fresh_server):
    server = fresh_server("--log-format", "json", "--access-log")
    with Client(server.url) as client:
        client.add(ADD, "m")
        answer = client.get("/wasm/m", params={"wasm": "false"}, headers={**PARENT, "X-Request-Id": "mine"})
        assert answer.headers["traceparent"].split("-")[1] == TRACE
        size = len(answer.content)
    objects = [json.loads(line) for line in lines(server)]
    assert all({"time", "level"} < set(line) for line in objects)
    assert any(line.get("message", "").startswith("listening on") for line in objects)
    [line] = [line for line in objects if line.get("request") == "mine"]
    assert line["event"] == "request" and line["method"] == "GET" and line["path"] == "/wasm/m"
    assert (line["route"], line["status"], line["bytes"], line["trace"]) == ("get_wasm", 200, size, TRACE)
    assert "token" not in line and isinstance(line["us"], int)


def test_no_request_makes_a_second_line(fresh_server):
    server = fresh_server("--access-log")
    for path, status in (('/a"b=c%0Ad\x7f\xe9 x', 400), ('/a"status=200', 404)):
        with RawConnection(server) as wire:
            assert wire.request(get(path)).status == status
    found = [line for line in lines(server) if " request " in line]
    assert len(found) == 2 and all(line.count("status=") - line.count('\\"status=') == 1 for line in found)


@pytest.mark.parametrize("flags", [(), ("--log-format", "json")])
def test_requests_are_not_logged_unless_that_is_asked_for(fresh_server, flags):
    server = fresh_server(*flags)
    with Client(server.url) as client:
        client.get("/wasm/nobody")
    assert not any("nobody" in line for line in lines(server))
