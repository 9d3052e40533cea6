"""Mode `hostile`: the hostile guests of tests/guests/hostile, a dozen clients at once for as many rounds, in an order that the
seed gives, beside two neighbours that call `add` and must get their sums. Each guest gets the answer that is its own, the
server stays, and its memory comes back.

Needs what the end-to-end tests need, and takes it from their environment.
"""

import collections
import os
import pathlib
import random
import subprocess
import sys
import threading

from server import Server
from verify import Mismatch, check

ROUNDS = 5
ROOT = pathlib.Path(__file__).resolve().parents[2]
MB = 1 << 20


def prepare() -> None:
    """Starts this program again with the interpreter that has the tests' packages, unless it is the one."""
    lines = f'source "{ROOT}/tools/lib.sh"; [ -e "$(venv_dir)/complete" ] || "$root/tools/setup" test >&2; venv_dir'
    directory = subprocess.run(["bash", "-c", lines], check=True, capture_output=True, text=True).stdout.strip()
    if pathlib.Path(sys.prefix) != pathlib.Path(directory):
        os.execv(f"{directory}/bin/python", [f"{directory}/bin/python", *sys.argv])
    sys.path.insert(0, str(ROOT / "tests" / "e2e"))


class Attacker(threading.Thread):
    """Runs guests one after the other."""

    def __init__(self, url: str, guests: list, counts: collections.Counter):
        super().__init__()
        self.url, self.guests, self.counts = url, guests, counts
        self.failure: str | None = None

    def run(self) -> None:
        from support import hostile
        from support.client import Client

        try:
            with Client(self.url, timeout=300) as client:
                for guest in self.guests:
                    answer = hostile.run(client, guest)
                    self.judge(guest, answer)
        except Exception as error:
            self.failure = f"{type(error).__name__}: {error}"

    def judge(self, guest, answer) -> None:
        document = answer.json()
        if answer.status_code == 503:  # there is more than the server takes at once
            self.counts["not taken"] += 1
        elif answer.status_code == guest.status and guest.says.items() <= document.items():
            self.counts["answered as it should be"] += 1
        elif document.get("code") == "deadline-exceeded" and guest.timeout_ms:
            self.counts["too slow among the others"] += 1
        else:
            self.failure = self.failure or f"{guest.name}: {answer.status_code} {answer.text[:300]}"


def resident_bytes(server: Server) -> int:
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def one_round(server: Server, rng: random.Random, clients: int, counts: collections.Counter) -> None:
    from support import hostile

    url = f"http://127.0.0.1:{server.port}"
    small = [guest for guest in hostile.ALL if not guest.giant]
    attackers = [Attacker(url, rng.sample(small, 6), counts) for _ in range(clients)]
    for attacker in attackers:
        attacker.start()
    for attacker in attackers:
        attacker.join()
    check(server.process.poll() is None, f"the server ended with {server.process.poll()}")
    for attacker in attackers:
        if attacker.failure:
            raise Mismatch(attacker.failure)


def run(server: Server, arguments) -> str:
    from support import hostile

    rng = random.Random(arguments.seed)
    counts: collections.Counter = collections.Counter()
    calls = 0
    server.start()
    server.url = f"http://127.0.0.1:{server.port}"
    before = 0
    for number in range(1, arguments.rounds + 1):
        with hostile.neighbour(server) as one, hostile.neighbour(server) as other:
            one_round(server, rng, min(arguments.clients, 12), counts)
        calls += len(one) + len(other)
        now = resident_bytes(server)
        before = before or now  # after the first round the pool has what it keeps
        print(f"round {number}: {dict(counts)}; neighbours {calls} right sums; {now // MB} MB resident", flush=True)
    check(now < before + 256 * MB, f"{now // MB} MB are resident, and {before // MB} were after the first round")
    server.stop()
    kinds = ", ".join(f"{count} {what}" for what, count in counts.items())
    return (f"{arguments.rounds} rounds, {counts.total()} calls of hostile guests ({kinds}), {calls} calls of neighbours, "
            "all right")
