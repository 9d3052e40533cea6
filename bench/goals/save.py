"""Goals 5, 5b and 6: storing modules, durably; changing and deleting them beside that.

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


def mixed_run(context: Context, body: pathlib.Path, script: str, arguments: list):
    with context.server().start() as server:
        return wrk.run(server, "/wasm", script, [body, *arguments], 64, turn(context))


def mixed_writes(context: Context, module: bytes) -> list[Row]:
    """A DELETE and a PUT for every eight saves, beside saves alone on the same server."""
    body = context.file("module.wasm", module)
    label = f"8 saves, a PUT and a DELETE in turn, 69 B, {over(64)}"
    samples = interleave(label, context.rounds, {
        "wasm-server": lambda: mixed_run(context, body, "mixed.lua", [1000]),
        "saves alone": lambda: mixed_run(context, body, "save.lua", [1])})
    return [Row("5b", label, "requests/s", [s.per_second for s in samples["wasm-server"]],
                [s.per_second for s in samples["saves alone"]], "saves alone, all different",
                extra={"samples": [s.record() for s in samples["wasm-server"]]})]


def batches_in_log(store: pathlib.Path) -> int:
    """How many batches RocksDB's log holds; each is one commit. The format is that of its db/log_format.h: blocks of
    32 KiB with records of a checksum, a length and a type; what is longer than a block's rest has a first part and more."""
    block, header, starts = 32 << 10, 7, {1, 2, 5, 6}  # full, first, and both of a recycled file
    count = 0
    for path in store.rglob("*.log"):
        content = path.read_bytes()
        place = 0
        while place + header <= len(content):
            size, kind = struct.unpack_from("<HB", content, place + 4)
            if kind == 0 or block - place % block < header:
                place += block - place % block
                continue
            count += kind in starts
            place += (header if kind < 5 else header + 4) + size
    return count


def saved_bytes_per_second(context: Context, module: bytes, connections: int, batches: list) -> float:
    with context.server() as server:
        server.start()
        before = batches_in_log(server.store)
        per_second, saved = large_saves.run(server, "/wasm?function=add", module, connections, turn(context))
        commits = batches_in_log(server.store) - before
    if commits < 1:
        raise Failed("the log says nothing of what was saved")
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
    rows += mixed_writes(context, wasm.add())
    for connections in context.pick((1, 16, 64), (16,)):
        try:
            rows += against_disk(context, connections)
        except Failed as reason:  # a build whose log has another format still has its other rows
            say(f"  no row of 1 MB modules over {connections}: {reason}")
    return rows, []
