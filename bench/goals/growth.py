"""Goal 12: what an execution costs as the work grows: modules, body size, connections, workers."""

from harness import wasm, wrk
from harness.context import Context
from harness.measure import Curve, Row, interleave
from harness.servers import CALL_ADD, JSON
from goals.memory import settle

NAME = "growth"


def by_modules(context: Context):
    """`add` of 1 to 100,000 stored modules, chosen evenly; all were stored and called before, so that only the choice
    grows, and no first call's compilation is in it."""
    steps = context.pick((1, 10, 100, 1_000, 10_000, 100_000), (1, 100))
    rates, costs = Curve("requests/s"), Curve("CPU us/request")
    with context.server() as server:
        server.start()
        wrk.store(server, context.file("module.wasm", wasm.add()), steps[-1], "m")
        wrk.execute_each(server, steps[-1], "m")
        settle(server, context.pick(600, 5))
        samples = interleave("execute, by number of modules", context.rounds, {
            str(n): lambda n=n: wrk.run(server, "/", "uniform.lua", ["m", n], 32, context.seconds) for n in steps})
    for n in steps:
        rates.add(n, [s.per_second for s in samples[str(n)]])
        costs.add(n, [s.cpu_us for s in samples[str(n)]])
    row = Row("12", f"execute 1 of {steps[-1]:,} modules, against 1 of 1", "requests/s", rates.values[-1],
              rates.values[0], "one module", 0.9)
    return row, ("modules", "modules executed evenly", "requests/s", [rates.record()]), \
        ("modules_cpu", "modules executed evenly", "server CPU us/request", [costs.record()])


def by_body(context: Context):
    """A command that copies its input to its output, by the size of the body."""
    echo = (context.root / "tests" / "guests" / "commands" / "echo.wat").read_bytes()
    sizes = context.pick((1, 1 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20), (1, 64 << 10))
    curve = Curve("echo command, 8 connections")
    with context.server() as server:
        server.start()
        server.ask("POST", "/wasm?id=echo", echo, {"Content-Type": "text/wat"})
        server.await_ready("/wasm/echo")
        bodies = {size: context.file(f"body-{size}", b"x" * size) for size in sizes}
        samples = interleave("execute, by body size", context.rounds, {
            str(size): lambda body=body: wrk.run(server, "/wasm/echo", "fixed.lua",
                                                 ["POST", "application/octet-stream", body, "text/plain"], 8,
                                                 context.seconds) for size, body in bodies.items()})
    for size in sizes:
        curve.add(size, [s.cpu_us for s in samples[str(size)]])
    middle, last = len(sizes) // 2, -1
    per_byte = [[v / sizes[at] for v in curve.values[at]] for at in (last, middle)]
    row = Row("12", f"CPU per byte of body at {sizes[last] >> 10} KB, against {sizes[middle] >> 10} KB", "CPU us/byte",
              per_byte[0], per_byte[1], "the smaller body", 1.1, at_least=False)
    return row, ("body", "body bytes", "server CPU us/request", [curve.record()])


def by_connections(context: Context):
    steps = context.pick((1, 10, 32, 100, 1_000, 10_000), (1, 100))
    body = context.file("call.json", CALL_ADD)
    rates, costs = Curve("requests/s"), Curve("CPU us/request")
    with context.server() as server:
        server.start()
        path = server.upload(wasm.add(), "add")
        samples = interleave("execute, by connections", context.rounds, {
            str(n): lambda n=n: wrk.run(server, path, "fixed.lua", ["POST", JSON["Content-Type"], body, "-"], n,
                                        context.seconds) for n in steps})
    for n in steps:
        rates.add(n, [s.per_second for s in samples[str(n)]])
        costs.add(n, [s.cpu_us for s in samples[str(n)]])
    at = min(2, len(steps) - 1)
    row = Row("12", f"execute `add`, {steps[-1]:,} connections against {steps[at]}", "CPU us/request",
              costs.values[-1], costs.values[at], f"{steps[at]} connections", 1.25, at_least=False)
    return row, ("connections", "connections", "requests/s", [rates.record()])


def by_workers(context: Context):
    """One server per number of workers; wrk shares the cores, so the last step can't be whole."""
    curve = Curve("requests/s")
    body = context.file("call.json", CALL_ADD)
    steps = (1, 2)
    with context.server("--workers", "1") as one, context.server("--workers", "2") as two:
        paths = {server: server.start().upload(wasm.add(), "add") for server in (one, two)}
        samples = interleave("execute, by workers", context.rounds, {
            str(n): lambda server=server: wrk.run(server, paths[server], "fixed.lua",
                                                  ["POST", JSON["Content-Type"], body, "-"], 64, context.seconds)
            for n, server in zip(steps, (one, two))})
    for n in steps:
        curve.add(n, [s.per_second for s in samples[str(n)]])
    row = Row("12", "execute `add`, 2 workers against 1", "requests/s", curve.values[1], curve.values[0], "1 worker",
              note="wrk takes its share of the same 2 cores")
    return row, ("workers", "workers", "requests/s", [curve.record()])


def measure(context: Context) -> tuple[list[Row], list]:
    rows, plots = [], []
    for part in (by_modules, by_body, by_connections, by_workers):
        row, *curves = part(context)
        rows.append(row)
        plots += curves
    return rows, plots
