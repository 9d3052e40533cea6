"""SIGHUP: the settings are read again; what can change while the server runs does, and the rest is told."""

import signal

from support.client import Client
from support.server import wait_until


def reload(server, file, text: str, *expected: str) -> None:
    file.write_text(text)
    before = server.stderr_text()
    server.signal(signal.SIGHUP)
    wait_until(lambda: all(line in server.stderr_text()[len(before):] for line in expected))


def test_rates_and_logs_change_while_it_runs(fresh_server, tmp_path):
    file = tmp_path / "server.toml"
    file.write_text('grace-ms = 5000\n')
    server = fresh_server("--config", str(file))
    with Client(server.url) as client:
        for _ in range(20):
            assert client.get("/wasm").status_code == 200
        assert "GET" not in server.stderr_text()
        reload(server, file, 'grace-ms = 6000\naccess-log = true\naddress-rate = 2\n',
               "the setting access-log is now true", "the setting address-rate is now 2",
               "the setting grace-ms = 6000 takes effect at the next start; now it is 5000")
        wait_until(lambda: client.get("/wasm").status_code == 429)
        wait_until(lambda: "route=list_wasm status=429" in server.stderr_text())
        reload(server, file, "grace-ms = 5000\n", "the setting access-log is now false",
               "the setting address-rate is now 0")
        logged = server.stderr_text().count("route=list_wasm")
        for _ in range(20):
            assert client.get("/wasm").status_code == 200
        assert server.stderr_text().count("route=list_wasm") == logged


def test_settings_that_are_wrong_leave_all_as_it_is(fresh_server, tmp_path):
    file = tmp_path / "server.toml"
    file.write_text('address-rate = 1000000\n')
    server = fresh_server("--config", str(file))
    reload(server, file, 'address-rat = 1\n', "the settings stay as they are", 'did you mean "address-rate"?')
    reload(server, file, 'address-rate = "many"\n', "the settings stay as they are")
    reload(server, file, 'address-rate = 1000000\n', "no setting has changed")
    file.unlink()
    server.signal(signal.SIGHUP)
    wait_until(lambda: server.stderr_text().count("the settings stay as they are") == 3)
    with Client(server.url) as client:
        for _ in range(20):
            assert client.get("/wasm").status_code == 200


def test_a_flag_goes_before_the_file_then_too(fresh_server, tmp_path):
    file = tmp_path / "server.toml"
    file.write_text("")
    server = fresh_server("--config", str(file), "--token-rate", "7")
    reload(server, file, "token-rate = 9\n", "no setting has changed")
