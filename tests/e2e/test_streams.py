"""Standard input, output and error: missing ones, and those that nobody reads."""

import fcntl
import os
import pathlib
import signal
import socket
import subprocess
import time

import httpx
import pytest

from support.client import Client
from support.modules import ADD
from support.server import wait_until

contract = pytest.mark.contract


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", trust_env=False, timeout=60).status_code == 200
    except httpx.TransportError:
        return False


def files_below(directory: pathlib.Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@contract("6: missing streams")
@pytest.mark.parametrize("missing", [(0,), (1,), (2,), (0, 1, 2)])
def test_missing_streams_are_opened_on_the_null_device(binary, tmp_path, missing):
    """Else the database's files get their numbers, and what is printed is written over them."""
    data, url = tmp_path / "data", f"http://127.0.0.1:{free_port()}"
    for _ in range(2):  # the second start reads what the first one wrote
        process = subprocess.Popen(
            [str(binary), "serve", "--listen", url.removeprefix("http://"), "--data", str(data)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=lambda: [os.close(stream) for stream in missing])
        try:
            wait_until(lambda: ready(url))
            for stream in missing:
                assert os.readlink(f"/proc/{process.pid}/fd/{stream}") == "/dev/null"
            with Client(url) as client:
                assert client.results(client.add(ADD), [2, 40]) == [42]
        finally:
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert out == (b"" if 1 in missing else f"listening on {url}\n".encode())
        assert (err == b"") == (2 in missing), err
        for path, content in files_below(data).items():
            assert b"listening on http" not in content and b" info " not in content, path


@pytest.fixture
def full_pipe():
    """A pipe that takes nothing more: (its reading end, its writing end)."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(writing, True)
    yield reading, writing
    os.close(reading)
    os.close(writing)


def serve_with_stderr(binary, data, stderr) -> tuple[subprocess.Popen, str]:
    address = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen([str(binary), "serve", "--listen", address, "--data", str(data), "--grace-ms", "1000"],
                               stdout=subprocess.DEVNULL, stderr=stderr)
    return process, f"http://{address}"


def test_a_standard_error_that_nobody_reads_stops_nothing(binary, tmp_path, full_pipe):
    process, url = serve_with_stderr(binary, tmp_path / "data", full_pipe[1])
    try:
        wait_until(lambda: ready(url))
        with Client(url) as client:
            assert client.results(client.add(ADD), [2, 40]) == [42]
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        assert time.monotonic() - started < 30
    finally:
        process.kill()
        process.wait()


def test_lines_that_waited_come_out_once_the_log_is_read(binary, tmp_path, full_pipe):
    reading, writing = full_pipe
    process, url = serve_with_stderr(binary, tmp_path / "data", writing)
    try:
        wait_until(lambda: ready(url))
        os.set_blocking(reading, False)
        os.read(reading, 4096)  # the test's own
        text = b""

        def all_read() -> bool:
            nonlocal text
            try:
                text += os.read(reading, 4096)
            except BlockingIOError:
                pass
            return process.poll() is not None and text.endswith(b" info stopped\n")

        process.send_signal(signal.SIGTERM)
        wait_until(all_read)
        lines = text.decode().splitlines()
        order = [text.find(b" info " + word) for word in (b"store", b"runner", b"listening", b"stopping", b"stopped")]
        assert -1 not in order and order == sorted(order), lines
        assert process.returncode == 0
    finally:
        process.kill()
        process.wait()


def test_the_reason_of_a_failed_start_comes_behind_the_log(binary, tmp_path, fresh_server):
    running = fresh_server()
    result = subprocess.run([str(binary), "serve", "--listen", running.address, "--data", str(tmp_path / "other")],
                            capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    lines = result.stderr.splitlines()
    assert "store opened" in lines[0] and lines[-1].startswith("wasm-server: port "), lines
