"""Command line of tests/guests/hostile-report."""

import contextlib
import os
import pathlib
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from support import hostile  # noqa: E402
from support.client import Client  # noqa: E402
from support.server import ROOT, ServerProcess  # noqa: E402
from support.sleepers import sleep_many  # noqa: E402

MB = 1 << 20
QUIET_SECONDS = 3


@contextlib.contextmanager
def peak_memory(server: ServerProcess):
    """Yields a list whose last element, after the block, is the highest resident size seen (looked at every 5 ms)."""
    seen = [server.resident_bytes()]
    stop = threading.Event()

    def watch():
        while not stop.wait(0.005):
            seen.append(max(seen[-1], server.resident_bytes()))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def p99(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.99)] * 1000


def quiet(server: ServerProcess) -> list[float]:
    with hostile.neighbour(server) as seconds:
        time.sleep(QUIET_SECONDS)
    return seconds


def answer_text(answer) -> str:
    document = answer.json()
    words = [str(answer.status_code), document.get("code", ""), document.get("trap", "")]
    if answer.status_code == 200:
        words.append(answer.text[:60])
    return " ".join(word for word in words if word)


def one_guest(server: ServerProcess, client: Client, guest: hostile.Hostile) -> str:
    before = server.resident_bytes()
    with peak_memory(server) as peak, hostile.neighbour(server) as seconds:
        end = time.monotonic() + 1  # enough calls for a p99
        answer = hostile.run(client, guest)
        time.sleep(max(0.0, end - time.monotonic()))
    after = server.resident_bytes()
    right = answer.status_code == guest.status and guest.says.items() <= answer.json().items()
    return (f"| {guest.name} | {answer_text(answer)}{'' if right else ' **wrong**'} | {before / MB:.0f} | "
            f"{peak[-1] / MB:.0f} | {after / MB:.0f} | {p99(seconds):.2f} |")


def loops(server: ServerProcess, client: Client, count: int, seconds: float) -> list[float]:
    """A neighbour's times while `count` tight loops run."""
    id = client.add(hostile.guest("hostile/loop.wat"), limits={"timeout_ms": int(seconds * 1000)})
    client.results(id, function="quick")

    def spin():
        with Client(server.url, timeout=60) as http:
            assert http.call(id, function="tight").status_code == 504

    threads = [threading.Thread(target=spin) for _ in range(count)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    with hostile.neighbour(server) as times:
        time.sleep(seconds - 0.5)
    for thread in threads:
        thread.join()
    return times


def sleepers(server: ServerProcess, client: Client, count: int) -> str:
    id = client.add(hostile.guest("hostile/sleep.wat"), limits={"timeout_ms": 60_000})
    client.call(id, headers={"Wasm-Timeout-Ms": "10"})
    before, threads, seen = server.resident_bytes(), server.thread_count(), {}

    def ready():
        seen["memory"], seen["threads"] = server.resident_bytes(), server.thread_count()
        with hostile.neighbour(server) as seconds:
            time.sleep(3)
        seen["p99"] = p99(seconds)

    start = time.monotonic()
    statuses = sleep_many(server, id, count, 15_000, ready)
    counts = {status: statuses.count(status) for status in sorted(set(statuses))}
    return (f"{count} sleepers at once: answers {counts} after {time.monotonic() - start:.1f} s (deadline 15 s); memory "
            f"{before / MB:.0f} -> {seen['memory'] / MB:.0f} -> {server.resident_bytes() / MB:.0f} MB; threads {threads} -> "
            f"{seen['threads']}; neighbour's p99 {seen['p99']:.2f} ms")


def main() -> int:
    binary = pathlib.Path(os.environ.get("WASM_SERVER_BINARY", ROOT / "build" / "release" / "wasm-server"))
    if not binary.is_file():
        sys.exit(f"{binary} is missing: `make build` makes it")
    wrong = False
    with tempfile.TemporaryDirectory(prefix="wasm-hostile-") as directory:
        server = ServerProcess(binary, pathlib.Path(directory) / "data").start()
        with Client(server.url, timeout=300) as client:
            calm = quiet(server)
            print(f"neighbour alone: p99 {p99(calm):.2f} ms over {len(calm)} calls\n")
            print("| Guest | Answer | Memory before, MB | Peak | After | Neighbour's p99, ms |\n|---|---|---|---|---|---|")
            for guest in hostile.ALL:
                row = one_guest(server, client, guest)
                wrong = wrong or "**wrong**" in row
                print(row, flush=True)
            spun = loops(server, client, 2, 5)
            print(f"\ntwo tight loops on {os.cpu_count()} cores: neighbour's p99 {p99(spun):.2f} ms over {len(spun)} calls, "
                  f"{p99(spun) / p99(calm):.2f} times the quiet one")
            print(sleepers(server, client, 10_000))
        server.stop()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
