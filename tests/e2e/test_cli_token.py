"""`wasm-server token`: on a data directory, whether a server runs on it or not, and over the API."""

import re

import pytest

from support.cli import LOCAL, REFUSED, USAGE, Cli
from support.client import Client
from support.modules import ADD
from support.server import ServerProcess
from support.tls import Authority, TlsServer

TOKEN = re.compile(r"wsk_[0-9A-Za-z]{13}_[0-9A-Za-z]+\n")


@pytest.fixture
def cli(binary, tmp_path):
    return Cli(binary, None, tmp_path)


def made(done) -> str:
    assert TOKEN.fullmatch(done.out) and done.err == "", done.err
    return done.out.strip()


def status(url: str, token: str = "", **options) -> int:
    with Client(url, **options) as client:
        return client.get("/wasm", headers={"Authorization": f"Bearer {token}"} if token else {}).status_code


def test_the_first_token_is_made_before_the_first_start(cli, binary, tmp_path):
    data = tmp_path / ("deep" * 40) / "data"
    admin = made(cli.ok("token", "create", "--data", data, "--scope", "admin"))
    reader = made(cli.ok("token", "create", "--data", data, "--scope", "read", "--scope", "execute", "--prefix", "team.",
                         "--expires", "30d"))
    assert not (data / "operator.sock").exists()
    authority = Authority(tmp_path)
    server = TlsServer(binary, data, authority, authority.issue("here"), ("--listen", "0.0.0.0:0")).start()
    try:
        listed = cli.ok("token", "ls", "--data", data, "--json").json["items"]
        assert [sorted(item["scopes"]) for item in sorted(listed, key=lambda item: item["created_at"])] == [
            ["admin"], ["execute", "read"]]
        assert {item["prefix"] for item in listed} == {"", "team."}
        port = server.address.rsplit(":", 1)[1]
        over_tls = ("--server", f"https://localhost:{port}", "--ca-file", authority.pair.certificate)
        assert "--token" in cli.refused(REFUSED, "ls", *over_tls)
        assert cli.ok("ls", "-q", "--token", reader, *over_tls).out == ""
        assert "scope" in cli.refused(REFUSED, "token", "ls", "--token", reader, *over_tls)
        assert cli.ok("token", "ls", "--token", admin, *over_tls).out.count("\n") == 3
    finally:
        server.stop()


def test_tokens_are_rotated_and_revoked_beside_the_server_and_over_it(cli, fresh_server):
    server = fresh_server()
    on_data = ("--data", server.data)
    admin = made(cli.ok("token", "create", "--scope", "admin", *on_data))
    over_api = ("--server", server.url, "--token", admin)
    assert status(server.url) == 401 and status(server.url, admin) == 200
    reader = made(cli.ok("token", "create", "--scope", "read", *over_api))
    id = reader.split("_")[1]
    rotated = made(cli.ok("token", "rotate", id, "--overlap", "1h", *on_data))
    assert status(server.url, reader) == status(server.url, rotated) == 200
    last = made(cli.ok("token", "rotate", id, *over_api))
    assert status(server.url, rotated) == 401 and status(server.url, last) == 200
    assert cli.ok("token", "revoke", id, *on_data).out == ""
    assert status(server.url, last) == 401
    assert "there is no token" in cli.refused(REFUSED, "token", "revoke", id, *over_api)
    table = cli.ok("token", "ls", *on_data).out.splitlines()
    assert len(table) == 2 and table[0].split()[:2] == ["ID", "SCOPES"] and admin.split("_")[1] in table[1]
    assert admin not in table[1]
    assert cli.ok("token", "revoke", admin.split("_")[1], "--json", *on_data).json == {"revoked": admin.split("_")[1]}


def test_modules_are_untouched_by_commands_on_a_stopped_server(cli, fresh_server):
    server = fresh_server()
    with Client(server.url) as client:
        client.add_ready(ADD, "m")
    artefacts = sorted(path.name for path in (server.data / "artefacts").iterdir())
    server.stop()
    made(cli.ok("token", "create", "--scope", "execute", "--data", server.data))
    assert sorted(path.name for path in (server.data / "artefacts").iterdir()) == artefacts
    assert cli.ok("token", "ls", "--data", server.data).out.count("\n") == 2


def test_what_is_wrong_is_told_in_a_line(cli, binary, tmp_path):
    data = ("--data", tmp_path / "data")
    assert "needs a --scope" in cli.refused(USAGE, "token", "create", *data)
    assert "needs the token's ID" in cli.refused(USAGE, "token", "revoke", *data)
    assert "takes no ID" in cli.refused(USAGE, "token", "ls", "x", *data)
    assert "token create" in cli.refused(USAGE, "token", "ls", "--scope", "read", *data)
    assert "token rotate" in cli.refused(USAGE, "token", "create", "--scope", "read", "--overlap", "1h", *data)
    assert "--expires takes a time" in cli.refused(USAGE, "token", "create", "--scope", "read", "--expires", "soon", *data)
    assert "two servers" in cli.refused(USAGE, "token", "ls", "--server", "http://127.0.0.1:1", *data)
    cli.refused(USAGE, "token", "create", "--scope", "root", *data)
    cli.refused(USAGE, "token", "break", *data)
    assert not (tmp_path / "data").exists(), "a wrong command makes nothing"
    (tmp_path / "file").write_text("")
    assert "file" in cli.refused(LOCAL, "token", "ls", "--data", tmp_path / "file")


def test_a_directory_that_another_program_holds_is_told(cli, binary, tmp_path):
    server = ServerProcess(binary, tmp_path / "data").start()
    try:
        (server.data / "operator.sock").unlink()
        assert "in use" in cli.refused(LOCAL, "token", "ls", "--data", server.data)
    finally:
        server.stop()
