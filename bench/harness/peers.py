"""Peers as peers.toml describes them: prepared once in the cache, started like any server here."""

import hashlib
import json
import pathlib
import shutil
import subprocess
import tomllib
from dataclasses import dataclass, field

from harness import wasm
from harness.measure import say
from harness.process import Failed, Process, free_port

BUILT = {"target", "node_modules"}


@dataclass
class PeerKind:
    name: str
    command: list[str]
    execute: str
    health: str = "/"
    upload: str = ""
    source: str = ""
    prepare: list[str] = field(default_factory=list)
    goal: float | None = None
    home: pathlib.Path = pathlib.Path()

    def make_ready(self, sources: pathlib.Path, cache: pathlib.Path, build: bool) -> str | None:
        """Copies and builds it when its source is new and `build` allows; gives a reason when it cannot be measured."""
        origin = sources / self.source
        if not origin.is_dir():
            return f"there is no {origin.name} in PEERS_DIR"
        self.home = cache / self.name
        stamp = self.home / "bench.stamp"
        state = fingerprint(origin, self.prepare)
        if stamp.exists() and stamp.read_text() == state:
            return None
        if not build:
            return "not built yet"
        say(f"preparing {self.name} in the cache: {'; '.join(self.prepare)}")
        for path in sources_of(origin):
            copy = self.home / path.relative_to(origin)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        for line in self.prepare:
            done = subprocess.run(line, shell=True, cwd=self.home, capture_output=True, text=True)
            if done.returncode != 0:
                return f"`{line}` failed: {(done.stderr or done.stdout).strip()[-300:]}"
        stamp.write_text(state)
        return None

    def start(self, work: pathlib.Path) -> "Peer":
        return Peer(self, work).start()


def sources_of(origin: pathlib.Path) -> list[pathlib.Path]:
    """Its files, without what a build has left."""
    return [path for path in sorted(origin.rglob("*")) if path.is_file() and not BUILT & set(path.parts)]


def fingerprint(origin: pathlib.Path, prepare: list[str]) -> str:
    digest = hashlib.sha256("\n".join(prepare).encode())
    for path in sources_of(origin):
        digest.update(str(path.relative_to(origin)).encode() + path.read_bytes())
    return digest.hexdigest()


class Peer(Process):
    def __init__(self, kind: PeerKind, work: pathlib.Path):
        super().__init__(kind.name, work)
        self.kind = kind
        self.health = kind.health

    def start(self) -> "Peer":
        self.port = free_port()
        add = self.data / "add.wasm"
        add.write_bytes(wasm.add())
        names = {"home": self.kind.home, "port": self.port, "data": self.data, "add": add}
        self.spawn([part.format(**names) for part in self.kind.command])
        self.await_port(self.health)
        return self

    def upload(self, module: bytes, function: str) -> str:
        """Stores a module, if it is that kind of peer, and gives the path to execute it."""
        if not self.kind.upload:
            return self.kind.execute
        status, answer = self.ask("POST", self.kind.upload.format(function=function), module,
                                  {"Content-Type": "application/wasm"})
        if status not in (200, 201):
            raise Failed(f"{self.name} answered {status} to an upload: {answer.decode(errors='replace')}")
        return self.kind.execute.format(id=json.loads(answer)["id"])


class RunningPeer(Process):
    """One that somebody else has started: its CPU time is not known."""

    def __init__(self, name: str, url: str, work: pathlib.Path):
        super().__init__(name, work)
        host, _, rest = url.removeprefix("http://").partition("/")
        self.host, self.path = host, "/" + rest

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def check(self) -> None:
        pass

    def cpu_seconds(self) -> float:
        return 0.0

    def upload(self, module: bytes, function: str) -> str:
        return self.path


def read_peers(files: list[pathlib.Path]) -> dict[str, list[PeerKind]]:
    """By class."""
    found: dict[str, list[PeerKind]] = {"server": [], "fresh": []}
    for file in files:
        for entry in tomllib.loads(file.read_text())["peer"]:
            found[entry.pop("class")].append(PeerKind(**entry))
    return found
