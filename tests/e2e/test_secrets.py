"""Secrets: values that guests get in their environment, and that nothing else of the server gives away."""

import pytest

from support.cli import REFUSED, USAGE, Cli
from support.client import WASM, Client, assert_problem
from support.modules import ADD, PRINTENV

contract = pytest.mark.contract

VALUE = "correct horse battery staple"


def put(client: Client, name: str, value: str | bytes, headers=None):
    return client.put(f"/secrets/{name}", content=value, headers={"Content-Type": "text/plain", **(headers or {})})


def environment(client: Client, id: str, **body) -> dict:
    answer = client.post(f"/wasm/{id}", json=body)
    assert answer.status_code == 200, answer.text
    return dict(line.split("=", 1) for line in answer.json()["stdout"].splitlines())


@contract("PUT /secrets/{id} 204", "GET /secrets 200", "HEAD /secrets", "DELETE /secrets/{id} 204")
def test_a_guest_gets_it_and_nothing_else_shows_it(fresh_server):
    server = fresh_server("--log-level", "debug", "--access-log")
    with Client(server.url) as client:
        assert put(client, "db", VALUE).status_code == 204
        client.add_ready(PRINTENV, "m", env={"PLAIN": "text", "PASSWORD": {"secret": "db"}})
        assert environment(client, "m") == {"PLAIN": "text", "PASSWORD": VALUE}
        assert environment(client, "m", env={"PASSWORD": "given"}) == {"PLAIN": "text", "PASSWORD": "given"}
        meta = client.meta("m")
        assert meta["env"] == {"PLAIN": "text", "PASSWORD": {"secret": "db"}}
        listed = client.get("/secrets")
        assert [item["name"] for item in listed.json()["items"]] == ["db"] and VALUE not in listed.text
        assert put(client, "db", "next").status_code == 204
        assert environment(client, "m")["PASSWORD"] == "next", "the next call has it"
        assert client.put("/wasm/m", json={"labels": {"a": "b"}}).status_code == 200
        assert client.meta("m")["env"]["PASSWORD"] == {"secret": "db"}, "what is left out is kept"
    server.restart()
    with Client(server.url) as client:
        assert environment(client, "m")["PASSWORD"] == "next"
        assert client.delete("/secrets/db").status_code == 204
        assert_problem(client.post("/wasm/m", json={}), 503, "not-ready", '"db"')
        assert client.put("/wasm/m", json={"env": {}}).status_code == 200
        assert environment(client, "m") == {}
    server.stop()
    assert VALUE not in server.stderr_text()
    for path in server.data.rglob("*"):
        if path.is_file():
            assert VALUE.encode() not in path.read_bytes(), path
    assert (server.data / "secret.key").stat().st_mode & 0o777 == 0o600


@contract("PUT /secrets/{id} 400", "DELETE /secrets/{id} 404")
def test_what_is_refused(fresh_server):
    with Client(fresh_server().url) as client:
        assert_problem(put(client, "db", b""), 400, "bad-request", "1 to 32768 bytes")
        assert_problem(put(client, "db", b"x" * 32769), 400, "bad-request", "1 to 32768 bytes")
        assert_problem(put(client, "db", b"a\0b"), 400, "bad-request", "NUL")
        assert client.get("/secrets").json() == {"items": []}
        assert_problem(client.delete("/secrets/db"), 404, "not-found", "db")
        assert_problem(put(client, "a b", b"x"), 404, "not-found")
        for env, mention in (({"K": {"secret": "nobody"}}, '"nobody"'), ({"K": {"other": "x"}}, "env.K"),
                             ({"K": {"secret": 1}}, "env.K"), ({"K": {"secret": "a b"}}, "a b"), ({"K": 1}, "env.K"),
                             ({"K=": {"secret": "x"}}, "env")):
            answer = client.post("/wasm", json={"wasm": "AGFzbQEAAAA=", "env": env})
            assert_problem(answer, 400, "bad-request", mention)


@contract("PUT /secrets/{id} 409")
def test_there_are_no_more_than_a_thousand(fresh_server):
    with Client(fresh_server().url) as client:
        for number in range(1000):
            assert put(client, f"s{number}", b"x").status_code == 204
        assert_problem(put(client, "one-more", b"x"), 409, "conflict", "1000")
        assert put(client, "s7", b"y").status_code == 204


