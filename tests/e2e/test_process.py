"""The process: its flags, its one line, its exit codes, and how it ends."""

import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from support import flags
from support.client import JSON, WAT, Client, assert_problem
from support.modules import ADD, COUNT, SPIN
from support.raw import RawConnection, get, post
from support.server import SANITIZER_REPORT, wait_until

contract = pytest.mark.contract


def run(binary, *arguments: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run([binary, *arguments], capture_output=True, text=True, timeout=60, **options)


def assert_one_clear_line(result: subprocess.CompletedProcess, *mentions: str) -> None:
    """Exit code 1, nothing on standard output, and one line that says why, the last one, not a log of everything."""
    assert result.returncode == 1, result
    assert result.stdout == ""
    assert not SANITIZER_REPORT.search(result.stderr), result.stderr
    lines = [line for line in result.stderr.splitlines() if all(mention in line for mention in mentions)]
    assert len(lines) == 1, result.stderr
    assert result.stderr.splitlines()[-1] == lines[0]


@contract("6: serve", "6: first line")
def test_it_prints_one_line_when_it_takes_traffic(fresh_server):
    server = fresh_server()
    assert re.fullmatch(r"listening on http://127\.0\.0\.1:\d+\n", server.first_line)
    with RawConnection(server) as wire:  # at once, without waiting
        assert wire.request(get("/readyz")).status == 200
    server.stop()  # asserts that nothing else came on standard output
    log = server.stderr_text()
    order = [log.find(word) for word in ("store", "runner", "worker", "listening")]
    assert -1 not in order and order == sorted(order), f"not in the mission's order:\n{log}"


@contract("6: serve")
def test_ipv6_and_several_workers(fresh_server):
    server = fresh_server("--workers", "3", listen="[::1]:0")
    assert server.address.startswith("[::1]:")
    with Client(server.url) as client:
        assert client.results(client.add(ADD), [2, 40]) == [42]


@contract("6: exit code 2")
@pytest.mark.parametrize("arguments", [
    [], ["nobody"], ["serve", "--nobody"],
    ["serve", "--listen", "nonsense", "--data", "/tmp/never"],
    ["serve", "--listen", "127.0.0.1:99999", "--data", "/tmp/never"],
    ["serve", "--listen", "127.0.0.1:0", "--data", "/tmp/never", "--workers", "-1"],
    ["serve", "--listen", "127.0.0.1:0", "--data", "/tmp/never", "--workers", "two"],
    ["serve", "--listen", "127.0.0.1:0", "--data", "/tmp/never", "--config", "/nobody.toml"]])
def test_wrong_usage(binary, arguments):
    result = run(binary, *arguments)
    assert result.returncode == 2, result
    assert result.stdout == "" and result.stderr.strip()
    assert not pathlib.Path("/tmp/never").exists()


@contract("6: every setting")
def test_help_lists_every_setting_with_its_variable_default_and_unit(binary):
    result = run(binary, "serve", "--help")
    assert result.returncode == 0 and result.stderr == ""
    options = re.findall(r"^\s+(?:-\w,\s*)?--([a-z][a-z0-9-]*)", result.stdout, re.MULTILINE)
    assert {"listen", "data", "workers", "config"} <= set(options)
    for option in set(options) - {"help", "version", "config"}:
        assert f"WASM_SERVER_{option.upper().replace('-', '_')}" in result.stdout, option


@contract("6: every setting")
def test_a_setting_is_a_variable_and_a_key_of_the_file_too(fresh_server, tmp_path):
    name, value = flags.max_body_bytes(1000)
    variable = "WASM_SERVER_" + name.removeprefix("--").upper().replace("-", "_")
    file = tmp_path / "server.toml"
    file.write_text(f"{name.removeprefix('--')} = {value}\n")
    for server in (fresh_server(env={variable: value}), fresh_server("--config", str(file))):
        with Client(server.url) as client:
            assert client.post("/wasm", content=b"x" * 1001, headers=JSON).status_code == 413
    # The flag wins over the variable, which wins over the file.
    server = fresh_server(*flags.max_body_bytes(3000), "--config", str(file), env={variable: "2000"})
    with Client(server.url) as client:
        assert client.post("/wasm", content=b"x" * 2500, headers=JSON).status_code == 400
        assert client.post("/wasm", content=b"x" * 3001, headers=JSON).status_code == 413
    server = fresh_server("--config", str(file), env={variable: "2000"})
    with Client(server.url) as client:
        assert client.post("/wasm", content=b"x" * 1500, headers=JSON).status_code == 400


@contract("6: exit code 1")
def test_a_port_in_use_is_said_in_one_line(binary, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = run(binary, "serve", "--listen", f"127.0.0.1:{port}", "--data", str(tmp_path / "data"))
        assert_one_clear_line(result, port, "in use")


@contract("6: exit code 1")
def test_two_servers_on_one_directory(fresh_server, binary):
    server = fresh_server()
    result = run(binary, "serve", "--listen", "127.0.0.1:0", "--data", str(server.data))
    assert_one_clear_line(result, str(server.data), str(server.pid))
    with Client(server.url) as client:
        assert client.results(client.add(ADD), [2, 40]) == [42]


@contract("6: exit code 1")
@pytest.mark.parametrize("kind", ["a file", "below a file", "read-only"])
def test_a_directory_that_cannot_be_written(binary, tmp_path, kind):
    file = tmp_path / "file"
    file.write_text("x")
    directory = {"a file": file, "below a file": file / "data", "read-only": pathlib.Path("/proc/wasm-data")}[kind]
    result = run(binary, "serve", "--listen", "127.0.0.1:0", "--data", str(directory))
    assert_one_clear_line(result, str(directory))


@contract("6: exit code 1")
def test_an_address_of_another_machine(binary, tmp_path):
    result = run(binary, "serve", "--listen", "192.0.2.1:0", "--data", str(tmp_path / "data"))
    assert_one_clear_line(result, "192.0.2.1")


@contract("6: exit code 1")
def test_a_store_that_is_no_store(binary, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "data.mdb").write_bytes(os.urandom(65536))
    (data / "store").mkdir()
    (data / "store" / "data.mdb").write_bytes(os.urandom(65536))
    result = run(binary, "serve", "--listen", "127.0.0.1:0", "--data", str(data))
    assert_one_clear_line(result, str(data))


def spin(id: str, *headers: str) -> bytes:
    return post(f"/wasm/{id}", b'{"function":"spin"}', "Content-Type: application/json", *headers)


@contract("6: SIGTERM")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_what_runs_end_and_takes_nothing_new(fresh_server, number):
    server = fresh_server()
    with Client(server.url) as client:
        id = client.add(SPIN)
        client.results(id, function="quick")
    busy, idle = RawConnection(server, 30), RawConnection(server, 30)
    assert idle.request(get("/healthz")).status == 200
    with server.spinning():
        busy.send(spin(id, "Wasm-Timeout-Ms: 5000"))
    server.signal(number)
    assert idle.closed()
    with pytest.raises(OSError):
        with RawConnection(server, 5) as late:
            late.request(get("/healthz"))
            raise AssertionError("a new connection was served")
    answer = busy.read()
    assert (answer.status, answer.header("connection")) == (504, "close")
    assert busy.closed()
    assert server.wait(30) == 0
    server.check_log()


@contextlib.contextmanager
def spinning_call(server):
    """A guest that spins for a minute unless it is cut."""
    with Client(server.url) as client:
        id = client.add(SPIN, limits={"timeout_ms": 60000})
        client.results(id, function="quick")
    with RawConnection(server, 30) as busy:
        with server.spinning():
            busy.send(spin(id))
        yield


@contract("6: SIGTERM")
def test_what_does_not_end_within_the_grace_time_is_cut(fresh_server):
    server = fresh_server(*flags.grace_ms(500))
    with spinning_call(server):
        start = time.monotonic()
        server.signal()
        assert server.wait(30) == 0
        assert time.monotonic() - start < 20
    server.check_log()


@contract("6: SIGTERM")
def test_a_second_signal_ends_it_at_once(fresh_server):
    server = fresh_server(*flags.grace_ms(60000))
    with spinning_call(server), RawConnection(server, 30) as idle:
        server.signal()
        assert idle.closed()  # the first signal has been seen
        assert server.running()
        server.signal()
        server.wait(10)


@contract("6: SIGTERM")
def test_under_load_every_answered_write_is_there_after_the_stop(fresh_server):
    server = fresh_server()
    acknowledged: list[str] = []
    failures: list[str] = []

    def write(number: int):
        with Client(server.url) as http:
            for n in range(10_000):
                id = f"w{number}-{n}"
                try:
                    http.add(ADD, id)
                except Exception as error:  # the server has stopped: refused, cut, or 503
                    failures.append(repr(error))
                    return
                acknowledged.append(id)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(acknowledged) >= 200)
    server.stop()
    for thread in threads:
        thread.join()
    assert len(failures) == 8
    server.start()
    with Client(server.url) as client:
        for id in acknowledged:
            assert client.head(f"/wasm/{id}").status_code == 200


def test_a_restart_finds_everything_as_it_was(fresh_server):
    server = fresh_server()
    with Client(server.url) as client:
        id = client.add(COUNT, labels={"a": "ü"}, limits={"timeout_ms": 777})
        client.put(f"/wasm/{id}", json={"env": {"X": "y"}})
        client.results(id, [10])
        wait_until(lambda: client.meta(id)["state"] == "ready")  # its artefact is written after the answer
        before = client.get(f"/wasm/{id}")
    server.restart()
    with Client(server.url) as client:
        after = client.get(f"/wasm/{id}")
        assert after.json() == before.json() and after.headers["etag"] == before.headers["etag"]
        assert client.results(id, [10]) == [0]
        assert client.meta(id, revision=1)["env"] == {}
