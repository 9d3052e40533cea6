"""Goals 1, 2, 2b, 3, 4: executing a module, in requests per second and in the server's CPU time per request."""

import contextlib

from harness import inprocess, wasm, wrk
from harness.context import Context
from harness.measure import Row, check_answer, interleave, over
from harness.servers import CALL_ADD, JSON

NAME = "execute"
CALL_TOUCH = b'{"function":"touch","args":[21]}'


def load(context: Context, server, path: str, body_file, connections: int):
    return lambda: wrk.run(server, path, "fixed.lua", ["POST", JSON["Content-Type"], body_file, "-"], connections,
                           context.seconds)


def against_servers(context: Context, goal: str, label: str, module: bytes, function: str, call: bytes,
                    connections: int, targets: tuple) -> list[Row]:
    """Requests per second (goals 1, 2b) and CPU per request (goal 2) against each peer that is a whole server."""
    body = context.file("call.json", call)
    with context.contestants(context.servers) as servers:
        loads = {}
        for name, server in servers.items():
            path = server.upload(module, function)
            check_answer(server, path, call, b'{"results":[42]}', JSON)
            loads[name] = load(context, server, path, body, connections)
        samples = interleave(label, context.rounds, loads)
    return rows_of(goal, label, samples, targets)


def rows_of(goal: str, label: str, samples: dict, targets: tuple) -> list[Row]:
    ours = samples.pop("wasm-server")
    records = {"samples": [s.record() for s in ours]}
    rows = []
    for name, theirs in samples.items() or [("", [])]:
        extra = {**records, "peer_samples": [s.record() for s in theirs]}
        rows.append(Row(goal, label, "requests/s", [s.per_second for s in ours], [s.per_second for s in theirs], name,
                        targets[0], extra=extra))
        if any(s.cpu_us for s in theirs) or not theirs:
            rows.append(Row("2" if goal == "1" else goal, label, "CPU us/request", [s.cpu_us for s in ours],
                            [s.cpu_us for s in theirs], name, targets[1], at_least=False))
    return rows


def over_healthz(context: Context) -> list[Row]:
    """Goal 3: what executing costs over answering at all, against the bare engine on one core."""
    body = context.file("call.json", CALL_ADD)
    with context.server() as server:
        server.start()
        path = server.upload(wasm.add(), "add")
        check_answer(server, path, CALL_ADD, b'{"results":[42]}', JSON)
        samples = interleave("execute over healthz, 32 connections", context.rounds, {
            "execute": load(context, server, path, body, 32),
            "healthz": lambda: wrk.run(server, server.health, "fixed.lua", ["GET", "-", "-", "-"], 32,
                                       context.seconds),
            "engine": lambda: bare_engine_us(context)})
    differences = [e.cpu_us - h.cpu_us for e, h in zip(samples["execute"], samples["healthz"])]
    static = [h.cpu_us for h in samples["healthz"]]
    return [Row("3", "execute `add` minus `/healthz`", "CPU us/request", differences, samples["engine"],
                "bare engine: fresh instance + call", 1.5, at_least=False,
                extra={"healthz_cpu_us": static, "healthz_per_second": [h.per_second for h in samples["healthz"]]})]


def bare_engine_us(context: Context) -> float:
    found = inprocess.run(context.engine_bench, "^BareSync/0$", context.pick(0.5, 0.05))
    return min(entry["cpu_us"] for entry in found.values())


def against_fresh(context: Context) -> list[Row]:
    """Goal 4, and any peer that was named by its address."""
    body = context.file("call.json", CALL_ADD)
    rows = []
    with contextlib.ExitStack() as stack:
        servers = stack.enter_context(context.contestants(context.fresh))
        servers.update(context.running_peers(stack))
        loads = {}
        for name, server in servers.items():
            path = server.upload(wasm.add(), "add")
            if name not in context.running:
                check_answer(server, path, CALL_ADD, b'{"results":[42]}', JSON)
            loads[name] = load(context, server, path, body, 32)
        samples = interleave("execute `add` in a fresh instance, 32 connections", context.rounds, loads)
    goals = {kind.name: kind.goal for kind in context.fresh}
    ours = samples.pop("wasm-server")
    for name, theirs in samples.items():
        rows += rows_of("4", "execute `add`, fresh instance, 32 connections",
                        {"wasm-server": ours, name: theirs}, (goals.get(name), None))
    return rows


def measure(context: Context) -> tuple[list[Row], list]:
    rows = []
    for connections in context.pick((1, 32, 256), (32,)):
        rows += against_servers(context, "1", f"execute `add`, {over(connections)}", wasm.add(), "add",
                                CALL_ADD, connections, (1.3, 0.75))
    rows += against_servers(context, "2b", "execute with 4 MB of memory, 1 MB of data, 32 connections", wasm.touch(),
                            "touch", CALL_TOUCH, 32, (1.5, None))
    if context.engine_bench:
        rows += over_healthz(context)
    if context.fresh or context.running:
        rows += against_fresh(context)
    return rows, []
