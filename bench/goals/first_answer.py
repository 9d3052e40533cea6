"""Goal 11: from the upload of a large module to its first answer, and the first call of a small one."""

import itertools
import os
import statistics
import time

from harness import inprocess, wasm
from harness.context import Context
from harness.measure import Row, interleave
from harness.process import Failed
from harness.servers import CALL_ADD, JSON, WasmServer

NAME = "first_answer"


def upload_to_answer_seconds(context: Context, module: bytes) -> float:
    """With an empty store, so that nothing is known of the module."""
    with context.server() as server:
        server.start()
        started = time.monotonic()
        path = server.upload(module, "add")
        while True:
            status, answer = server.ask("POST", path, CALL_ADD, JSON, timeout=120)
            if status == 200:
                return time.monotonic() - started
            if status not in (503, 504) or time.monotonic() - started > 300:
                raise Failed(f"the first call was answered {status}: {answer[:200]!r}")


def call_seconds(server: WasmServer, path: str) -> float:
    started = time.monotonic()
    status, answer = server.ask("POST", path, CALL_ADD, JSON)
    if status != 200:
        raise Failed(f"a call was answered {status}: {answer[:200]!r}")
    return time.monotonic() - started


def first_calls(context: Context, numbers) -> tuple[float, float]:
    """Medians over new modules, in milliseconds: of the call that follows the upload, and of the call after that."""
    first, second = [], []
    with context.server() as server:
        server.start()
        call_seconds(server, server.upload(wasm.add(), "add"))
        for number in itertools.islice(numbers, context.pick(200, 5)):
            path = server.upload(wasm.unique(wasm.add(), number), "add")
            first.append(call_seconds(server, path) * 1e3)
            second.append(call_seconds(server, path) * 1e3)
    return statistics.median(first), statistics.median(second)


def small_modules(context: Context) -> Row:
    what = "first call of a new small module"
    numbers = itertools.count()
    found = [first_calls(context, numbers) for _ in range(context.rounds)]
    return Row("11a", what, "ms", [first for first, _ in found], [second for _, second in found], "the call after it",
               at_least=False)


def cranelift_seconds(context: Context, file) -> float:
    found = inprocess.run(context.engine_bench, "^CompileFile", 0.01, {**os.environ, "WS_BENCH_MODULE": str(file)})
    return min(entry["real_us"] for entry in found.values()) / 1e6


def measure(context: Context) -> tuple[list[Row], list]:
    label, size = context.pick(("10 MB", 10 << 20), ("100 KB", 100 << 10))
    module = wasm.code(size)
    file = context.file("module-large.wasm", module)
    what = f"first answer of a {label} module, from its upload on"
    contestants = {"wasm-server": lambda: upload_to_answer_seconds(context, module)}
    if context.engine_bench:
        contestants["Cranelift alone"] = lambda: cranelift_seconds(context, file)
    samples = interleave(what, context.rounds, contestants)
    large = Row("11", what, "s", samples["wasm-server"], samples.get("Cranelift alone", []),
                "Cranelift alone, all cores" if context.engine_bench else "", 0.25 if context.engine_bench else None,
                at_least=False)
    return [large, small_modules(context)], []
