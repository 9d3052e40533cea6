"""Many calls at once without a thread for each on our side either."""

import resource
import selectors
import time

from support.raw import post


def sleep_many(server, id: str, count: int, timeout_ms: int, ready=None, path: str = "/wasm") -> list[int]:
    """Starts `count` calls of a sleeping guest, each on its own connection; their statuses when all have ended.
    `ready` is called while they sleep. `path`: what the id is called under."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, count + 1000)), hard))
    request = post(f"{path}/{id}", b"{}", "Content-Type: application/json", f"Wasm-Timeout-Ms: {timeout_ms}")
    connections = []
    for _ in range(count):
        connection = server.connect()
        connection.sendall(request)
        connections.append(connection)
    if ready:
        ready()
    try:
        return _statuses(connections, time.monotonic() + timeout_ms / 1000 + 60)
    finally:
        for connection in connections:
            connection.close()


def _statuses(connections, end: float) -> list[int]:
    statuses = []
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ)
        while selector.get_map() and time.monotonic() < end:
            for key, _ in selector.select(1):
                data = key.fileobj.recv(65536)
                statuses.append(int(data[9:12]) if data else 0)
                selector.unregister(key.fileobj)
    return statuses
