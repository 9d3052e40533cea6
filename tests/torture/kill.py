"""Mode `kill`: kills the server with SIGKILL while clients save, change and delete, starts it again, and checks that every
acknowledged write is there and that no other is there by half. Some rounds end with SIGTERM instead, some kill while it
starts, and most run with a log so small that it is changed and tables are written all the time. At the end everything is
deleted. What it cannot show is a loss of power: the kernel keeps what was written (src/store/rocks/disk_faults_test.cc does).
"""

import collections
import random
import time

from client import FUNCTIONS, Client, Revision
from modules import make_module
from server import Server
from verify import Mismatch, check, delete_all, verify

ROUNDS = 20


def one_round(server: Server, clients: list[Client], rng: random.Random) -> list[Client]:
    """Returns the clients as they are after the kill."""
    clients = [client.attach(server) for client in clients]
    for client in clients:
        client.start()
    time.sleep(rng.choice([0.02, 0.1, 0.3, 1.0]) * (0.5 + rng.random()))
    if rng.random() < 0.2:
        server.stop()
    else:
        server.kill()
    for client in clients:
        client.join()
        if client.failure:
            raise Mismatch(client.failure)
    return clients


def torture(server: Server, arguments) -> collections.Counter:
    rng = random.Random(arguments.seed)
    codes = [(make_module(rng, size, FUNCTIONS[0]), FUNCTIONS[0]) for size in (10, 5_000, 200_000)]
    clients = [Client(number, arguments.seed, codes) for number in range(arguments.clients)]
    server.start()
    for number in range(1, arguments.rounds + 1):
        clients = one_round(server, clients, rng)
        unsure = sum(client.unsure is not None for client in clients)
        server.flags = rng.choice([[], ["--store-log-bytes", "1MiB"], ["--store-log-bytes", "1MiB"]])
        if rng.random() < 0.3:  # a kill while it starts must do no harm either
            server.kill_while_it_starts(rng.random() * 0.2)
        server.start()
        connection = server.connect()
        verify(connection, clients)
        connection.close()
        print(f"round {number}: {acknowledged(clients).total()} writes acknowledged so far and all there; {unsure} cut off",
              flush=True)
    delete_everything(server, clients)
    return acknowledged(clients)


def acknowledged(clients: list[Client]) -> collections.Counter:
    return sum((client.acknowledged for client in clients), collections.Counter())


def delete_everything(server: Server, clients: list[Client]) -> None:
    """Each reference to code is given back once: nothing is left, also after a restart, and what comes then is kept."""
    connection = server.connect()
    delete_all(connection, clients)
    connection.close()
    server.kill()
    server.start()
    connection = server.connect()
    verify(connection, clients)
    for client in clients:
        code, function = client.new_code()
        status, _ = connection.request("POST", f"/wasm?id={client.ids[0]}", code)
        check(status == 201, f"POST of {client.ids[0]} after everything was deleted: {status}")
        client.expected[client.ids[0]] = [Revision(code, function, {})]
    verify(connection, clients)
    connection.close()
    server.stop()


def run(server: Server, arguments) -> str:
    writes = torture(server, arguments)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(writes.items()))
    return f"{arguments.rounds} rounds, {writes.total()} acknowledged writes ({kinds}), none lost"
