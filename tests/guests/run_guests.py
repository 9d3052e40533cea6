"""Command line of tests/guests/run."""

import os
import pathlib
import statistics
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from support import real_guests  # noqa: E402
from support.client import Client  # noqa: E402
from support.server import ROOT, ServerProcess  # noqa: E402

LATER = 10


def milliseconds(client: Client, guest, one) -> tuple[float, str]:
    start = time.perf_counter()
    answer = real_guests.call(client, guest, one)
    spent = (time.perf_counter() - start) * 1000
    wrong = real_guests.complaint(answer, one)
    if wrong:
        raise AssertionError(f"{guest.file}, {one.about}: {wrong}")
    return spent, answer.text


def shown(text: str) -> str:
    """An answer in one cell of a Markdown table."""
    text = text if len(text) <= 110 else text[:107] + "..."
    return "`" + text.replace("|", "\\|").replace("`", "'") + "`"


def size(guest) -> str:
    count = (real_guests.directory() / guest.file).stat().st_size
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} KB"


def wait_for_artefacts(client: Client, ids: list[str]) -> None:
    """Until nothing is compiled any more: a restart before that has to compile again."""
    while any(client.meta(id)["state"] == "compiling" for id in ids):
        time.sleep(0.1)


def measure(server: ServerProcess, guests) -> list[list[str]]:
    rows, first = [], {}
    with Client(server.url, timeout=300) as client:
        for guest in guests:
            upload = real_guests.add(client, guest)
            if not guest.stored:
                wrong = real_guests.complaint(upload, guest.calls[0])
                if wrong:
                    raise AssertionError(f"{guest.file}: {wrong}")
                rows.append([guest.file, size(guest), "upload", shown(upload.json()["detail"]), "", "", ""])
                continue
            assert upload.status_code == 201, upload.text
            first[guest.file] = milliseconds(client, guest, guest.calls[0])[0]
        wait_for_artefacts(client, [real_guests.id_of(guest.file) for guest in guests if guest.stored])
    server.restart()
    with Client(server.url, timeout=300) as client:
        for guest in guests:
            for number, one in enumerate(guest.calls if guest.stored else ()):
                restarted, text = milliseconds(client, guest, one)
                later = statistics.median(milliseconds(client, guest, one)[0] for _ in range(LATER))
                text = text if one.status == 200 else real_guests.call(client, guest, one).json()["detail"]
                rows.append([guest.file, size(guest), one.about, shown(text),
                             *([f"{first[guest.file]:.0f}", f"{restarted:.1f}"] if number == 0 else ["", ""]),
                             f"{later:.1f}"])
    return rows


def main() -> int:
    groups = sys.argv[1:]
    fetched = real_guests.fetch(*groups)
    sys.stderr.write(fetched.stderr)
    if fetched.returncode:
        return fetched.returncode
    wanted = [guest for guest in real_guests.ALL if not groups or guest.group in groups]
    guests = [guest for guest in wanted if (real_guests.directory() / guest.file).exists()]
    binary = pathlib.Path(os.environ.get("WASM_SERVER_BINARY", ROOT / "build" / "release" / "wasm-server"))
    if not binary.is_file():
        sys.exit(f"{binary} is missing: `make build` makes it")
    with tempfile.TemporaryDirectory(prefix="wasm-guests-") as directory:
        server = ServerProcess(binary, pathlib.Path(directory) / "data").start()
        try:
            rows = measure(server, guests)
        finally:
            server.stop()
    print("| Guest | Size | Call | Answer | First call, compiled, ms | First after restart, ms | Later, ms (median) |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    for guest in wanted:
        if guest not in guests:
            print(f"not there: {guest.file} (tests/guests/fetch said why)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
