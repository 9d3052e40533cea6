"""Mode `disk`: clients save, change and delete on a file system of 64 MB, and what does not fit is refused. When a client is
refused it deletes, and goes on; now and then somebody else's file takes all that is left for a while. Each round ends with a
kill or a stop, and the start after it, on whatever room there is, must find all that was acknowledged. Needs the right to
mount.
"""

import collections
import pathlib
import random
import subprocess
import threading
import time

from client import FUNCTIONS, Client, Revision
from modules import make_module
from server import Server
from verify import Mismatch, check, delete_all, verify

ROUNDS = 10
MB = 1 << 20
FLAGS = ["--store-reserve-bytes", str(8 * MB), "--store-log-bytes", str(4 * MB)]


class FullDiskClient(Client):
    """Stores as much as it can, and makes room when it cannot."""

    refusals = (503, 507)

    def __init__(self, number: int, seed: str):
        super().__init__(number, seed, [])
        self.makes_room = False

    def choose(self, name, before):
        if self.makes_room and before:
            self.makes_room = False
            return "delete", "DELETE", f"/wasm/{name}", None, [], 204
        code = make_module(self.rng, self.rng.choice([500, 30_000, 400_000, 1_500_000]), FUNCTIONS[0])
        if not before:
            return "save", "POST", f"/wasm?id={name}", code, [Revision(code, FUNCTIONS[0], {})], 201
        if self.rng.random() < 0.1:
            return "delete", "DELETE", f"/wasm/{name}", None, [], 204
        after = before + [Revision(code, FUNCTIONS[0], before[-1].labels)]
        return "code", "PUT", f"/wasm/{name}", code, after, 200

    def refused(self, status, connection) -> None:
        if status != 507:
            return
        self.acknowledged["refused for lack of room"] += 1
        self.makes_room = True
        time.sleep(0.01)


def take_the_rest(disk: pathlib.Path) -> None:
    with open(disk / "other", "wb", buffering=0) as file:
        piece = bytes(4096)
        try:
            while file.write(piece) == len(piece):
                pass
        except OSError:
            pass


def one_round(server: Server, clients: list[Client], rng: random.Random, disk: pathlib.Path) -> list[Client]:
    clients = [client.attach(server) for client in clients]
    for client in clients:
        client.start()
    seconds = 1 + rng.random() * 2
    intruder = threading.Timer(seconds * rng.random(), take_the_rest, (disk,))
    if rng.random() < 0.6:
        intruder.start()
    time.sleep(seconds)
    status = server.connect().request("GET", "/readyz")[0]
    server.stop() if rng.random() < 0.3 else server.kill()
    intruder.cancel()
    intruder.join() if intruder.ident else None
    for client in clients:
        client.join()
        if client.failure:
            raise Mismatch(client.failure)
    check(status == 200, f"/readyz: {status}")
    return clients


def check_that_room_comes_back(server: Server, clients: list[Client]) -> None:
    """What is deleted makes room for what is stored next, without a restart."""
    connection = server.connect()
    delete_all(connection, clients)
    code = make_module(random.Random(0), 4 * MB, FUNCTIONS[0])
    for attempt in range(100):
        status, _ = connection.request("POST", "/wasm?id=c0-0", code)
        if status == 201:
            break
        check(status == 507, f"POST on a disk that was full: {status}")
        time.sleep(0.1)
    check(status == 201, "all is deleted, and there is no room for 4 MB")
    clients[0].expected["c0-0"] = [Revision(code, FUNCTIONS[0], {})]
    verify(connection, clients)


def torture(server: Server, arguments, disk: pathlib.Path) -> collections.Counter:
    rng = random.Random(arguments.seed)
    clients = [FullDiskClient(number, arguments.seed) for number in range(min(arguments.clients, 8))]
    server.flags = FLAGS
    server.start()
    for number in range(1, arguments.rounds + 1):
        clients = one_round(server, clients, rng, disk)
        if rng.random() < 0.5:  # else the start is on a full disk too
            (disk / "other").unlink(missing_ok=True)
        server.start()
        connection = server.connect()
        verify(connection, clients)
        connection.close()
        (disk / "other").unlink(missing_ok=True)
        counts = sum((client.acknowledged for client in clients), collections.Counter())
        print(f"round {number}: {dict(counts)}", flush=True)
    check_that_room_comes_back(server, clients)
    server.stop()
    return sum((client.acknowledged for client in clients), collections.Counter())


def run(server: Server, arguments) -> str:
    disk = server.data.with_name("disk")
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={64 * MB}", "tmpfs", disk], check=True)
    try:
        server.data = disk / "data"
        counts = torture(server, arguments, disk)
    finally:
        server.end()
        subprocess.run(["umount", "--lazy", disk], check=True)
    refused = counts.pop("refused for lack of room", 0)
    check(refused > 0, "the disk was never full")
    return f"{arguments.rounds} rounds, {counts.total()} acknowledged writes, none lost; {refused} refused for lack of room"
