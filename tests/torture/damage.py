"""Mode `damage`: a data directory with modules of every kind of place is made once. Each round takes a copy of it, damages one
place in one of its files (a bit, a byte, a sector, a page, a cut, an appended page), and starts the server on it. That ends in
a refusal to start with a line, or in a server that gives right bytes or an error for whatever is asked, and says in its log
what is damaged; never in a signal, in other bytes, or in modules that are missing without a word.
"""

import collections
import dataclasses
import hashlib
import pathlib
import random
import re
import shutil

from modules import make_module
from server import Connection, Gone, Server
from verify import Mismatch, check

ROUNDS = 600
# A log of this size is written to tables now and then, so that a directory has some of each kind of file.
FLAGS = ["--store-log-bytes", "1MiB", "--store-reserve-bytes", "1MiB"]
FILLING = 160  # modules that are there to make it more than the log holds
SIZES = [0, 100, 700, 900, 3_000, 9_000, 14_000, 40_000, 150_000, 400_000]
KINDS = ["bit", "byte", "sector", "page", "cut", "appended page"]
NAMES_DAMAGE = re.compile(r"damage|corrupt|mismatch|truncat|checksum|is shorter|missing|cannot|not what|No such file", re.I)


@dataclasses.dataclass(frozen=True)
class Module:
    id: str
    codes: tuple[bytes, ...]  # by revision


@dataclasses.dataclass(frozen=True)
class Damage:
    file: str
    kind: str
    at: int

    def __str__(self) -> str:
        return f"{self.kind} at {self.at} of {self.file}"


def make_modules(rng: random.Random) -> list[Module]:
    shared = make_module(rng, 600, "first")
    modules = []
    for number in range(48):
        count = 1 if number % 4 else 3
        codes = [make_module(rng, SIZES[(number + n) % len(SIZES)], "first") for n in range(count)]
        modules.append(Module(f"m{number:02}", tuple(codes if number % 7 else [shared, *codes[1:]])))
    return modules + [Module(f"n{number:03}", (make_module(rng, 14_000, "first"),)) for number in range(FILLING)]


def store_all(server: Server, modules: list[Module]) -> None:
    """With a stop in between, so that there are tables of several ages."""
    server.flags = FLAGS
    for half in (modules[::2], modules[1::2]):
        server.start()
        connection = server.connect()
        for module in half:
            for number, code in enumerate(module.codes, 1):
                method, path = ("POST", f"/wasm?id={module.id}") if number == 1 else ("PUT", f"/wasm/{module.id}")
                status, answer = connection.request(method, path, code)
                check(status in (200, 201), f"{method} {path}: {status} {answer[:300]!r}")
        execute(connection, half[0])
        connection.close()
        server.stop()


def choose(rng: random.Random, directory: pathlib.Path) -> Damage:
    """Every kind of file as often as every other: there are many artefacts, and the small files matter most."""
    kinds: dict[str, list[pathlib.Path]] = collections.defaultdict(list)
    for path in sorted(directory.rglob("*")):
        if path.is_file() and path.stat().st_size > 0:
            kinds[kind_of(str(path.relative_to(directory)))].append(path)
    path = rng.choice(kinds[rng.choice(sorted(kinds))])
    used = path.read_bytes().rstrip(b"\0")  # there is room ahead behind it
    return Damage(str(path.relative_to(directory)), rng.choice(KINDS), rng.randrange(max(1, len(used))))


def apply(damage: Damage, directory: pathlib.Path, rng: random.Random) -> None:
    path = directory / damage.file
    content = bytearray(path.read_bytes())
    size = {"sector": 512, "page": 4096}.get(damage.kind, 1)
    at = damage.at // size * size
    if damage.kind == "bit":
        content[at] ^= 1 << rng.randrange(8)
    elif damage.kind == "cut":
        del content[at:]
    elif damage.kind == "appended page":
        content += rng.choice([bytes(4096), rng.randbytes(4096)])
    else:
        end = min(at + size, len(content))
        content[at:end] = bytes(end - at) if size > 1 and rng.random() < 0.5 else rng.randbytes(end - at)
    path.write_bytes(content)


