"""Which hosts and origins are taken, as they look on the wire; in a browser: test_browser.py."""

import subprocess

import pytest

from support.client import JSON, WASM, Client, assert_problem, fresh_id
from support.hostile import guest
from support.modules import ADD, wasm

contract = pytest.mark.contract

APP = "https://app.example.org"


@contract("8: Host", "5: forbidden")
def test_only_the_servers_own_hosts_are_taken(server, client):
    for host in (f"127.0.0.1:{server.port}", f"localhost:{server.port}", f"LOCALHOST:{server.port}", f"[::1]:{server.port}",
                 "localhost"):
        assert client.get("/healthz", headers={"Host": host}).status_code == 200, host
    for host in ("evil.example", f"evil.example:{server.port}", f"127.0.0.1:{server.port % 60000 + 1}", "[::2]"):
        for method, path in (("GET", "/healthz"), ("GET", "/nobody"), ("POST", "/wasm"), ("OPTIONS", "/wasm")):
            assert_problem(client.request(method, path, headers={"Host": host}), 403, "forbidden", host)


@contract("8: Host")
def test_the_operator_may_name_more_hosts(fresh_server):
    server = fresh_server("--allowed-host", "api.example.org", env={"WASM_SERVER_ALLOWED_HOST": "not.this.example"})
    with Client(server.url) as client:
        for host in ("api.example.org", "api.example.org:8443", f"localhost:{server.port}"):
            assert client.get("/healthz", headers={"Host": host}).status_code == 200, host
        for host in ("example.org", "not.this.example"):
            assert client.get("/healthz", headers={"Host": host}).status_code == 403, host
    server = fresh_server(env={"WASM_SERVER_ALLOWED_HOST": "a.example,b.example:80"})
    with Client(server.url) as client:
        assert client.get("/healthz", headers={"Host": "a.example"}).status_code == 200
        assert client.get("/healthz", headers={"Host": "b.example:80"}).status_code == 200
        assert client.get("/healthz", headers={"Host": "b.example"}).status_code == 403


