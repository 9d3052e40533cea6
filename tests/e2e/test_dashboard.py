"""The dashboard's queries, each against a Prometheus that scrapes the server."""

import json
import shutil
import socket
import subprocess

import httpx
import pytest

from support.client import Client
from support.modules import ADD
from support.server import ROOT, wait_until

DASHBOARD = json.loads((ROOT / "docs" / "grafana-dashboard.json").read_text())
# What Grafana would put there.
VARIABLES = {"$instance": ".*", "$__rate_interval": "15s"}


@pytest.fixture
def prometheus(tmp_path, server):
    """A query's answer, once the server was scraped a few times under load."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    (tmp_path / "prometheus.yml").write_text(json.dumps({
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [{"job_name": "wasm-server", "static_configs": [{"targets": [server.address]}]}]}))
    process = subprocess.Popen(
        ["prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
         f"--web.listen-address={address}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def query(text: str) -> list:
        reply = httpx.get(f"http://{address}/api/v1/query", params={"query": text}, trust_env=False, timeout=30)
        if reply.status_code == 503:  # it has opened its port, and reads its own log first
            raise httpx.ConnectError(reply.text)
        answer = reply.json()
        assert answer["status"] == "success", answer
        return answer["data"]["result"]

    def is_up() -> bool:
        try:
            return len(query("changes(process_cpu_seconds_total[10s]) > 2")) == 1
        except httpx.TransportError:
            return False

    try:
        with Client(server.url) as client:
            id = client.add(ADD)

            def load() -> bool:
                for _ in range(20):
                    client.call(id, [1, 2])
                    client.get("/wasm/nobody")
                client.add(ADD)
                return is_up()

            wait_until(load)
        yield query
    finally:
        process.kill()
        process.wait()


@pytest.mark.skipif(not shutil.which("prometheus"), reason="prometheus is not installed")
def test_every_query_of_the_dashboard_has_an_answer(prometheus):
    queries = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    assert len(queries) > 15
    for text in queries:
        for name, value in VARIABLES.items():
            text = text.replace(name, value)
        assert "$" not in text
        assert prometheus(text), f"{text} has no answer"
