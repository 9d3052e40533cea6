"""A disk that is really full: a small file system of its own, filled by the server or by somebody else."""

import subprocess

import pytest

from support import flags
from support.client import WASM, Client, assert_problem
from support.modules import ADD, distinct
from support.server import wait_until

contract = pytest.mark.contract
RAW = {"Accept": "application/wasm"}
MB = 1 << 20
SMALL = (*flags.store_reserve_bytes(8 * MB), *flags.store_log_bytes(4 * MB))


@pytest.fixture
def small_disk(tmp_path):
    """Needs the right to mount, as root in a container of CI has it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={64 * MB}", "tmpfs", disk], check=True)
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def fill_with(client, make) -> list[str]:
    stored = []
    for n in range(20_000):
        answer = client.post("/wasm", params={"id": f"m{n:05d}"}, content=make(n), headers=WASM)
        if answer.status_code != 201:
            assert_problem(answer, 507, "storage-full")
            return stored
        stored.append(f"m{n:05d}")
    raise AssertionError("the disk is never full")


def take_the_rest(disk) -> None:
    """Somebody else's file takes what the disk has left."""
    with open(disk / "other", "wb", buffering=0) as file:
        piece = bytes(4096)
        try:
            while file.write(piece) == len(piece):
                pass
        except OSError:
            pass


def stores_again(client, content: bytes) -> bool:
    answer = client.post("/wasm", content=content, headers=WASM)
    assert answer.status_code in (201, 507), answer.text
    return answer.status_code == 201


@contract("5: storage-full")
@pytest.mark.parametrize("size", [MB, 30_000])
def test_a_full_disk_takes_deletes_and_then_uploads(fresh_server, small_disk, size):
    server = fresh_server(*SMALL, data=small_disk / "data")
    with Client(server.url) as client:
        stored = fill_with(client, lambda n: distinct(n, size))
        assert len(stored) > 20
        assert client.get("/readyz").status_code == 200
        assert client.get(f"/wasm/{stored[3]}", headers=RAW).content == distinct(3, size)
        assert client.put(f"/wasm/{stored[4]}", content=distinct(90_000, size), headers=WASM).status_code == 507
        for id in stored[:3]:
            assert client.delete(f"/wasm/{id}").status_code == 204
        wait_until(lambda: stores_again(client, distinct(99_999, size)))
        for n in (3, 4, len(stored) - 1):
            assert client.get(f"/wasm/{stored[n]}", headers=RAW).content == distinct(n, size)
    assert server.running()


@contract("5: storage-full")
def test_a_start_on_a_full_disk_serves_and_takes_deletes(fresh_server, small_disk):
    server = fresh_server(*SMALL, data=small_disk / "data")
    with Client(server.url) as client:
        for n in range(20):
            client.add(distinct(n, MB), f"m{n:05d}")
    take_the_rest(small_disk)
    server.kill()
    server.start()
    with Client(server.url) as client:
        assert client.get("/readyz").status_code == 200
        assert client.get("/wasm/m00003", headers=RAW).content == distinct(3, MB)
        assert_problem(client.post("/wasm", content=distinct(100, 4 * MB), headers=WASM), 507, "storage-full")
        for n in range(15):
            assert client.delete(f"/wasm/m{n:05d}").status_code == 204
        wait_until(lambda: stores_again(client, distinct(101, MB)))
        (small_disk / "other").unlink()
        wait_until(lambda: stores_again(client, distinct(102, 4 * MB)))
        assert client.get("/wasm/m00016", headers=RAW).content == distinct(16, MB)
    server.stop()
    server.start()
    with Client(server.url) as client:
        assert client.get("/wasm/m00002").status_code == 404
        assert client.get("/wasm/m00016", headers=RAW).content == distinct(16, MB)


def test_a_first_start_on_a_full_disk_is_refused_in_one_line(fresh_server, small_disk):
    take_the_rest(small_disk)
    server = fresh_server(data=small_disk / "data", start=False)
    done = subprocess.run(server.command(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line.startswith("wasm-server: ")]
    assert len(lines) == 1 and "No space left" in lines[0], done.stderr
    (small_disk / "other").unlink()
    with Client(server.start().url) as client:
        client.add(ADD, "after")
