"""/metrics: what it counts is what clients counted, and it is what Prometheus reads."""

import re
import shutil
import subprocess

import pytest

from support.client import JSON, WASM, Client
from support.hostile import guest
from support.modules import ADD, distinct

contract = pytest.mark.contract
SAMPLE = re.compile(r'([a-z_]+)(?:\{(.*)\})? (\S+)')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


def scrape(client: Client) -> dict[tuple, float]:
    """{(name, (label, value), ...): number}"""
    answer = client.get("/metrics")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = {}
    for line in answer.text.splitlines():
        if line.startswith("#"):
            continue
        name, labels, value = SAMPLE.fullmatch(line).groups()
        key = (name, *sorted(LABEL.findall(labels or "")))
        assert key not in found, f"{line} is there twice"
        found[key] = float(value)
    return found


@contract("GET /metrics 200", "HEAD /metrics")
def test_counters_are_what_a_client_counted(fresh_server):
    server = fresh_server("--workers", "2")
    with Client(server.url) as client:
        echo, add = client.add(guest("commands/echo.wat"), "echo"), client.add(ADD, "add")
        bad = client.add("(module (func (export \"f\") unreachable))", "bad")
        for n in range(40):
            assert client.results(add, [n, 1]) == [n + 1]
        for _ in range(7):
            assert client.call(bad).status_code == 422
        for accept in ("text/plain", "application/json"):
            client.post(f"/wasm/{echo}", content=b"x", headers={"Accept": accept}).raise_for_status()
        client.get("/wasm/nobody")
        found = scrape(client)
    requests = "wasm_server_http_requests_total"
    assert found[requests, ("code", "201"), ("route", "add_wasm")] == 3
    assert found[requests, ("code", "200"), ("route", "execute_wasm")] == 42
    assert found[requests, ("code", "422"), ("route", "execute_wasm")] == 7
    assert found[requests, ("code", "404"), ("route", "get_wasm")] == 1
    executions = "wasm_server_executions_total"
    assert found[executions, ("module", "add"), ("outcome", "returned")] == 40
    assert found[executions, ("module", "bad"), ("outcome", "trapped")] == 7
    assert found[executions, ("module", "echo"), ("outcome", "exited")] == 2
    assert found[("wasm_server_execution_run_seconds_count",)] == 49
    assert found[("wasm_server_store_commits_total",)] >= 3
    assert found[("wasm_server_connections",)] >= 1
    assert found[("wasm_server_store_failed",)] == 0


def test_many_modules_make_no_long_page(fresh_server):
    server = fresh_server()
    with Client(server.url) as client:
        for n in range(300):
            client.post("/wasm", params={"id": f"m{n}"}, content=distinct(n), headers=WASM).raise_for_status()
        for n in range(300):
            client.post(f"/wasm/m{n}", content=b"[1, 2]", headers=JSON)
        found = scrape(client)
        assert len(client.get("/metrics").content) < 200_000
    own = {dict(key[1:])["module"] for key in found if key[0] == "wasm_server_executions_total"}
    assert len(own) == 101 and "(others)" in own
    assert sum(value for key, value in found.items() if key[0] == "wasm_server_executions_total") == 300


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_promtool_has_nothing_to_say(client):
    client.call(client.add(ADD), [1, 2])
    page = client.get("/metrics").text
    checked = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, timeout=60)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
