"""What the store promises, seen from outside: durability, equal bytes once, a full disk, large modules."""

import hashlib
import subprocess
import threading

import pytest

from support import flags
from support.binary import large_data
from support.client import WASM, Client, assert_problem, fresh_id
from support.modules import ADD, distinct, wasm
from support.server import wait_until

contract = pytest.mark.contract
RAW = {"Accept": "application/wasm"}
MB = 1 << 20


@contract("3: answered after commit")
def test_kill_9_loses_no_acknowledged_write(fresh_server):
    server = fresh_server()
    expected: dict[str, str] = {}  # id -> its label "n", or "" when deleted
    doubtful: set[str] = set()     # ids with a write that was not answered
    for round in range(3):
        stop = threading.Event()

        def write(number: int):
            with Client(server.url) as http:
                for n in range(100_000):
                    if stop.is_set():
                        return
                    id = f"r{round}-{number}-{n % 50}"
                    doubtful.add(id)
                    try:
                        if n < 50:
                            http.add(distinct(n, 2000), id, labels={"n": str(n)})
                            state = str(n)
                        elif n % 7:
                            answer = http.put(f"/wasm/{id}", json={"labels": {"n": str(n)}})
                            if answer.status_code == 404:  # deleted a turn ago
                                http.add(ADD, id, labels={"n": str(n)})
                            state = str(n)
                        else:
                            http.delete(f"/wasm/{id}")
                            state = ""
                    except Exception:
                        return  # the kill: whether this last one is stored is open
                    expected[id] = state
                    doubtful.discard(id)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        goal = len(expected) + 150
        wait_until(lambda: len(expected) >= goal)
        server.kill()
        stop.set()
        for thread in threads:
            thread.join()
        for id in doubtful:
            expected.pop(id, None)
        doubtful.clear()
        server.start()
        with Client(server.url) as client:
            for id, state in expected.items():
                answer = client.get(f"/wasm/{id}")
                if state == "":
                    assert answer.status_code == 404, id
                else:
                    assert answer.json()["meta_data"]["labels"] == {"n": state}, id
                    assert client.post(f"/wasm/{id}", json=[2, 40]).json() == {"results": [42]}


def fill(client) -> list[str]:
    """Stores modules of 1 MB, called m00, m01, ..., until one is refused."""
    stored = []
    for n in range(40):
        answer = client.post("/wasm", params={"id": f"m{n:02d}"}, content=distinct(n, MB), headers=WASM)
        if answer.status_code != 201:
            break
        stored.append(f"m{n:02d}")
    assert_problem(answer, 507, "storage-full")
    return stored


@contract("POST /wasm 507", "PUT /wasm/{id} 507")
@contract("5: storage-full", "3: equal bytes stored once")
def test_a_full_store_refuses_writes_reads_on_and_recovers(fresh_server):
    with Client(fresh_server(*flags.store_bytes(16 * MB)).url) as client:
        stored = fill(client)
        assert 8 <= len(stored) <= 16
        assert client.get(f"/wasm/m{len(stored):02d}").status_code == 404
        for n, id in enumerate(stored):
            assert client.get(f"/wasm/{id}", headers=RAW).content == distinct(n, MB)
        # What is there takes no more room under fifty further names (only their records).
        assert client.delete(f"/wasm/{stored[0]}").status_code == 204
        for n in range(50):
            client.add(distinct(1, MB), f"copy{n:02d}")
        assert client.post("/wasm", content=distinct(100, 2 * MB), headers=WASM).status_code == 507
        assert client.put(f"/wasm/{stored[1]}", content=distinct(100, 2 * MB), headers=WASM).status_code == 507
        # One reference of many goes: nothing is freed. The last goes: it is.
        for n in range(50):
            client.delete(f"/wasm/copy{n:02d}")
        assert client.get(f"/wasm/{stored[1]}", headers=RAW).content == distinct(1, MB)
        for id in stored[1:]:
            assert client.delete(f"/wasm/{id}").status_code == 204
        for n in range(200, 200 + len(stored) - 1):
            client.add(distinct(n, MB))


