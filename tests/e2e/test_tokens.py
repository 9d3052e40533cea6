"""Access tokens: every route with every scope, restarts, and where the server does not start without them."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from support.client import JSON, WASM, Client, assert_problem
from support.modules import ADD, distinct
from support.tls import Authority, TlsServer

contract = pytest.mark.contract
SCOPES = ["read", "write", "execute", "admin"]


def create(client: Client, scopes: list[str], by: str = "", **fields) -> str:
    answer = client.post("/tokens", json={"scopes": scopes, **fields}, headers=bearer(by))
    assert answer.status_code == 201, answer.text
    return answer.json()["token"]


def bearer(token: str) -> dict:
    return {"Authorization": f"Bearer {token}"} if token else {}


def id_of(token: str) -> str:
    return token.split("_")[1]


@pytest.fixture
def guarded(fresh_server):
    """A server with a token of each scope; their texts by scope."""
    server = fresh_server("--log-level", "debug")
    with Client(server.url) as client:
        client.add(ADD, "m")
        tokens = {"admin": create(client, ["admin"])}
        tokens |= {scope: create(client, [scope], tokens["admin"]) for scope in SCOPES[:3]}
        yield server, client, tokens
    server.stop()
    for text in tokens.values():
        assert text.rsplit("_", 1)[1] not in server.stderr_text(), "a secret stands in the log"


def routes(binary) -> list[dict]:
    printed = subprocess.run([binary, "routes"], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(printed.stdout)["routes"]


@contract("8: tokens", "5: unauthorized", "5: forbidden")
def test_every_route_with_every_scope(binary, guarded):
    _, client, tokens = guarded
    seen = set()
    for route in routes(binary):
        path = route["pattern"].replace("{id}", "nobody").replace("*", "x")
        for scope, token in [(None, ""), *tokens.items()]:
            answer = client.request(route["method"], path, headers={**bearer(token), **JSON}, content=b"x")
            where = f"{route['method']} {path} with {scope}: {answer.status_code}"
            if route["scope"] == "none" or scope in (route["scope"], "admin"):
                assert answer.status_code not in (401, 403), where
            elif scope is None:
                assert_problem(answer, 401, "unauthorized")
                assert answer.headers["www-authenticate"].startswith("Bearer "), where
            else:
                assert_problem(answer, 403, "forbidden", route["scope"])
            seen.add(route["scope"])
    assert seen == {"none", *SCOPES}


@contract("POST /tokens 201", "GET /tokens 200", "HEAD /tokens", "POST /tokens/{id}/rotate 200", "DELETE /tokens/{id} 204")
def test_tokens_outlive_a_restart_and_their_end_does_too(guarded):
    server, client, tokens = guarded
    admin = tokens["admin"]
    extra = create(client, ["read"], admin)
    rotated = client.post(f"/tokens/{id_of(tokens['read'])}/rotate", headers=bearer(admin)).json()["token"]
    assert client.delete(f"/tokens/{id_of(extra)}", headers=bearer(admin)).status_code == 204
    server.kill()
    server.listen = server.address
    server.start()
    for token, status in ((rotated, 200), (tokens["read"], 401), (extra, 401), ("", 401)):
        assert client.get("/wasm", headers=bearer(token)).status_code == status
    listed = client.get("/tokens", headers=bearer(admin)).json()["items"]
    assert {item["id"] for item in listed} == {id_of(token) for token in tokens.values()}
    assert "token" not in listed[0]


@contract("POST /tokens 400", "POST /tokens 415", "POST /tokens/{id}/rotate 400", "POST /tokens/{id}/rotate 415",
          "POST /tokens/{id}/rotate 404", "DELETE /tokens/{id} 404")
def test_what_is_refused(guarded):
    _, client, tokens = guarded
    admin = bearer(tokens["admin"])
    assert_problem(client.post("/tokens", json={"scopes": ["root"]}, headers=admin), 400, "bad-request", "scope")
    answer = client.post("/tokens", content=b"{}", headers={**admin, "Content-Type": "text/plain"})
    assert_problem(answer, 415, "unsupported-media-type")
    path = f"/tokens/{id_of(tokens['read'])}/rotate"
    assert_problem(client.post(path, json={"overlap_s": -1}, headers=admin), 400, "bad-request", "overlap_s")
    answer = client.post(path, content=b"{}", headers={**admin, "Content-Type": "text/plain"})
    assert_problem(answer, 415, "unsupported-media-type")
    assert_problem(client.post("/tokens/nobody/rotate", headers=admin), 404, "not-found", "nobody")
    assert_problem(client.delete("/tokens/nobody", headers=admin), 404, "not-found", "nobody")


@contract("POST /tokens 507", "POST /tokens/{id}/rotate 507")
def test_a_full_store_takes_none(fresh_server):
    with Client(fresh_server("--store-bytes", "1MiB").url) as client:
        admin = create(client, ["admin"])
        for size in (200_000, 20_000, 2_000, 0):
            number = 0
            while client.post("/wasm", content=distinct(size + number, size),
                              headers={**WASM, **bearer(admin)}).status_code == 201:
                number += 1
        made = [admin]
        while (answer := client.post("/tokens", json={"scopes": ["read"]}, headers=bearer(admin))).status_code == 201:
            made.append(answer.json()["token"])
        assert_problem(answer, 507, "storage-full")
        # A rotation takes the room of a hash; there is less than that of a token.
        answers = [client.post(f"/tokens/{id_of(token)}/rotate", headers=bearer(admin)) for token in made[1:] * 4]
        assert_problem(answers[-1] if answers else client.post(f"/tokens/{id_of(admin)}/rotate", headers=bearer(admin)),
                       507, "storage-full")
        assert client.get("/wasm", headers=bearer(admin)).status_code == 200


@contract("POST /tokens 409")
def test_there_are_no_more_than_a_thousand(fresh_server):
    with Client(fresh_server().url) as client:
        admin = create(client, ["admin"])
        for _ in range(999):
            create(client, ["read"], admin)
        answer = client.post("/tokens", json={"scopes": ["read"]}, headers=bearer(admin))
        assert_problem(answer, 409, "conflict", "1000 tokens")
        assert client.delete(f"/tokens/{id_of(admin)}", headers=bearer(admin)).status_code == 204


@contract("8: operator")
def test_the_operator_needs_none_on_the_machine_itself(guarded):
    server, _, tokens = guarded
    path = server.data / "operator.sock"
    assert path.stat().st_mode & 0o777 == 0o600
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://localhost") as operator:
        token = create(operator, ["read"])
        assert operator.delete(f"/tokens/{id_of(tokens['admin'])}").status_code == 204
        assert operator.get("/wasm/m").status_code == 200
    with Client(server.url) as client:
        assert client.get("/wasm", headers=bearer(token)).status_code == 200
        assert client.get("/wasm", headers=bearer(tokens["admin"])).status_code == 401
    server.kill()
    server.start()
    assert path.exists(), "the socket of the killed one is replaced"


def test_the_operators_socket_may_lie_deep(fresh_server, tmp_path):
    server = fresh_server(data=tmp_path / ("d" * 120) / "data")
    assert (server.data / "operator.sock").exists()


# --- Rates


@contract("5: rate-limited", "8: rates")
def test_an_address_may_make_so_many_requests(fresh_server):
    server = fresh_server("--address-rate", "5")
    with Client(server.url) as client:
        statuses = [client.get("/wasm").status_code for _ in range(40)]
        refused = client.get("/wasm")
        while refused.status_code != 429:
            refused = client.get("/wasm")
        assert_problem(refused, 429, "rate-limited")
        assert int(refused.headers["retry-after"]) >= 1
        assert client.get("/readyz").status_code == 200, "whoever watches it is not counted"
    assert statuses[:5] == [200] * 5 and 429 in statuses


@contract("8: rates")
def test_a_token_may_be_used_so_often(fresh_server):
    server = fresh_server("--token-rate", "5")
    with Client(server.url) as client:
        admin = create(client, ["admin"])
        other = create(client, ["read"], admin)
        statuses = {client.get("/wasm", headers=bearer(admin)).status_code for _ in range(60)}
        assert statuses == {200, 429}
        assert client.get("/wasm", headers=bearer(other)).status_code == 200


# --- Where others reach it


def refusal(binary, tmp_path, *flags) -> str:
    ended = subprocess.run([binary, "serve", "--data", tmp_path / "data", *flags], capture_output=True, text=True,
                           timeout=60)
    assert ended.returncode == 1 and ended.stdout == "", ended
    return ended.stderr.splitlines()[-1]


@contract("8: beyond loopback")
def test_it_does_not_listen_where_others_reach_it_without_tls_and_a_token(binary, tmp_path):
    authority = Authority(tmp_path)
    pair = authority.issue("server")
    anywhere = ("--listen", "0.0.0.0:0")
    assert "needs TLS" in refusal(binary, tmp_path, *anywhere) and "--insecure" in refusal(binary, tmp_path, *anywhere)
    over_tls = ("--tls-cert", str(pair.certificate), "--tls-key", str(pair.key))
    assert "needs an access token" in refusal(binary, tmp_path, *anywhere, *over_tls)
    server = TlsServer(binary, tmp_path / "data", authority, pair).start()
    with server.client() as client:
        token = create(client, ["admin"])
    server.stop()
    server.listen = "0.0.0.0:0"
    server.start()
    server.address = f"127.0.0.1:{server.port}"
    with server.client() as client:
        assert client.get("/wasm").status_code == 401
        assert client.get("/wasm", headers=bearer(token)).status_code == 200
        # The last one is gone: it is not open because of that.
        assert client.delete(f"/tokens/{id_of(token)}", headers=bearer(token)).status_code == 204
        assert client.get("/wasm").status_code == 401
    server.stop()


@contract("8: beyond loopback")
def test_it_listens_there_if_the_operator_insists(fresh_server):
    server = fresh_server("--insecure", listen="0.0.0.0:0")
    with Client(f"http://127.0.0.1:{server.port}") as client:
        assert client.get("/wasm").status_code == 200


def test_a_quota_bounds_what_is_stored_under_a_prefix(fresh_server):
    server = fresh_server()
    with Client(server.url) as client:
        admin = create(client, ["admin"])
        team = create(client, ["read", "write"], admin, prefix="team.", max_modules=2, max_bytes=200_000)

        def put(module_id: str, code: bytes, by: str) -> httpx.Response:
            return client.post("/wasm", params={"id": module_id}, content=code, headers={**WASM, **bearer(by)})

        assert put("team.a", distinct(1, 60_000), admin).status_code == 201
        assert put("team.b", distinct(2, 60_000), team).status_code == 201
        refused = put("team.c", distinct(3, 100), team)
        assert_problem(refused, 507, "storage-full", "2 modules")
        assert put("team.c", distinct(3, 100), admin).status_code == 201, "an administrator has no quota"
        assert client.delete("/wasm/team.c", headers=bearer(team)).status_code == 204
        # Each revision counts, but for code that stays.
        change = {"headers": bearer(team), "json": {"labels": {"a": "b"}}}
        assert client.put("/wasm/team.a", **change).status_code == 200
        larger = client.put("/wasm/team.a", content=distinct(4, 100_000), headers={**WASM, **bearer(team)})
        assert_problem(larger, 507, "storage-full", "bytes")
        assert client.get("/wasm/team.a", headers=bearer(team)).json()["meta_data"]["revision"] == 2
        assert client.put("/wasm/team.a", content=distinct(5, 60_000), headers={**WASM, **bearer(team)}).status_code == 200
        server.kill()
        server.listen = server.address
        server.start()
        larger = client.put("/wasm/team.a", content=distinct(6, 60_000), headers={**WASM, **bearer(team)})
        assert_problem(larger, 507, "storage-full", "bytes")
        assert client.delete("/wasm/team.b", headers=bearer(team)).status_code == 204
        assert put("team.d", distinct(7, 60_000), team).status_code == 201
        listed = {item["id"]: item for item in client.get("/tokens", headers=bearer(admin)).json()["items"]}
        assert (listed[id_of(team)]["max_modules"], listed[id_of(team)]["max_bytes"]) == (2, 200_000)
        assert (listed[id_of(admin)]["max_modules"], listed[id_of(admin)]["max_bytes"]) == (None, None)


def test_of_racing_writes_no_more_succeed_than_the_quota_allows(fresh_server):
    server = fresh_server()
    with Client(server.url) as client:
        admin = create(client, ["admin"])
        team = create(client, ["write"], admin, max_modules=7)
    with ThreadPoolExecutor(16) as pool:
        def put(number: int) -> int:
            return httpx.post(server.url + "/wasm", content=distinct(number, 50), headers={**WASM, **bearer(team)}).status_code
        assert sorted(pool.map(put, range(40))) == [201] * 7 + [507] * 33
