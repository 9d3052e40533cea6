"""Goal 11: from the upload of a large module to its first answer."""

import os
import time

from harness import inprocess, wasm
from harness.context import Context
from harness.measure import Row, interleave
from harness.process import Failed
from harness.servers import CALL_ADD, JSON

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
    return [Row("11", what, "s", samples["wasm-server"], samples.get("Cranelift alone", []),
                "Cranelift alone, all cores" if context.engine_bench else "", 0.25 if context.engine_bench else None,
                at_least=False)], []