@contract("5: storage-full")
def test_a_limit_of_file_sizes_is_a_full_disk(fresh_server):
    """LimitFSIZE of systemd, ulimit -f: the kernel's signal would end the process."""
    server = fresh_server(file_bytes=20 * MB)
    with Client(server.url) as client:
        stored = fill(client)
        assert 8 <= len(stored) < 20
        for n, id in enumerate(stored):
            assert client.get(f"/wasm/{id}", headers=RAW).content == distinct(n, MB)
        for id in stored[1:]:
            assert client.delete(f"/wasm/{id}").status_code == 204
        client.add(distinct(100, MB), "again")
    server.stop()
    server.start()
    with Client(server.url) as client:
        assert {item["id"] for item in client.get("/wasm").json()["items"]} == {"m00", "again"}


@contract("5: storage-full")
def test_without_room_for_more_it_reads(fresh_server):
    server = fresh_server()
    with Client(server.url) as client:
        id = client.add(ADD)
    server.stop()
    server.file_bytes = 64 << 10
    server.start()
    with Client(server.url) as client:
        assert client.results(id, [2, 40]) == [42]
        assert_problem(client.post("/wasm", content=distinct(1, MB), headers=WASM), 507, "storage-full")


@contract("3: equal bytes stored once")
def test_equal_bytes_are_shared_and_freed_with_the_last_user(client):
    code = distinct(7, 5000)
    first, second = client.add(code), client.add(code)
    third = client.add(ADD)
    client.put(f"/wasm/{third}", content=code, headers=WASM)
    client.delete(f"/wasm/{first}")
    for id in (second, third):
        assert client.get(f"/wasm/{id}", headers=RAW).content == code
        assert client.results(id, [2, 40]) == [42]
    client.delete(f"/wasm/{second}")
    assert client.results(third, [2, 40]) == [42]
    client.delete(f"/wasm/{third}")
    again = client.add(code)
    assert client.get(f"/wasm/{again}", headers=RAW).content == code


@contract("5: internal")
def test_code_that_the_disk_damaged_is_never_run(fresh_server):
    """One bit of the stored code flips while the server is down, and there is no artefact to run instead: the execution
    is the server's fault, logged with the answer's request id; everything else goes on."""
    server = fresh_server()
    with Client(server.url) as client:
        damaged, whole = client.add(distinct(3, 300_000)), client.add(ADD)
    server.stop()
    [stored] = (file for file in server.data.rglob("blobs") if file.is_file())
    content = bytearray(stored.read_bytes())
    at = content.find(distinct(3, 300_000)[-1000:])
    assert at >= 0
    content[at] ^= 1
    stored.write_bytes(content)
    for artefact in (server.data / "artefacts").iterdir():
        artefact.unlink()
    server.start()
    with Client(server.url) as client:
        answer = client.call(damaged, [2, 40], headers={"X-Request-Id": "damaged-code"})
        problem = assert_problem(answer, 500, "internal")
        assert problem["request_id"] == answer.headers["x-request-id"] == "damaged-code"
        assert "damaged-code" in server.stderr_text()
        assert client.results(whole, [2, 40]) == [42]
        assert client.meta(damaged)["revision"] == 1
        assert client.delete(f"/wasm/{damaged}").status_code == 204


@contract("5: internal")
@pytest.mark.parametrize("deletes", [False, True])
def test_code_that_the_disk_damaged_is_mended_by_an_upload(fresh_server, deletes):
    code = distinct(7, 60_000)
    server = fresh_server()
    with Client(server.url) as client:
        client.add(code, "damaged")
        client.add(distinct(8, 60_000), "whole")
        digest = client.meta("damaged")["digest"].removeprefix("sha256:")
    server.stop()
    content = bytearray((server.data / "blobs").read_bytes())
    at = content.find(code[-1000:])
    assert at >= 0
    content[at] ^= 1
    (server.data / "blobs").write_bytes(content)
    server.start()
    with Client(server.url) as client:
        assert_problem(client.get("/wasm/damaged", headers=RAW), 500, "internal")
        assert_problem(client.get("/wasm/damaged"), 500, "internal")
        assert digest in server.stderr_text()
        assert client.get("/wasm/whole", headers=RAW).content == distinct(8, 60_000)
        if deletes:
            assert client.delete("/wasm/damaged").status_code == 204
        client.add(code, "again")
        assert client.get("/wasm/again", headers=RAW).content == code
        if not deletes:
            assert client.get("/wasm/damaged", headers=RAW).content == code


