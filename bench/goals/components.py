"""Issue G's goals: handlers of wasi:http against `wasmtime serve`, typed components against core modules."""

import os
import pathlib
import socket

from harness import wasm, wrk
from harness.clients import clients
from harness.context import Context
from harness.measure import Row, interleave, over, say
from harness.process import Failed
from harness.servers import JSON, WasmServer
from harness.wasmtime_serve import WasmtimeServe, obtain

NAME = "components"
CONNECTIONS = 32
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "wasm-server"

ADD = b"""(component
  (core module $m (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
  (core instance $i (instantiate $m))
  (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add"))))"""


def handler(context: Context, name: str) -> bytes:
    return (context.root / "tests" / "guests" / "components" / f"{name}.wat").read_bytes()


def store(server: WasmServer, id: str, text: bytes) -> None:
    status, answer = server.ask("POST", f"/wasm?id={id}", text, {"Content-Type": "text/wat"})
    if status != 201:
        raise Failed(f"{server.name} answered {status} to an upload: {answer.decode(errors='replace')}")
    server.await_ready(f"/wasm/{id}")


def rows_of(number: str, what: str, samples: dict, peer: str, rate: float, cpu: float) -> list[Row]:
    ours, theirs = samples["wasm-server"], samples[peer]
    extra = {"samples": [s.record() for s in ours], "peer_samples": [s.record() for s in theirs]}
    return [Row(number, what, "requests/s", [s.per_second for s in ours], [s.per_second for s in theirs], peer, rate,
                extra=extra),
            Row(number, what, "CPU us/request", [s.cpu_us for s in ours], [s.cpu_us for s in theirs], peer, cpu,
                at_least=False)]


def against_serve(context: Context, server: WasmServer) -> list[Row]:
    """G1 and G2."""
    program, rows = obtain(CACHE), []
    body = context.file("1mb", bytes(range(256)) * 4096)
    for number, name, label, request, connections, rate in (
            ("G1", "http-hello", "`http-hello`", ["GET", "-", "-", "-"], CONNECTIONS, 1.5),
            ("G2", "http-echo", "`http-echo` with 1 MB", ["POST", "application/octet-stream", body, "-"], 4, 1.3)):
        store(server, name, handler(context, name))
        with WasmtimeServe(program, context.work, handler(context, name)) as serve:
            serve.start()
            what = f"{label}, {over(connections)}"
            samples = interleave(what, context.rounds, {
                "wasm-server": lambda: wrk.run(server, f"/http/{name}/", "fixed.lua", request, connections,
                                               context.seconds),
                "wasmtime serve": lambda: wrk.run(serve, "/", "fixed.lua", request, connections, context.seconds)})
            rows += rows_of(number, what, samples, "wasmtime serve", rate, 0.6 if number == "G1" else 1.0)
    return rows


def typed(context: Context, server: WasmServer) -> list[Row]:
    """G4."""
    store(server, "typed", ADD)
    core = server.upload(wasm.add(), "add")
    server.await_ready(core)
    body = context.file("sum.json", b"[2,40]")
    what = f"typed `add` of a component, {over(CONNECTIONS)}"

    def call(path: str):
        return wrk.run(server, path, "fixed.lua", ["POST", JSON["Content-Type"], body, "-"], CONNECTIONS,
                       context.seconds)

    samples = interleave(what, context.rounds, {"wasm-server": lambda: call("/wasm/typed"),
                                                "core module": lambda: call(core)})
    return rows_of("G4", what, samples, "core module", 0.67, 1.5)


def beside_others(context: Context, server: WasmServer) -> list[Row]:
    """G5: the p99 of `http-hello` beside handlers that spin, and beside many that sleep."""
    store(server, "http-spin", handler(context, "http-spin"))
    # As http-hello, after a minute instead of 50 ms.
    store(server, "sleeper", handler(context, "http-sleep").replace(b"50000000", b"60000000000"))
    sleepers = context.pick(10_000, 100)

    def quiet():
        return wrk.run(server, "/http/http-hello/", "fixed.lua", ["GET", "-", "-", "-"], 8, context.seconds)

    def beside(path: str, count: int):
        with clients(count, lambda _: server.ask("GET", path, headers={"Wasm-Timeout-Ms": "3000"}), 10):
            return quiet()

    rows = []
    for label, disturbed in (("2 handlers spin", lambda: beside("/http/http-spin/", 2)),
                             (f"{sleepers:,} handlers sleep", lambda: asleep(server, sleepers, quiet))):
        what = f"p99 of `http-hello` while {label}, {over(8)}"
        samples = interleave(what, context.rounds, {"quiet": quiet, "disturbed": disturbed})
        rows.append(Row("G5", what, "us", [s.p99 for s in samples["disturbed"]], [s.p99 for s in samples["quiet"]],
                        "the same, quiet", 2.0, at_least=False,
                        extra={"samples": [s.record() for s in samples["disturbed"]],
                               "peer_samples": [s.record() for s in samples["quiet"]]}))
    return rows


def asleep(server: WasmServer, count: int, measured):
    """`measured`, while so many requests wait for handlers that sleep; their connections are cut afterwards."""
    waiting = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(count)]
    try:
        for connection in waiting:
            connection.sendall(b"GET /http/sleeper/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        return measured()
    finally:
        for connection in waiting:
            connection.close()


def measure(context: Context) -> tuple[list[Row], list]:
    with context.server() as server:
        server.start()
        rows = typed(context, server)
        try:
            rows += against_serve(context, server)
        except Failed as reason:
            say(f"  without wasmtime serve: {reason}")
        if not server_has(server, "http-hello"):
            store(server, "http-hello", handler(context, "http-hello"))
        return rows + beside_others(context, server), []


def server_has(server: WasmServer, id: str) -> bool:
    return server.ask("GET", f"/wasm/{id}?wasm=false")[0] == 200
