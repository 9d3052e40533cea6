"""Goals 5 and 6: storing modules, durably.

The peers' own script stores the same bytes again and again, which this server keeps once; so each size is measured
with equal modules, as the peers do it, and with modules that are all different, where nothing can be spared. Every
run gets a new, empty store."""

import os
import pathlib
import struct
import time

from harness import large_saves, wasm, wrk
from harness.context import Context
from harness.measure import Row, interleave, say, over
from harness.process import Failed
from harness.servers import WASM

NAME = "save"
TARGETS = {1: 1.0, 16: 1.3, 64: 1.5, 256: 2.0}


def turn(context: Context) -> float:
    """Seconds of one turn: there are many of them, each with a start of its own."""
    return max(1, context.seconds * 2 / 3)


def save_run(context: Context, start, body: pathlib.Path, connections: int, different: bool):
    """One run against a server that `start` gives, with an empty store."""
    with start() as server:
        if different:
            return wrk.run(server, "/", "save.lua", [body, 1], connections, turn(context))
        return wrk.run(server, "/wasm?function=add", "fixed.lua",
                       ["POST", WASM["Content-Type"], body, "-"], connections, turn(context))


def against_servers(context: Context, size: str, module: bytes, connections: int, different: bool) -> list[Row]:
    body = context.file("module.wasm", module)
    kind = "all different" if different else "all equal"
    label = f"save {size}, {kind}, {over(connections)}"
    starts = {"wasm-server": lambda: context.server().start()}
    for peer in context.servers:
        starts[peer.name] = lambda peer=peer: peer.start(context.work)
    samples = interleave(label, context.rounds, {
        name: lambda start=start: save_run(context, start, body, connections, different)
        for name, start in starts.items()})
    ours = samples.pop("wasm-server")
    extra = {"size": size, "connections": connections, "different": different,
             "samples": [s.record() for s in ours]}
    return [Row("5", label, "requests/s", [s.per_second for s in ours], [s.per_second for s in theirs], name,
                TARGETS.get(connections), extra={**extra, "peer_samples": [s.record() for s in theirs]})
            for name, theirs in samples.items() or [("", [])]]


def last_batch(store: pathlib.Path) -> int:
    """The number of the last batch in the journal (src/store/journal.h), 0 when there is none."""
    header = 32
    content = next(store.rglob("journal")).read_bytes()
    last, half = 0, len(content) // 2
    for place in (0, half):
        while content[place:place + 4] == b"WSJ2":
            size, number = struct.unpack_from("<IQ", content, place + 4)
            last, place = max(last, number), place + header + size
    return last


def saved_bytes_per_second(context: Context, module: bytes, connections: int, batches: list) -> float:
    with context.server() as server:
        server.start()
        before = last_batch(server.store)
        per_second, saved = large_saves.run(server, "/wasm?function=add", module, connections, turn(context))
        commits = last_batch(server.store) - before
    if commits < 1:
        raise Failed("the journal says nothing of what was saved")
    batches.append(max(1, round(saved / commits)))
    return per_second * len(module)


def written_bytes_per_second(context: Context, size: int, batch: int) -> float:
    """The floor: the same bytes, appended and synced in the same batches."""
    block = os.urandom(size)
    path = context.work / "floor.bin"
    written, started = 0, time.monotonic()
    with open(path, "wb", buffering=0) as file:
        while time.monotonic() - started < turn(context):
            for _ in range(batch):
                written += file.write(block)
            os.fdatasync(file.fileno())
        elapsed = time.monotonic() - started
    path.unlink()
    return written / elapsed


def against_disk(context: Context, connections: int) -> list[Row]:
    module = wasm.add_with_data(1 << 20)
    batches = []
    label = f"save 1 MB, all different, {over(connections)}"
    samples = interleave(label, context.rounds, {
        "wasm-server": lambda: saved_bytes_per_second(context, module, connections, batches),
        "write + fdatasync": lambda: written_bytes_per_second(context, len(module), batches[-1])})
    say(f"  jobs per commit: {batches}")
    return [Row("6", label, "MB/s", [v / 1e6 for v in samples["wasm-server"]],
                [v / 1e6 for v in samples["write + fdatasync"]], "write + fdatasync in the same batches", 0.7,
                note=f"{sorted(batches)[len(batches) // 2]} modules a commit", extra={"batches": batches})]


def measure(context: Context) -> tuple[list[Row], list]:
    rows = []
    for size, module in (("69 B", wasm.add()), ("100 KB", wasm.add_with_data(100 << 10))):
        for different in (False, True):
            for connections in context.pick((1, 16, 64, 256), (16,)):
                rows += against_servers(context, size, module, connections, different)
    for connections in context.pick((1, 16, 64), (16,)):
        rows += against_disk(context, connections)
    return rows, []