@contract("8: origin", "5: forbidden")
def test_what_a_browser_sends_for_another_page_is_refused_before_its_body(server, client):
    id = client.add(ADD)
    foreign = ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
               {"Sec-Fetch-Site": "same-site"}, {"Origin": f"http://localhost:{server.port % 60000 + 1}"})
    for headers in foreign:
        planted = fresh_id()
        for answer in (client.post("/wasm", params={"id": planted}, content=wasm(ADD), headers={**WASM, **headers}),
                       client.post(f"/wasm/{id}", content=b"[2,40]", headers={**JSON, **headers}),
                       client.delete(f"/wasm/{id}", headers=headers), client.get(f"/wasm/{id}", headers=headers),
                       client.options(f"/wasm/{id}", headers={**headers, "Access-Control-Request-Method": "DELETE"})):
            assert_problem(answer, 403, "forbidden", "origin")
            assert "access-control-allow-origin" not in answer.headers
        assert client.get(f"/wasm/{planted}").status_code == 404
    own = ({"Origin": server.url}, {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"})
    for headers in own:
        assert client.post(f"/wasm/{id}", content=b"[2,40]", headers={**JSON, **headers}).json() == {"results": [42]}


@contract("8: CORS")
def test_an_allowed_origin_may_do_everything_and_read_the_answers(fresh_server):
    server = fresh_server("--cors-origin", APP, "--cors-origin", "http://localhost:3000")
    with Client(server.url) as client:
        headers = {"Origin": APP, "Sec-Fetch-Site": "cross-site"}
        preflight = client.options("/wasm/add", headers={**headers, "Access-Control-Request-Method": "PUT",
                                                         "Access-Control-Request-Headers": "content-type,if-match"})
        assert preflight.status_code == 204 and preflight.content == b""
        assert preflight.headers["access-control-allow-origin"] == APP
        assert "PUT" in preflight.headers["access-control-allow-methods"]
        assert preflight.headers["access-control-allow-headers"] == "content-type,if-match"
        added = client.post("/wasm", params={"id": "add"}, content=wasm(ADD), headers={**WASM, **headers})
        called = client.post("/wasm/add", content=b"[2,40]", headers={**JSON, **headers})
        missing = client.get("/wasm/nobody", headers=headers)
        for answer, status in ((added, 201), (called, 200), (missing, 404)):
            assert answer.status_code == status
            assert answer.headers["access-control-allow-origin"] == APP
            assert "ETag" in answer.headers["access-control-expose-headers"]
            assert "Origin" in answer.headers["vary"]
        other = client.get("/healthz", headers={"Origin": "http://localhost:3000"})
        assert other.headers["access-control-allow-origin"] == "http://localhost:3000"
        refused = client.get("/healthz", headers={"Origin": "https://app.example.org.evil.example"})
        assert refused.status_code == 403 and "access-control-allow-origin" not in refused.headers
        program = client.get("/healthz")
        assert "access-control-allow-origin" not in program.headers and "Origin" in program.headers["vary"]


@contract("6: exit code 2")
@pytest.mark.parametrize("flag,value", [("--cors-origin", "app.example.org"), ("--cors-origin", "https://a/b"),
                                        ("--allowed-host", "http://a"), ("--allowed-host", "a:b")])
def test_settings_that_mean_nothing_are_refused(binary, tmp_path, flag, value):
    result = subprocess.run([binary, "serve", "--data", str(tmp_path), flag, value], capture_output=True, text=True, timeout=60)
    assert result.returncode == 2 and value in result.stderr, result


RUNNABLE = ("text/html", "application/xhtml+xml", "image/svg+xml", "application/xml", "text/javascript")


@contract("4: output_types", "POST /wasm/{id} 406")
def test_output_that_a_browser_would_run_needs_the_modules_word(client):
    id = client.add(guest("commands/echo.wat"))

    def answer(accept):
        return client.post(f"/wasm/{id}", content=b"<script>", headers={"Accept": accept, "Content-Type": "text/plain"})

    for type in RUNNABLE:
        assert_problem(answer(type), 406, "not-acceptable", type, "output_types")
        assert answer(f"{type}, */*;q=0.8").headers["content-type"] == "text/plain"
    assert client.put(f"/wasm/{id}", json={"output_types": ["text/html", "image/svg+xml"]}).status_code == 200
    assert client.meta(id)["output_types"] == ["text/html", "image/svg+xml"]
    assert answer("text/html").headers["content-type"] == "text/html"
    assert answer("image/svg+xml").headers["content-type"] == "image/svg+xml"
    assert answer("text/javascript").status_code == 406
    client.put(f"/wasm/{id}", json={"labels": {"a": "b"}})
    assert client.meta(id)["output_types"] == ["text/html", "image/svg+xml"]
    assert client.put(f"/wasm/{id}", json={"revision": 1}).json()["meta_data"]["output_types"] == []
    for bad in (["text/*"], ["Text/HTML"], ["text/html; charset=utf-8"], ["a/b"] * 17, "text/html", [1]):
        assert_problem(client.put(f"/wasm/{id}", json={"output_types": bad}), 400, "bad-request", "output_types")


TRAP_AFTER_OUTPUT = guest("commands/trap_after_output.wat")


@contract("4: nosniff and sandbox")
def test_what_guests_wrote_is_never_run_as_this_servers_own(client):
    echo, trap = client.add(guest("commands/echo.wat")), client.add(TRAP_AFTER_OUTPUT)
    stdin = {"Content-Type": "text/plain"}
    answers = [client.post(f"/wasm/{echo}", content=b"x", headers={"Accept": "text/plain", **stdin}),
               client.post(f"/wasm/{echo}", content=b"x" * 1_000_000, headers={"Accept": "text/plain", **stdin}),
               client.post(f"/wasm/{echo}", content=b"x", headers=stdin), client.post(f"/wasm/{trap}")]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 422]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "sandbox"
