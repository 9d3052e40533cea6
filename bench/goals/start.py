"""Goal 9: ready after a start with many modules, and the first call of a module after a restart."""

import os
import statistics
import time

from harness import inprocess, wasm, wrk
from harness.context import Context
from harness.measure import Row, check_answer, interleave
from harness.servers import CALL_ADD, JSON

NAME = "start"


def started_seconds(server) -> float:
    server.start()
    seconds = server.start_seconds
    server.stop()
    return seconds


def ready_after_start(context: Context, goal: str, count: int, most: float) -> Row:
    """With `count` modules stored, at most `most` times what an empty store takes."""
    with context.server() as full, context.server() as empty:
        wrk.store(full.start(), context.file("module.wasm", wasm.add()), count, "m")
        full.stop()
        empty.start().stop()
        what = f"ready after start with {count:,} modules"
        samples = interleave(what, context.rounds, {"full": lambda: started_seconds(full) * 1e3,
                                                    "empty": lambda: started_seconds(empty) * 1e3})
    return Row(goal, what, "ms", samples["full"], samples["empty"], "empty store", most, at_least=False)


def call_us(server, path: str) -> float:
    """One call on a connection of its own, as seen by the client."""
    started = time.perf_counter()
    check_answer(server, path, CALL_ADD, b'{"results":[42]}', JSON)
    return (time.perf_counter() - started) * 1e6


def first_call(context: Context) -> list[Row]:
    """The first call of a 1 MB module after a restart, against a warm call + the time to map its artefact."""
    module = wasm.code(1 << 20)
    file = context.file("module-1mb.wasm", module)
    first, allowed = [], []
    with context.server() as server:
        server.start()
        # A second module is called before, so that what is measured is the module's first call, not the server's.
        path, other = server.upload(module, "add"), server.upload(wasm.add(), "add")
        server.await_ready(path)

        def first_us():
            server.stop()
            server.start()
            call_us(server, other)
            first.append(call_us(server, path))
            return first[-1]

        def allowed_us():
            warm = statistics.median(call_us(server, path) for _ in range(50))
            mapped = inprocess.run(context.engine_bench, "^MapFile$", context.pick(0.2, 0.02),
                                   {**os.environ, "WS_BENCH_MODULE": str(file)})
            allowed.append(warm + mapped["MapFile"]["real_us"])
            return allowed[-1]

        interleave("first call of a 1 MB module after a restart", context.rounds,
                   {"first": first_us, "allowed": allowed_us})
    return [Row("9", "first call of a 1 MB module after a restart", "us", first, allowed,
                "a warm call + mapping the artefact", 2.0, at_least=False)]


def measure(context: Context) -> tuple[list[Row], list]:
    # Issue B: with 1,000 modules as fast as with none.
    rows = [ready_after_start(context, "9a", context.pick(1_000, 50), 1.1),
            ready_after_start(context, "9", context.pick(10_000, 500), 2.0)]
    if context.engine_bench and not context.quick:
        rows += first_call(context)
    return rows, []
