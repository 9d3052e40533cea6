"""Goal 8: how long `add` takes while two guests spin on both cores."""

import os

from harness import wasm, wrk
from harness.clients import clients
from harness.context import Context
from harness.measure import Row, interleave, over
from harness.servers import CALL_ADD, JSON, WasmServer

NAME = "isolation"


def spinning(server: WasmServer, path: str, guests: int):
    """`guests` calls of an endless loop, each called again when its deadline has stopped it."""
    return clients(guests, lambda _: server.ask("POST", path, b"[]", {**JSON, "Wasm-Timeout-Ms": "3000"}), 10)


def measure(context: Context) -> tuple[list[Row], list]:
    body = context.file("call.json", CALL_ADD)
    guests = os.cpu_count()
    rows = []
    with context.server() as server:
        server.start()
        path, spin = server.upload(wasm.add(), "add"), server.upload(wasm.spin(), "spin")
        for connections in context.pick((1, 8, 32), (8,)):
            def quiet():
                return wrk.run(server, path, "fixed.lua", ["POST", JSON["Content-Type"], body, "-"], connections,
                               context.seconds)

            def disturbed():
                with spinning(server, spin, guests):
                    return quiet()

            what = f"p99 of `add` while {guests} guests spin, {over(connections)}"
            samples = interleave(what, context.rounds, {"quiet": quiet, "spinning": disturbed})
            rows.append(Row("8", what, "us", [s.p99 for s in samples["spinning"]], [s.p99 for s in samples["quiet"]],
                            "the same, quiet", 2.0, at_least=False,
                            extra={"samples": [s.record() for s in samples["spinning"]],
                                   "peer_samples": [s.record() for s in samples["quiet"]]}))
    return rows, []
