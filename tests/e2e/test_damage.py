"""Damage in the files of a data directory: right bytes, an error that names it, or a refused start."""

import os
import subprocess

import pytest

from support import flags
from support.client import WASM, Client, assert_problem
from support.modules import ADD, distinct
from support.raw import get
from support.server import ROOT

contract = pytest.mark.contract
RAW = {"Accept": "application/wasm"}
MB = 1 << 20


def test_a_sample_of_damaged_places(binary):
    """`tests/torture/run damage` with the same seed goes on behind these."""
    command = [str(ROOT / "tests" / "torture" / "run"), "damage", "60", "--seed", "14"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600,
                          env={**os.environ, "WASM_SERVER_BINARY": str(binary)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "60 places: " in done.stdout.splitlines()[-1], done.stdout


def damage_end_of(server, code: bytes) -> None:
    """A bit in the last bytes of large code, while the server is down."""
    server.stop()
    content = bytearray((server.data / "blobs").read_bytes())
    at = content.rfind(code[-1000:])
    assert at >= 0
    content[at] ^= 1
    (server.data / "blobs").write_bytes(content)
    server.start()


@contract("5: internal")
@pytest.mark.parametrize("size", [100_000, 300_000, 3 * MB])
def test_damaged_code_is_an_error_before_the_first_byte(fresh_server, size):
    server, code = fresh_server(), distinct(7, size)
    with Client(server.url) as client:
        client.add(code, "damaged")
    damage_end_of(server, code)
    with Client(server.url) as client:
        for headers in (RAW, {}, RAW):
            assert_problem(client.get("/wasm/damaged", headers=headers), 500, "internal")
        client.add(code, "again")
        for headers in (RAW, RAW, RAW):  # the last from memory
            assert client.get("/wasm/damaged", headers=headers).content == code


@pytest.mark.parametrize("size", [100_000, 3 * MB])
def test_storing_damaged_code_again_mends_it_before_anybody_has_read_it(fresh_server, size):
    server, code = fresh_server(), distinct(7, size)
    with Client(server.url) as client:
        client.add(code, "damaged")
    damage_end_of(server, code)
    with Client(server.url) as client:
        client.add(code, "again")
        assert client.get("/wasm/damaged", headers=RAW).content == code
    assert "is damaged and written anew" in server.stderr_text()


@contract("5: internal")
def test_very_large_code_that_is_damaged_is_cut_there(fresh_server):
    server, code = fresh_server(), distinct(7, 20 * MB)
    with Client(server.url) as client:
        client.add(code, "damaged")
    damage_end_of(server, code)
    with server.connect() as wire:
        wire.sendall(get("/wasm/damaged", "Accept: application/wasm", "Connection: close").encode())
        head, _, body = b"".join(iter(lambda: wire.recv(MB), b"")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ") and f"Content-Length: {len(code)}".encode() in head
    assert 0 < len(body) < len(code) and code.startswith(body)
    assert "damaged" in server.stderr_text()


@contract("GET /wasm 200")
def test_a_damaged_block_of_records_fails_its_ids_alone(fresh_server):
    server = fresh_server(*flags.store_log_bytes(MB))
    ids = [f"m{number:03}" for number in range(300)]
    with Client(server.url) as client:
        for number, id in enumerate(ids):
            client.add(distinct(number, 8000), id, labels={"mark": f"label-of-{id}"})
    server.stop()
    places = 0
    for table in (server.data / "db").glob("*.sst"):
        content = bytearray(table.read_bytes())
        at = content.find(b"label-of-m020")
        if at >= 0:
            content[at] ^= 1
            table.write_bytes(content)
            places += 1
    assert places == 1
    server.start()
    with Client(server.url) as client:
        page = client.get("/wasm", params={"limit": 1000}).json()
        [gap] = page["damaged"]
        unread = {id for id in ids if gap.get("after", "") < id < gap.get("before", "~")}
        assert "m020" in unread and len(unread) < 40
        assert [item["id"] for item in page["items"]] == [id for id in ids if id not in unread]
        for id in ids:
            answer = client.get(f"/wasm/{id}", params={"wasm": "false"})
            if id in unread:
                assert_problem(answer, 500, "internal")
            else:
                assert answer.json()["meta_data"]["labels"] == {"mark": f"label-of-{id}"}
        assert client.results(client.add(ADD), [2, 40]) == [42]
        assert client.put("/wasm/m290", content=distinct(1, 500), headers=WASM).status_code == 200
    assert "block checksum mismatch" in server.stderr_text()


@contract("5: internal")
def test_a_table_that_cannot_be_compacted_is_read_and_written_on(fresh_server):
    server = fresh_server(*flags.store_log_bytes(MB))
    with Client(server.url) as client:
        for number in range(150):
            client.add(distinct(number, 12_000), f"m{number:03}")
    server.stop()
    places = 0
    for table in (server.data / "db").glob("*.sst"):
        content = bytearray(table.read_bytes())
        at = content.find(distinct(20, 12_000)[-2000:])
        if at >= 0:
            content[at] ^= 1
            table.write_bytes(content)
            places += 1
    assert places > 0
    for start in range(2):
        server.start()
        with Client(server.url) as client:
            for number in range(400):  # several times what the log holds, so that compactions are due
                client.add(distinct(1000 * (start + 1) + number, 12_000), f"n{start}-{number:03}")
            assert client.get("/readyz").status_code == 200
            assert_problem(client.get("/wasm/m020", headers=RAW), 500, "internal")
            assert client.get("/wasm/n0-000", headers=RAW).content == distinct(1000, 12_000)
        server.stop()
    assert "table code is damaged, and not compacted until a restart" in server.stderr_text()
    server.start()
    with Client(server.url) as client:
        assert_problem(client.get("/wasm/m020", headers=RAW), 500, "internal")
        client.add(distinct(20, 12_000), "again")
        assert client.get("/wasm/m020", headers=RAW).content == distinct(20, 12_000)
