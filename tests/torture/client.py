"""One client: writes to modules of its own and keeps what the server must hold afterwards. Many clients at once make batches
of saves, changes and deletes; their code is partly shared, so that one deletes what another has just stored."""

import collections
import copy
import dataclasses
import random
import threading

from modules import make_module, random_size
from server import Gone, Server

FUNCTIONS = ["first", "second"]


@dataclasses.dataclass
class Revision:
    code: bytes
    function: str
    labels: dict


# The revisions of a module, oldest first; an empty list is a module that is not there.
State = list[Revision]


class Client(threading.Thread):
    """`expected` is what was acknowledged. `unsure` is the one write whose answer did not come: either happened."""

    def __init__(self, number: int, seed: str, shared_codes: list[tuple[bytes, str]]):
        super().__init__(name=f"client-{number}")
        self.rng = random.Random(f"{seed}-{number}")
        self.ids = [f"c{number}-{i}" for i in range(4)]
        self.shared_codes = shared_codes
        self.expected: dict[str, State] = {name: [] for name in self.ids}
        self.unsure: tuple[str, State] | None = None
        self.acknowledged = collections.Counter()  # by kind of write
        self.server: Server | None = None
        self.failure: str | None = None

    # What the server may answer instead: its queue is full.
    refusals = (503,)

    def refused(self, status: int, connection) -> None:
        """For those who do something about it."""

    def attach(self, server: Server) -> "Client":
        """A thread runs once: the same client goes on in a new one."""
        again = copy.copy(self)
        threading.Thread.__init__(again, name=self.name)
        again.server = server
        return again

    def run(self) -> None:
        connection = self.server.connect()
        try:
            while self.failure is None:
                self.write(connection)
        except Gone:
            pass
        finally:
            connection.close()

    def write(self, connection) -> None:
        name = self.rng.choice(self.ids)
        before = self.expected[name]
        kind, method, path, body, after, good = self.choose(name, before)
        self.unsure = (name, after)
        status, answer = connection.request(method, path, body)
        if status in self.refusals:  # nothing was done
            self.unsure = None
            self.refused(status, connection)
            return
        if status != good:
            self.failure = f"{method} {path}: {status} {answer[:300]!r}"
            return
        self.expected[name] = after
        self.unsure = None
        self.acknowledged[kind] += 1
        if self.rng.random() < 0.2:
            self.read_back(connection, name, after)

    def choose(self, name: str, before: State):
        code, function = self.new_code()
        path = f"/wasm/{name}"
        if not before:
            after = [Revision(code, function, {})]
            return "save", "POST", f"/wasm?id={name}", code, after, 201
        last = before[-1]
        action = self.rng.choice(["code", "code", "labels", "labels", "back", "delete", "delete"])
        if action == "delete":
            return action, "DELETE", path, None, [], 204
        if action == "code":
            return action, "PUT", path, code, before + [Revision(code, function, last.labels)], 200
        if action == "labels":
            labels = {"n": str(self.rng.randrange(1_000_000))}
            after = before + [Revision(last.code, last.function, labels)]
            return action, "PUT", path, {"labels": labels}, after, 200
        number = self.rng.randrange(len(before)) + 1
        return action, "PUT", path, {"revision": number}, before + [before[number - 1]], 200

    def new_code(self) -> tuple[bytes, str]:
        if self.rng.random() < 0.3:
            return self.rng.choice(self.shared_codes)
        function = self.rng.choice(FUNCTIONS)
        return make_module(self.rng, random_size(self.rng), function), function

    def read_back(self, connection, name: str, after: State) -> None:
        """What was acknowledged is seen by a read that is sent then."""
        status, body = connection.get_code(f"/wasm/{name}")
        good = status == 404 if not after else (status == 200 and body == after[-1].code)
        if not good:
            self.failure = f"GET /wasm/{name} after an acknowledged write: {status}"