class Look:
    """What one server gives, asked for everything. Counts what was right and what was an error."""

    def __init__(self, server: Server, connection: Connection):
        self.server = server
        self.connection = connection
        self.right = 0
        self.errors: list[str] = []

    def get(self, path: str, accept: str = "application/json") -> bytes | None:
        """None for an error, which is one that this server gives for what it cannot read."""
        try:
            status, body = self.connection.request("GET", path, accept=accept)
        except Gone:  # a large answer is cut where it cannot go on
            check(self.server.process.poll() is None, f"the server ended with {self.server.process.poll()} at GET {path}")
            self.errors.append(f"GET {path}: cut")
            self.connection.close()
            return None
        if status == 200:
            return body
        check(status == 500 and b'"internal"' in body, f"GET {path}: {status} {body[:300]!r}")
        self.errors.append(f"GET {path}: {status}")
        return None

    def expect(self, good: bool, what: str) -> None:
        check(good, what)
        self.right += 1

    def module(self, module: Module) -> None:
        text = self.get(f"/wasm/{module.id}?wasm=false")
        if text is not None:
            digest = hashlib.sha256(module.codes[-1]).hexdigest()
            self.expect(digest.encode() in text and f'"revision":{len(module.codes)},'.encode() in text.replace(b" ", b""),
                        f"{module.id}: {text[:500]!r}")
        for number, code in enumerate(module.codes, 1):
            found = self.get(f"/wasm/{module.id}?revision={number}", "application/wasm")
            if found is not None:
                self.expect(found == code, f"{module.id} revision {number}: {len(found)} bytes that were not stored")

    def listing(self, modules: list[Module]) -> None:
        """Whoever is not listed is within a gap that is named."""
        status, page = self.connection.get_json("/wasm?limit=1000")
        check(status == 200, f"GET /wasm: {status}")
        listed = {item["id"] for item in page["items"]}
        for module in modules:
            named = any(one.get("id") == module.id or
                        ("id" not in one and one.get("after", "") < module.id < one.get("before", "~"))
                        for one in page.get("damaged", []))
            check(module.id in listed or named, f"{module.id} is not listed, and nothing is said of it")
        check(listed <= {module.id for module in modules}, f"listed and never stored: {listed}")
        if "damaged" in page:
            self.errors.append(f"GET /wasm: {page['damaged']}")

    def executions(self, modules: list[Module]) -> None:
        for module in modules[::6]:
            status, body = execute(self.connection, module)
            good = (status == 200 and b"42" in body) or (status == 500 and b'"internal"' in body)
            check(good, f"execution of {module.id}: {status} {body[:300]!r}")
            if status == 200:
                self.right += 1
            else:
                self.errors.append(f"POST /wasm/{module.id}: 500")

    def mends(self, modules: list[Module], failed: list[str]) -> None:
        """What could not be read is there again once the same bytes are stored, under any name."""
        for module in modules:
            for number, code in enumerate(module.codes, 1):
                path = f"/wasm/{module.id}?revision={number}"
                if f"GET {path}: 500" not in failed or f"GET /wasm/{module.id}?wasm=false: 500" in failed:
                    continue
                status, answer = self.connection.request("POST", "/wasm", code)
                check(status == 201, f"storing the code of {path} again: {status} {answer[:300]!r}")
                stored = answer.split(b'"id":"')[1].split(b'"')[0].decode()
                status, found = self.connection.get_code(f"/wasm/{stored}")
                check(status == 200 and found == code, f"{path} is not mended by storing it again: {status}")


def execute(connection: Connection, module: Module) -> tuple[int, bytes]:
    return connection.request("POST", f"/wasm/{module.id}", {"args": []})


def examine(server: Server, modules: list[Module]) -> Look:
    connection = server.connect()
    look = Look(server, connection)
    looked_at = modules[:-FILLING] + modules[-FILLING::8]
    for module in looked_at:
        look.module(module)
    look.listing(modules)
    look.executions(looked_at)
    look.mends(looked_at, list(look.errors))
    status, body = connection.request("POST", "/wasm?id=later", make_module(random.Random(1), 2_000, "first"))
    check(status == 201, f"a new module after the damage: {status} {body[:300]!r}")
    connection.close()
    return look


def one_round(server: Server, modules: list[Module]) -> str:
    """How it ended: "refused", "named" or "right"."""
    if not server.try_to_start():
        code = server.wait()
        lines = [line for line in server.log.read_text(errors="replace").splitlines() if line.startswith("wasm-server: ")]
        check(code == 1, f"a refused start ended with {code}")
        check(len(lines) == 1, f"a refused start says {lines}")
        return "refused"
    try:
        look = examine(server, modules)
    except Gone:
        raise Mismatch(f"the server ended with {server.process.poll()}")
    server.process.terminate()
    code = server.wait()
    check(code == 0, f"the server ended with {code} after SIGTERM")
    if not look.errors:
        return "right"
    check(look.right > 0, "nothing of it could be read")
    check(NAMES_DAMAGE.search(server.log.read_text(errors="replace")) is not None,
          f"errors that the log says nothing of: {look.errors[:3]}")
    return "named"


def run(server: Server, arguments) -> str:
    rng = random.Random(arguments.seed)
    modules = make_modules(rng)
    whole = Server(server.binary, server.data.with_name("whole"))
    store_all(whole, modules)
    ends: dict[str, collections.Counter] = collections.defaultdict(collections.Counter)
    for number in range(1, arguments.rounds + 1):
        damage = choose(rng, whole.data)
        shutil.rmtree(server.data, ignore_errors=True)
        server.log.unlink(missing_ok=True)
        shutil.copytree(whole.data, server.data)
        apply(damage, server.data, rng)
        server.flags = FLAGS
        try:
            end = one_round(server, modules)
        except Mismatch as mismatch:
            raise Mismatch(f"round {number}, {damage}: {mismatch}") from None
        ends[kind_of(damage.file)][end] += 1
    for kind, counter in sorted(ends.items()):
        print(f"  {kind}: " + ", ".join(f"{count} {end}" for end, count in sorted(counter.items())), flush=True)
    total = sum(ends.values(), collections.Counter())
    return (f"{arguments.rounds} places: {total['right']} without an effect, {total['named']} errors that are named, "
            f"{total['refused']} refused starts; no signal, no wrong byte, nothing missing without a word")


def kind_of(file: str) -> str:
    name = file.rsplit("/", 1)[-1]
    known = {".sst": "table", ".log": "log", ".cwasm": "artefact", ".lock": "lock"}
    return known.get(name[name.rfind("."):], "manifest" if name.startswith("MANIFEST") else name)