@contract("PUT /secrets/{id} 507")
def test_a_full_store_takes_none(fresh_server):
    with Client(fresh_server("--store-bytes", "1MiB").url) as client:
        assert client.post("/wasm", content=b"\0asm\1\0\0\0", headers=WASM).status_code == 201
        statuses = [put(client, f"s{number}", b"x" * 30_000).status_code for number in range(60)]
        assert statuses[0] == 204 and statuses[-1] == 507


def test_a_token_is_for_the_secrets_of_its_prefix(fresh_server):
    server = fresh_server()
    with Client(server.url) as client:
        put(client, "team.db", VALUE)
        put(client, "other", VALUE)
        admin = client.post("/tokens", json={"scopes": ["admin"]}).json()["token"]
        team = client.post("/tokens", json={"scopes": ["read", "write", "execute"], "prefix": "team."},
                           headers={"Authorization": f"Bearer {admin}"}).json()["token"]
        own = {"Authorization": f"Bearer {team}"}
        body = {"id": "team.m", "wasm": "AGFzbQEAAAA="}
        refused = client.post("/wasm", json={**body, "env": {"K": {"secret": "other"}}}, headers=own)
        assert_problem(refused, 403, "forbidden", "team.")
        assert client.post("/wasm", json={**body, "env": {"K": {"secret": "team.db"}}}, headers=own).status_code == 201
        refused = client.put("/wasm/team.m", json={"env": {"K": {"secret": "other"}}}, headers=own)
        assert_problem(refused, 403, "forbidden", "team.")
        assert_problem(put(client, "team.x", b"x", own), 403, "forbidden", "admin")


def test_the_key_may_be_the_operators(fresh_server, tmp_path):
    key = tmp_path / "key"
    key.write_text("0123456789abcdef" * 4 + "\n")
    key.chmod(0o600)
    server = fresh_server("--secret-key-file", str(key))
    with Client(server.url) as client:
        put(client, "db", VALUE)
        client.add_ready(PRINTENV, "m", env={"PASSWORD": {"secret": "db"}})
        assert environment(client, "m") == {"PASSWORD": VALUE}
    assert not (server.data / "secret.key").exists()
    server.stop()
    key.write_text("fedcba9876543210" * 4)
    server.start()
    with Client(server.url) as client:
        assert_problem(client.post("/wasm/m", json={}), 503, "not-ready", "cannot be opened")
        assert "another key" in server.stderr_text()
        put(client, "db", "anew")
        assert environment(client, "m") == {"PASSWORD": "anew"}


def test_the_command(fresh_server, binary, tmp_path):
    server = fresh_server()
    cli = Cli(binary, server.url, tmp_path)
    on_data = ("--data", server.data)
    assert cli.ok("secret", "put", "db", input=b"from a pipe\n").out == ""
    (tmp_path / "value").write_bytes(b"from a file")
    cli.ok("secret", "put", "other", "--file", tmp_path / "value", *on_data)
    assert [line.split()[0] for line in cli.ok("secret", "ls").out.splitlines()] == ["NAME", "db", "other"]
    with Client(server.url) as client:
        client.add_ready(PRINTENV, "m", env={"A": "1", "B": "2"})
        cli.ok("update", "m", "--secret", "B=db", "--secret", "C=other")
        assert environment(client, "m") == {"A": "1", "B": "from a pipe", "C": "from a file"}
        cli.ok("update", "m", "--env", "C=text", "--no-env", "A")
        assert client.meta("m")["env"] == {"B": {"secret": "db"}, "C": "text"}
        assert "B=db" in cli.ok("show", "m").out
    cli.ok("secret", "rm", "other")
    assert "no secret" in cli.refused(REFUSED, "secret", "rm", "other")
    assert "needs a NAME" in cli.refused(USAGE, "secret", "put")
    assert "no NAME" in cli.refused(USAGE, "secret", "ls", "x")
    assert cli.ok("secret", "ls", "--json", *on_data).json["items"][0]["name"] == "db"
    server.stop()
    cli.ok("secret", "put", "offline", *on_data, input=b"x")
    assert len(cli.ok("secret", "ls", *on_data).out.splitlines()) == 3
