"""What every goal gets: where things are, how long to measure, whom to measure beside."""

import contextlib
import pathlib
from dataclasses import dataclass, field

from harness.peers import PeerKind, RunningPeer
from harness.servers import WasmServer


@dataclass
class Context:
    root: pathlib.Path
    work: pathlib.Path  # scratch directory; every server's data is in it, so on the same file system
    binary: pathlib.Path
    programs: pathlib.Path | None  # where the in-process benchmarks are
    rounds: int = 5
    seconds: float = 4
    quick: bool = False
    servers: list[PeerKind] = field(default_factory=list)  # peers that store and execute
    fresh: list[PeerKind] = field(default_factory=list)  # peers that execute in a fresh instance
    running: dict[str, str] = field(default_factory=dict)  # name to URL

    def pick(self, full, quick):
        return quick if self.quick else full

    @property
    def engine_bench(self) -> pathlib.Path | None:
        program = self.programs / "engine_bench" if self.programs else None
        return program if program and program.is_file() else None

    def server(self, *flags: str) -> WasmServer:
        return WasmServer(self.binary, self.work, flags)

    def file(self, name: str, content: bytes) -> pathlib.Path:
        path = self.work / name
        path.write_bytes(content)
        return path

    @contextlib.contextmanager
    def contestants(self, kinds: list[PeerKind], *flags: str):
        """The server and its peers, all started; {name: server}, ours first."""
        with contextlib.ExitStack() as stack:
            started = {"wasm-server": stack.enter_context(self.server(*flags)).start()}
            for kind in kinds:
                started[kind.name] = stack.enter_context(kind.start(self.work))
            yield started

    def running_peers(self, stack: contextlib.ExitStack) -> dict[str, RunningPeer]:
        return {name: stack.enter_context(RunningPeer(name, url, self.work)) for name, url in self.running.items()}
