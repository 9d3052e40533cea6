"""GET /wasm/{id}/logs: how executions ended and what they wrote to stderr, over restarts, and followed as it comes."""

import json
import subprocess
import threading

import pytest

from support.cli import REFUSED, Cli
from support.client import Client, assert_problem
from support.modules import ADD
from support.server import wait_until

contract = pytest.mark.contract

# Writes its standard input to standard error, and exits with 3.
COMPLAINER = r"""
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 2)
  (func (export "_start")
    (loop $more
      (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 65000))
      (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (i32.store (i32.const 4) (i32.load (i32.const 8)))
      (if (i32.load (i32.const 8)) (then
        (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 12)))
        (br $more))))
    (call $exit (i32.const 3))))
"""
TRAPS = '(module (func (export "f") (unreachable)))'


def entries(client: Client, id: str, **query) -> list[dict]:
    answer = client.get(f"/wasm/{id}/logs", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


@contract("GET /wasm/{id}/logs 200", "GET /wasm/{id}/logs 400", "GET /wasm/{id}/logs 404", "HEAD /wasm/{id}/logs")
def test_each_end_is_there_with_what_was_written(fresh_server):
    server = fresh_server()
    with Client(server.url) as client:
        for id, code in (("add", ADD), ("complainer", COMPLAINER), ("traps", TRAPS)):
            client.add_ready(code, id)
        client.results("add", [1, 2])
        client.post("/wasm/complainer", content="one\ntwo\x1b[2J\n".encode(), headers={"Content-Type": "text/plain"})
        client.post("/wasm/complainer", content=b"\xff\0", headers={"Accept": "text/plain", "Content-Type": "text/plain"})
        assert_problem(client.post("/wasm/traps", json=[], headers={"X-Request-Id": "my-id"}), 422, "guest-trap")
        [added] = entries(client, "add")
        assert added["ended"] == "returned" and added["function"] == "add" and added["revision"] == 1
        assert "stderr" not in added and added["run_us"] >= 0
        first, second = entries(client, "complainer")
        assert first["ended"] == "exited" and first["exit_code"] == 3 and first["stderr"] == "one\ntwo\x1b[2J\n"
        assert second["stderr_base64"] == "/wA=" and first["number"] < second["number"]
        [trap] = entries(client, "traps")
        assert (trap["ended"], trap["request_id"]) == ("guest-trap", "my-id") and "unreachable" in trap["detail"]
        assert client.head("/wasm/traps/logs").status_code == 200
        assert_problem(client.get("/wasm/traps/logs", params={"limit": "no"}), 400, "bad-request", "limit")
        assert_problem(client.get("/wasm/nobody/logs"), 404, "not-found")


def test_they_outlive_a_restart_and_a_kill_but_not_their_module(fresh_server):
    server = fresh_server()
    with Client(server.url) as client:
        client.add_ready(COMPLAINER, "m")
        client.post("/wasm/m", content=b"before the restart", headers={"Content-Type": "text/plain"})
    server.restart()
    with Client(server.url) as client:
        client.post("/wasm/m", content=b"before the kill", headers={"Content-Type": "text/plain"})
        wait_until(lambda: b"before the kill" in (server.data / "executions").read_bytes())
    server.kill()
    server.start()
    with Client(server.url) as client:
        client.post("/wasm/m", content=b"after", headers={"Content-Type": "text/plain"})
        all = entries(client, "m")
        assert [entry["stderr"] for entry in all] == ["before the restart", "before the kill", "after"]
        assert [entry["number"] for entry in all] == sorted({entry["number"] for entry in all})
        client.delete("/wasm/m")
        client.add_ready(COMPLAINER, "m")
        assert entries(client, "m") == []
    server.restart()
    with Client(server.url) as client:
        assert entries(client, "m") == []


@contract("GET /wasm/{id}/logs 503")
def test_a_log_is_followed_as_it_comes(fresh_server):
    server = fresh_server()
    got: list[dict] = []

    def follow() -> None:
        with Client(server.url) as follower, follower.stream("GET", "/wasm/m/logs", params={"follow": "true"}) as answer:
            assert answer.headers["content-type"] == "text/event-stream"
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    got.append(json.loads(line.removeprefix("data: ")))

    with Client(server.url) as client:
        client.add_ready(COMPLAINER, "m")
        send = lambda text: client.post("/wasm/m", content=text, headers={"Content-Type": "text/plain"})  # noqa: E731
        send(b"first")
        thread = threading.Thread(target=follow)
        thread.start()
        wait_until(lambda: len(got) == 1)
        send(b"data: {\n\nid: 7\n")
        wait_until(lambda: len(got) == 2)
        assert [entry["stderr"] for entry in got] == ["first", "data: {\n\nid: 7\n"]
        with client.stream("GET", "/wasm/m/logs", params={"follow": "true"},
                           headers={"Last-Event-ID": str(got[0]["number"])}) as again:
            lines = again.iter_lines()
            assert next(line for line in lines if line.startswith("id: ")) == f"id: {got[1]['number']}"
        client.delete("/wasm/m")
        thread.join(timeout=30)
        assert not thread.is_alive(), "it ends with the module"


def test_following_ends_with_the_server(fresh_server):
    server = fresh_server()
    with Client(server.url) as client:
        client.add_ready(ADD, "m")
        with client.stream("GET", "/wasm/m/logs", params={"follow": "true"}) as answer:
            lines = answer.iter_lines()
            next(lines)
            stopping = threading.Thread(target=server.stop)
            stopping.start()
            for _ in lines:
                pass
            stopping.join()


def test_too_many_followers_are_told_so(fresh_server):
    server = fresh_server("--workers", "1")
    with Client(server.url) as client:
        client.add_ready(ADD, "m")
        request = b"GET /wasm/m/logs?follow=true HTTP/1.1\r\nHost: localhost\r\n\r\n"
        connections = [server.connect() for _ in range(257)]
        for connection in connections:
            connection.sendall(request)
        heads = sorted(connection.recv(12) for connection in connections)
        assert heads[0] == b"HTTP/1.1 200" and heads[-2] == b"HTTP/1.1 200" and heads[-1] == b"HTTP/1.1 503"
        for connection in connections:
            connection.close()
        assert client.results("m", [2, 40]) == [42]


def test_the_log_is_bounded_and_may_be_off(fresh_server):
    server = fresh_server("--execution-log-bytes", "256KiB")
    with Client(server.url) as client:
        client.add_ready(COMPLAINER, "m")
        client.add_ready(ADD, "other")
        client.results("other", [1, 1])
        for _ in range(300):
            client.post("/wasm/m", content=b"x" * 10_000, headers={"Content-Type": "text/plain"})
        kept = entries(client, "m", limit=1000)
        assert 4 <= len(kept) <= 30 and all(len(entry["stderr"]) == 4096 and entry["stderr_cut"] for entry in kept)
        assert len(entries(client, "other")) == 1, "a loud module does not push out a quiet one"
    server.stop()
    assert sum(path.stat().st_size for path in server.data.glob("executions*")) < 300_000
    server = fresh_server("--execution-log-bytes", "0")
    with Client(server.url) as client:
        client.add_ready(ADD, "m")
        client.results("m", [1, 2])
        assert entries(client, "m") == []
    server.stop()
    assert not list(server.data.glob("executions*"))


def test_the_command_shows_them(fresh_server, binary, tmp_path):
    server = fresh_server()
    cli = Cli(binary, server.url, tmp_path)
    with Client(server.url) as client:
        client.add_ready(COMPLAINER, "m")
        client.post("/wasm/m", content=b"line one\nline \x1b[31mtwo", headers={"Content-Type": "text/plain"})
        head, first, second = cli.ok("logs", "m").out.splitlines()
        assert "exited 3" in head and first == "  | line one" and second == "  | line \\x1b[31mtwo"
        [entry] = map(json.loads, cli.ok("logs", "--json", "m").out.splitlines())
        assert entry["stderr"] == "line one\nline \x1b[31mtwo"
        assert "no module" in cli.refused(REFUSED, "logs", "nobody")
        following = subprocess.Popen([binary, "logs", "-f", "m"], env=cli.env, stdout=subprocess.PIPE, text=True)
        assert "exited 3" in following.stdout.readline()
        client.post("/wasm/m", content=b"live", headers={"Content-Type": "text/plain"})
        lines = [following.stdout.readline() for _ in range(4)]
        assert lines[-1] == "  | live\n"
        client.delete("/wasm/m")
        assert following.wait(timeout=30) == 0
