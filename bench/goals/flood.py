"""How long `add` takes, and how many of it are served, while large modules that all differ are uploaded."""

import itertools

from harness import wasm, wrk
from harness.clients import clients
from harness.context import Context
from harness.measure import Row, interleave, over, say
from harness.servers import CALL_ADD, JSON, WASM, WasmServer

NAME = "flood"
CLIENTS = 4


def flooding(server: WasmServer, module: bytes, numbers, stored: list):
    """CLIENTS clients, each uploading one module after the other; a server that is full says so, and the client waits
    as it is told."""
    def upload(over):
        status, _ = server.ask("POST", "/wasm", wasm.unique(module, next(numbers)), WASM)
        stored.append(status)
        if status == 503:
            over.wait(1)

    return clients(CLIENTS, upload, 60)


def measure(context: Context) -> tuple[list[Row], list]:
    label, size = context.pick(("10 MB", 10 << 20), ("100 KB", 100 << 10))
    module = wasm.code(size)
    body = context.file("call.json", CALL_ADD)
    connections = 8
    numbers, stored, samples = itertools.count(), [], {"quiet": [], "flood": []}
    for _ in range(context.rounds):
        # A server for each round: what the last flood left to be compiled would disturb the next quiet run.
        with context.server() as server:
            server.start()
            path = server.upload(wasm.add(), "add")
            server.await_ready(path)

            def quiet():
                return wrk.run(server, path, "fixed.lua", ["POST", JSON["Content-Type"], body, "-"], connections,
                               context.seconds)

            def flooded():
                with flooding(server, module, numbers, stored):
                    return quiet()

            round = interleave(f"`add` while {CLIENTS} clients upload {label} modules, {over(connections)}", 1,
                               {"quiet": quiet, "flood": flooded})
            for name, found in round.items():
                samples[name] += found
            say(f"  {stored.count(201)} modules stored so far, {stored.count(503)} uploads refused")
    quiet_runs, flood_runs = samples["quiet"], samples["flood"]
    extra = {"samples": [s.record() for s in flood_runs], "peer_samples": [s.record() for s in quiet_runs]}
    what = f"`add` while {CLIENTS} clients upload {label} modules, {over(connections)}"
    rows = [
        Row("8b", "p99 of " + what, "us", [s.p99 for s in flood_runs], [s.p99 for s in quiet_runs], "the same, quiet", 2.0,
            at_least=False, extra=extra),
        Row("8b", what, "requests/s", [s.per_second for s in flood_runs], [s.per_second for s in quiet_runs],
            "the same, quiet", extra=extra),
    ]
    return rows, []
