"""What systemd is told (sd_notify): that it takes traffic, and that it ends."""

import socket

import pytest

from support.server import SANITIZER_REPORT


@pytest.fixture(params=["file", "abstract"])
def manager(request, tmp_path):
    """A socket as systemd gives one, and its name."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        name = str(tmp_path / "notify") if request.param == "file" else f"@wasm-server-test-{tmp_path.name}"
        listening.bind(name.replace("@", "\0"))
        listening.settimeout(60)
        yield listening, name


def test_it_says_when_it_takes_traffic_and_when_it_ends(fresh_server, manager):
    listening, name = manager
    server = fresh_server(env={"NOTIFY_SOCKET": name})
    assert listening.recv(4096).decode() == f"READY=1\nSTATUS=listening on {server.url}"
    server.stop()
    assert listening.recv(4096).decode().startswith("STOPPING=1\n")
    listening.setblocking(False)
    with pytest.raises(BlockingIOError):
        listening.recv(4096)


@pytest.mark.parametrize("name", ["/nowhere/notify", "x" * 108, "@" + "x" * 200, "relative"])
def test_a_manager_that_is_not_there_is_no_reason_to_fail(fresh_server, name):
    server = fresh_server(env={"NOTIFY_SOCKET": name})
    server.stop()
    assert not SANITIZER_REPORT.search(server.stderr_text())
