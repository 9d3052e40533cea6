"""Row 13: HTTP/1.1 over TLS, against nginx, and what it costs a short call (issue F: at least 0.8 of either)."""

from harness import certificate, wasm, wrk
from harness.context import Context
from harness.measure import Row, check_answer, interleave, over
from harness.process import Failed
from harness.servers import CALL_ADD, JSON, Nginx

NAME = "tls"
CONNECTIONS = 32
SIZE = 1 << 10
TARGET = 0.8


def measure(context: Context) -> tuple[list[Row], list]:
    own = certificate.make(context.work)
    flags = ("--tls-cert", str(own.file), "--tls-key", str(own.key))
    with context.server(*flags) as over_tls, context.server() as plain, Nginx(context.work, own) as nginx:
        for server in (over_tls, plain, nginx):
            server.start()
        return read(context, over_tls, nginx) + call(context, over_tls, plain), []


def read(context: Context, server, nginx) -> list[Row]:
    module = wasm.add_with_data(SIZE)
    path = server.upload(module, "add")
    (nginx.files / "small.wasm").write_bytes(module)
    accept = "application/wasm"
    for peer, at in ((server, path), (nginx, "/small.wasm")):
        status, answer = peer.ask("GET", at, headers={"Accept": accept})
        if status != 200 or answer != module:
            raise Failed(f"{peer.name} answered {status} with {len(answer)} bytes, not the {len(module)} stored")
    what = f"GET raw 1 KB over TLS, {over(CONNECTIONS)}"
    samples = interleave(what, context.rounds, {
        name: lambda peer=peer, at=at: wrk.run(peer, at, "fixed.lua", ["GET", "-", "-", accept], CONNECTIONS, context.seconds)
        for name, peer, at in (("wasm-server", server, path), ("nginx", nginx, "/small.wasm"))})
    return rows_of(what, samples["wasm-server"], samples["nginx"], "nginx, TLS")


def call(context: Context, over_tls, plain) -> list[Row]:
    body = context.file("call.json", CALL_ADD)
    paths = {}
    for server in (over_tls, plain):
        paths[server] = server.upload(wasm.add(), "add")
        check_answer(server, paths[server], CALL_ADD, b'{"results":[42]}', JSON)
    what = f"execute `add` over TLS, {over(CONNECTIONS)}"
    samples = interleave(what, context.rounds, {
        name: lambda server=server: wrk.run(server, paths[server], "fixed.lua", ["POST", JSON["Content-Type"], body, "-"],
                                            CONNECTIONS, context.seconds)
        for name, server in (("wasm-server", over_tls), ("plain", plain))})
    return rows_of(what, samples["wasm-server"], samples["plain"], "the same without TLS")


def rows_of(what: str, ours: list, theirs: list, peer: str) -> list[Row]:
    extra = {"samples": [sample.record() for sample in ours]}
    return [Row("13", what, unit, [getattr(sample, value) for sample in ours], [getattr(sample, value) for sample in theirs],
                peer, TARGET if value == "per_second" else None, at_least=value == "per_second", extra=extra)
            for unit, value in (("requests/s", "per_second"), ("CPU us/request", "cpu_us"))]
