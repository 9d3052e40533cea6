"""`wasm-server bench`: what it counts, how it ends, and that it says what it takes itself."""

import json
import signal
import subprocess
import time

import pytest

from support.cli import FAILED, REFUSED, USAGE, Cli
from support.client import Client, fresh_id
from support.modules import ADD, COUNT, SPIN, wasm
from support.server import wait_until

EXIT_3 = """(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (call $exit (i32.const 3))))"""


@pytest.fixture
def add_id(client):
    return client.add(ADD, id=fresh_id("bench"))


@pytest.fixture
def alone(binary, fresh_server, tmp_path):
    """A server that nobody else calls: the commands against it, its client and a module."""
    server = fresh_server()
    with Client(server.url) as http:
        yield Cli(binary, server.url, tmp_path), http, http.add(ADD, id="alone")


def executions(client, id: str) -> int:
    """How many calls of the module the server counted."""
    lines = [line for line in client.get("/metrics").text.splitlines() if "_executions_total" in line and f'"{id}"' in line]
    return sum(int(float(line.rsplit(" ", 1)[1])) for line in lines)


def test_it_counts_what_the_server_counts(alone):
    cli, client, add_id = alone
    report = cli.ok("bench", "--json", "--time", "500ms", "--connections", "3", add_id, "2", "40").json
    assert report["calls"] > 3 and report["connections"] == 3 and report["errors"] == {}
    assert 0.5 <= report["seconds"] < 30
    assert report["calls_per_s"] == pytest.approx(report["calls"] / report["seconds"], rel=0.01)
    latency = report["latency_ms"]
    assert 0 < latency["p50"] <= latency["p90"] <= latency["p99"] <= latency["max"]
    assert latency["mean"] <= latency["max"]
    # One to see whether it can succeed, and one to open each connection.
    assert executions(client, add_id) == report["calls"] + 1 + 3


def test_it_says_what_the_server_and_itself_take(cli, add_id):
    report = cli.ok("bench", "--json", "--time", "300ms", "--connections", "2", add_id, "1", "2").json
    server, own = report["server_ms"], report["client"]
    assert server["run"] > 0 and sum(server.values()) < report["latency_ms"]["mean"]
    assert own["cpu_us_per_call"] > 0 and 0 < own["cores_used"] <= own["cores"]
    shown = cli.ok("bench", "--time", "300ms", add_id, "1", "2").out
    rows = dict(line.split(maxsplit=1) for line in shown.splitlines())
    assert list(rows) == ["calls", "rate", "latency", "server", "client", "errors"]
    assert rows["errors"] == "none" and "us of CPU a call" in rows["client"]


def test_one_connection_makes_one_call_at_a_time(cli, client):
    id = client.add(COUNT, id=fresh_id("one"), limits={"max_concurrency": 1, "max_queue": 1})
    report = cli.ok("bench", "--json", "--time", "300ms", "--connections", "1", id, "100000").json
    assert report["errors"] == {}


def test_errors_are_counted_by_their_codes(cli, client):
    """One call runs, one waits, the others are refused; only those that succeeded have a latency."""
    id = client.add(COUNT, id=fresh_id("full"), limits={"max_concurrency": 1, "max_queue": 1})
    report = cli.ok("bench", "--json", "--time", "700ms", "--connections", "6", id, "2000000").json
    assert report["calls"] > 0 and set(report["errors"]) == {"overloaded"} and report["errors"]["overloaded"] > 0
    shown = cli.ok("bench", "--time", "300ms", "--connections", "6", id, "2000000").out
    assert "overloaded" in shown.splitlines()[-1]


def test_what_cannot_succeed_is_said_at_once(cli, client, add_id):
    trap = client.add('(module (func (export "f") unreachable))', id=fresh_id("trap"))
    assert "unreachable" in cli.refused(FAILED, "bench", trap)
    assert "there is no module" in cli.refused(REFUSED, "bench", "nothing-here")
    spin = client.add(SPIN, id=fresh_id("spin"))
    assert "deadline" in cli.refused(124, "bench", "--timeout", "100ms", "--function", "spin", spin)


def test_a_command_that_exits_otherwise_has_failed(cli, client):
    id = client.add(wasm(EXIT_3), id=fresh_id("exits"))
    done = cli.run("bench", "--json", "--time", "200ms", "--connections", "2", id)
    assert done.code == REFUSED
    assert done.json["calls"] == 0 and set(done.json["errors"]) == {"exit-code-3"}
    assert done.json["latency_ms"]["max"] == 0 and done.json["server_ms"] is None


def test_a_file_is_measured_like_a_module(cli, tmp_path):
    (tmp_path / "add.wasm").write_bytes(wasm(ADD))
    assert cli.ok("bench", "--json", "--time", "200ms", "./add.wasm", "1", "2").json["calls"] > 0


def test_wrong_usage_has_the_code_of_all_commands(cli, add_id):
    assert "a module is missing" in cli.refused(USAGE, "bench")
    assert "see wasm-server bench --help" in cli.refused(USAGE, "bench", "--conections", "3", add_id)
    for time_text in ("0s", "5 parsecs", "25h"):
        assert "--time takes" in cli.refused(USAGE, "bench", "--time", time_text, add_id, "1", "2")
    for connections in ("0", "1025", "-1", "x"):
        cli.refused(USAGE, "bench", "--connections", connections, add_id, "1", "2")
    cli.refused(USAGE, "bench", add_id, "1", "two")


def started(cli: Cli, *args: str) -> subprocess.Popen:
    return subprocess.Popen([str(cli.binary), "bench", "--json", *args], env=cli.env, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_a_signal_ends_it_early_with_its_report(alone):
    cli, client, add_id = alone
    process = started(cli, "--time", "10m", add_id, "1", "2")
    wait_until(lambda: executions(client, add_id) > 50)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    report = json.loads(out)
    assert process.returncode == 0 and report["calls"] > 0 and report["seconds"] < 60, err


def test_a_server_that_goes_away_is_counted(binary, fresh_server, tmp_path):
    server = fresh_server()
    with Client(server.url) as http:
        id = http.add(ADD, id="goes")
        process = started(Cli(binary, server.url, tmp_path), "--time", "3s", "--connections", "4", id, "1", "2")
        wait_until(lambda: executions(http, id) > 100)
    server.process.kill()
    server.process.wait()
    began = time.monotonic()
    out, err = process.communicate(timeout=60)
    report = json.loads(out)
    assert process.returncode == 0 and report["calls"] > 0, err
    # Each connection pauses before it tries again: it does not spin.
    assert 0 < report["errors"]["unreachable"] <= 4 * 20 * (time.monotonic() - began + 1)
