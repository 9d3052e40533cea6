"""Goal 7: the stored bytes, read back, against nginx and sendfile."""

from harness import wasm, wrk
from harness.context import Context
from harness.measure import Row, interleave, over
from harness.process import Failed
from harness.servers import Nginx

NAME = "read"
CONNECTIONS = 32
SIZES = ((1 << 10, "1 KB", 0.9), (100 << 10, "100 KB", 0.8), (1 << 20, "1 MB", 0.8))


def check_bytes(server, path: str, wanted: bytes, headers: dict) -> None:
    status, answer = server.ask("GET", path, headers=headers)
    if status != 200 or answer != wanted:
        raise Failed(f"{server.name} answered {status} with {len(answer)} bytes, not the {len(wanted)} stored")


def measure(context: Context) -> tuple[list[Row], list]:
    rows = []
    with context.server() as server, Nginx(context.work) as nginx:
        server.start()
        nginx.start()
        for size, label, target in SIZES:
            module = wasm.add_with_data(size)
            path = server.upload(module, "add")
            (nginx.files / f"{size}.wasm").write_bytes(module)
            accept = "application/wasm"
            check_bytes(server, path, module, {"Accept": accept})
            check_bytes(nginx, f"/{size}.wasm", module, {"Accept": accept})
            what = f"GET raw {label}, {over(CONNECTIONS)}"
            samples = interleave(what, context.rounds, {
                name: lambda peer=peer, at=at: wrk.run(peer, at, "fixed.lua", ["GET", "-", "-", accept], CONNECTIONS,
                                                       context.seconds)
                for name, peer, at in (("wasm-server", server, path), ("nginx", nginx, f"/{size}.wasm"))})
            for unit, value in (("requests/s", "per_second"), ("CPU us/request", "cpu_us")):
                rows.append(Row("7", what, unit, [getattr(s, value) for s in samples["wasm-server"]],
                                [getattr(s, value) for s in samples["nginx"]], "nginx, sendfile",
                                target if value == "per_second" else None, at_least=value == "per_second",
                                extra={"samples": [s.record() for s in samples["wasm-server"]]}))
    return rows, []
