"""Client commands and what guards a server: tokens with scopes, and TLS."""

import pytest

from support.cli import REFUSED, UNREACHABLE, Cli
from support.client import Client
from support.modules import ADD
from support.tls import Authority, TlsServer


@pytest.fixture
def guarded(fresh_server):
    """A server with the module `m`, and a token that may read and nothing else."""
    server = fresh_server()
    with Client(server.url) as client:
        client.add_ready(ADD, "m")
        admin = client.post("/tokens", json={"scopes": ["admin"]}).json()["token"]
        reader = client.post("/tokens", json={"scopes": ["read"]}, headers={"Authorization": f"Bearer {admin}"})
    return server, reader.json()["token"]


def test_a_token_is_sent_and_its_lack_is_told(guarded, binary, tmp_path):
    server, reader = guarded
    cli = Cli(binary, server.url, tmp_path)
    assert "--token" in cli.refused(REFUSED, "ls")
    assert cli.ok("ls", "-q", "--token", reader).out == "m\n"
    assert cli.ok("ls", "-q", env={"WASM_SERVER_TOKEN": reader}).out == "m\n"
    assert "scope" in cli.refused(REFUSED, "rm", "m", "--token", reader)
    assert reader not in cli.refused(REFUSED, "rm", "m", "--token", reader)


def test_a_token_of_the_file_goes_to_its_server(guarded, binary, tmp_path):
    server, reader = guarded
    file = tmp_path / ".config" / "wasm-server" / "client.toml"
    file.parent.mkdir(parents=True)
    file.write_text(f'server = "here"\n[servers.here]\nurl = "{server.url}"\ntoken = "{reader}"\n')
    file.chmod(0o600)
    assert Cli(binary, None, tmp_path).ok("ls", "-q").out == "m\n"


def test_certificates_are_checked(binary, tmp_path):
    authority = Authority(tmp_path)
    server = TlsServer(binary, tmp_path / "data", authority, authority.issue("here")).start()
    try:
        cli = Cli(binary, server.url, tmp_path)
        assert "certificate" in cli.refused(UNREACHABLE, "ls")
        assert cli.ok("ls", "-q", "--ca-file", authority.pair.certificate).out == ""
        assert "certificate" in cli.refused(UNREACHABLE, "ls", "--ca-file", Authority(tmp_path, "other").pair.certificate)
    finally:
        server.stop()
