"""Goal 10: resident memory with many modules stored and nothing to do."""

import time

from harness import wasm, wrk
from harness.context import Context
from harness.measure import Curve, Row, say

NAME = "memory"


def settle(server, seconds: float) -> None:
    """Until it uses no more CPU: what was stored is compiled, what was freed is given back."""
    end = time.monotonic() + seconds
    before = server.cpu_seconds()
    while time.monotonic() < end:
        time.sleep(1)
        now = server.cpu_seconds()
        if now - before < 0.03:
            return
        before = now


def measure(context: Context) -> tuple[list[Row], list]:
    """Anonymous memory counts; mapped database pages belong to the kernel's cache (shown beside it)."""
    steps = context.pick((1_000, 10_000, 50_000, 100_000), (200, 1_000))
    private, with_files = Curve("anonymous"), Curve("with mapped files")
    body = context.file("module.wasm", wasm.add())
    with context.server() as server:
        server.start()
        stored = 0
        for count in steps:
            wrk.store(server, body, count - stored, f"step{count}-")
            stored = count
            settle(server, context.pick(600, 5))
            private.add(count, [server.resident_bytes()])
            with_files.add(count, [server.resident_with_files_bytes()])
            say(f"  {count:,} modules: {private.values[-1][0] / 1e6:.1f} MB of its own, "
                f"{with_files.values[-1][0] / 1e6:.1f} MB with mapped files")
        server.stop()
        server.start()
        restarted = server.resident_bytes()
    last = private.values[-1][0]
    per_module = (last - private.values[-2][0]) / (steps[-1] - steps[-2])
    rows = [
        Row("10", f"resident memory with {steps[-1]:,} modules, idle", "MB", [with_files.values[-1][0] / 1e6],
            target=150, at_least=False, absolute=True, note=f"{last / 1e6:.0f} MB of its own, the rest is mapped files",
            extra={"anonymous_mb": last / 1e6}),
        Row("10", "the same after a restart, its own memory", "MB", [restarted / 1e6], target=150, at_least=False,
            absolute=True),
        Row("10", "per further module stored, its own memory", "bytes", [per_module], target=100, at_least=False,
            absolute=True),
    ]
    return rows, [("memory", "modules stored", "MB resident", [private.record(), with_files.record()])]