def test_check_says_what_is_damaged(fresh_server):
    server = fresh_server()
    with Client(server.url) as client:
        client.add(distinct(7, 60_000), "m")
        client.add(ADD)
        digest = client.meta("m")["digest"].removeprefix("sha256:")

    def check():
        return subprocess.run([server.binary, "check", server.data], capture_output=True, text=True, timeout=60)

    in_use = check()
    assert in_use.returncode == 1 and "in use by another server" in in_use.stderr
    server.stop()
    good = check()
    assert (good.returncode, good.stdout) == (0, "2 modules, 0 older revisions and 2 codes read, 0 damaged\n")
    content = bytearray((server.data / "blobs").read_bytes())
    content[content.find(distinct(7, 60_000)[-1000:])] ^= 1
    (server.data / "blobs").write_bytes(content)
    bad = check()
    assert bad.returncode == 1
    damage, summary = bad.stdout.splitlines()
    assert damage.startswith(f"damaged: code {digest}: ") and summary.endswith(", 1 damaged")
    nothing = subprocess.run([server.binary, "check", server.data / "nothing"], capture_output=True, text=True, timeout=60)
    assert nothing.returncode == 1 and "there is no database" in nothing.stderr


@contract("3: equal bytes stored once")
def test_fifty_copies_take_the_room_of_one(fresh_server):
    server = fresh_server()

    def size() -> int:
        return sum(file.stat().st_blocks * 512 for file in server.data.rglob("*") if file.is_file())

    with Client(server.url) as client:
        client.add(distinct(0, MB))
        before = size()
        for _ in range(50):
            client.add(distinct(0, MB))
        assert size() - before < 4 * MB


@contract("3: application/wasm", "1: Accept: application/wasm")
def test_a_module_with_100_mb_of_data(client):
    data = hashlib.shake_128(b"large").digest(100 * MB)
    code = large_data(data)
    id = fresh_id()
    answer = client.post("/wasm", params={"id": id}, content=code, headers=WASM)
    assert answer.status_code == 201, answer.text
    assert answer.json()["meta_data"]["size"] == len(code)
    assert client.get(f"/wasm/{id}", headers=RAW).content == code
    client.put(f"/wasm/{id}", json={"limits": {"timeout_ms": 60000}})
    place = 77 * MB + 3
    assert client.results(id, [place]) == [data[place]]
    assert client.delete(f"/wasm/{id}").status_code == 204


def test_readers_see_whole_revisions_while_a_writer_replaces_them(server):
    with Client(server.url) as client:
        id = client.add(distinct(0, 300_000))
        stop = threading.Event()
        digests: dict[str, str] = {}  # by entity tag

        def read():
            with Client(server.url) as http:
                while not stop.is_set():
                    answer = http.get(f"/wasm/{id}", headers=RAW)
                    digest = hashlib.sha256(answer.content).hexdigest()
                    assert digests.setdefault(answer.headers["etag"], digest) == digest

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for n in range(1, 30):
            assert client.put(f"/wasm/{id}", content=distinct(n, 300_000), headers=WASM).status_code == 200
        stop.set()
        for thread in threads:
            thread.join()


def test_the_list_is_right_while_many_write(server):
    prefix = fresh_id("many")
    with Client(server.url) as client:

        def write(number: int):
            with Client(server.url) as http:
                for n in range(25):
                    http.add(ADD, f"{prefix}-{number}-{n:02d}")
                    if n % 2:
                        assert http.delete(f"/wasm/{prefix}-{number}-{n - 1:02d}").status_code == 204

        threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        items = client.get("/wasm", params={"prefix": prefix, "limit": 1000}).json()["items"]
        # 25 made, those at even places 0..22 deleted again.
        expected = [f"{prefix}-{number}-{n:02d}" for number in range(6) for n in (*range(1, 25, 2), 24)]
        assert [item["id"] for item in items] == sorted(expected)
        assert wasm(ADD) == client.get(f"/wasm/{expected[0]}", headers=RAW).content
