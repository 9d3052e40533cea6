"""`check`, `check --repair` and `compact` on data directories."""

import os

import pytest

from support.cli import LOCAL, USAGE, Cli
from support.client import WASM, Client
from support.modules import distinct

DAMAGED = 1
MB = 1 << 20


@pytest.fixture
def cli(binary, tmp_path):
    return Cli(binary, None, tmp_path)


def allocated(path) -> int:
    return sum(file.stat().st_blocks * 512 for file in path.rglob("*") if file.is_file())


def test_compact_gives_space_back(fresh_server, cli):
    server = fresh_server()
    with Client(server.url) as client:
        for n in range(12):
            client.add(distinct(n, MB), f"m{n}")
        for n in range(0, 12, 2):
            assert client.delete(f"/wasm/m{n}").status_code == 204
    assert "in use" in cli.refused(DAMAGED, "compact", server.data)
    server.stop()
    before = allocated(server.data)
    answer = cli.ok("compact", server.data, "--json").json
    assert answer["bytes_before"] - answer["bytes_after"] > 5 * MB
    assert before - allocated(server.data) > 5 * MB
    assert cli.ok("check", server.data).out.endswith(", 0 damaged\n")
    server.start()
    with Client(server.url) as client:
        for n in range(1, 12, 2):
            assert client.get(f"/wasm/m{n}", headers={"Accept": "application/wasm"}).content == distinct(n, MB)
        client.add(distinct(100, 3 * MB), "later")
    server.stop()
    assert cli.ok("check", server.data).out.endswith(", 0 damaged\n")
    assert "no database" in cli.refused(DAMAGED, "compact", server.data / "none")


def test_repair_names_what_it_takes_out_and_leaves_nothing_damaged(fresh_server, cli):
    server = fresh_server()
    with Client(server.url) as client:
        client.add(distinct(1, 60_000), "lost")
        client.add(distinct(2, 60_000), "kept")
        client.add(distinct(3, 500), "back")
        client.put("/wasm/back", content=distinct(1, 60_000), headers=WASM)
    assert "in use" in cli.refused(DAMAGED, "check", server.data, "--repair")
    server.stop()
    assert cli.ok("check", server.data, "--repair").out == "0 damaged, 0 changes made\n"
    content = bytearray((server.data / "blobs").read_bytes())
    content[content.find(distinct(1, 60_000)[-1000:])] ^= 1
    (server.data / "blobs").write_bytes(content)
    assert cli.run("check", server.data).code == DAMAGED
    out = cli.ok("check", server.data, "--repair").out
    assert "repaired: module lost is taken out" in out and "revision 1, which is the current one again" in out
    assert cli.ok("check", server.data).out == "2 modules, 0 older revisions and 2 codes read, 0 damaged\n"
    server.start()
    with Client(server.url) as client:
        assert client.get("/wasm/lost").status_code == 404
        assert client.meta("back")["revision"] == 1
        assert client.get("/wasm/kept", headers={"Accept": "application/wasm"}).content == distinct(2, 60_000)


def test_what_check_takes(cli, tmp_path):
    assert "PATH" in cli.refused(USAGE, "check")
    (tmp_path / "empty").write_bytes(b"")
    assert "no backup" in cli.refused(DAMAGED, "check", tmp_path / "empty")
    (tmp_path / "unreadable").mkdir()
    assert "no database" in cli.refused(DAMAGED, "check", tmp_path / "unreadable")
    assert "No such file" in cli.refused(LOCAL, "restore", tmp_path / "none", "--data", tmp_path / "new")
    assert os.listdir(tmp_path / "new") == ["wasm-server.lock"]
