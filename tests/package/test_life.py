"""The package's life: installed, started as the unit says, upgraded over data, removed, purged. Each test goes on where the
one before it ended."""

import json
import subprocess
import time

import pytest

from conftest import pack
from system import Service

DATA = "/var/lib/wasm-server"
SETTINGS = "/etc/wasm-server/wasm-server.toml"
WANTED = "/etc/systemd/system/multi-user.target.wants/wasm-server.service"
ADD = b'(module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))'


def large_module() -> bytes:
    """Enough work for compile workers of each kind."""
    body = b"local.get 0 i32.const 7 i32.mul i32.const 3 i32.xor i32.const 1 i32.add" + b" i32.const 5 i32.add" * 40
    functions = b"\n".join(b'(func (export "f%d") (param i32) (result i32) %s)' % (i, body) for i in range(2000))
    return b"(module %s)" % functions


def wait_until_ready(service: Service, id: str) -> None:
    end = time.monotonic() + 120
    while (state := json.loads(service.get(f"/wasm/{id}?wasm=false"))["meta_data"]["state"]) != "ready":
        assert state == "compiling" and time.monotonic() < end, state
        time.sleep(0.1)


def test_it_is_installed(machine, deb):
    machine.install(deb)
    assert machine.says("stat", "-c", "%U:%G %a", DATA) == "wasm-server:wasm-server 700"
    user = machine.says("getent", "passwd", "wasm-server").split(":")
    assert int(user[2]) < 1000 and user[5] == DATA and user[6] == "/usr/sbin/nologin"
    assert machine.has(WANTED)
    assert machine.says("wasm-server", "--version").startswith("wasm-server ")
    # As an operator changes it: the address is not taken here.
    machine.run("sed", "-i", 's/^#listen = .*/listen = "127.0.0.1:0"/', SETTINGS)


def test_it_runs_as_its_user_with_the_units_restrictions(machine):
    with Service(machine) as service:
        service.get("/wasm?id=add", ADD, "text/wat")
        assert json.loads(service.get("/wasm/add", b"[2, 40]")) == {"results": [42]}
        service.get("/wasm?id=large", large_module(), "text/wat")
        wait_until_ready(service, "large")
        assert json.loads(service.get("/wasm/large?function=f1999", b"[1]"))["results"]
        status = machine.says("sh", "-c", "cat /proc/$(pgrep -u wasm-server -f 'wasm-server serve')/status")
        fields = dict(line.split(":\t") for line in status.splitlines() if ":\t" in line)
        assert fields["NoNewPrivs"] == "1" and fields["Seccomp"] == "2"
        assert int(fields["CapEff"], 16) == int(fields["CapBnd"], 16) == 0
    log = service.log.read_text()
    assert "not permitted" not in log and "warning" not in log and "error" not in log, log


def test_the_operator_makes_the_first_token(machine):
    token = machine.says("setpriv", "--reuid=wasm-server", "--regid=wasm-server", "--clear-groups", "wasm-server", "token",
                         "create", "--scope", "execute", "--data", DATA, "--json")
    id = json.loads(token)["id"]
    machine.run("setpriv", "--reuid=wasm-server", "--regid=wasm-server", "--clear-groups", "wasm-server", "token", "revoke", id,
                "--data", DATA)


def test_an_upgrade_keeps_data_and_settings(machine, tmp_path):
    user = machine.says("id", "-u", "wasm-server")
    machine.install(pack(tmp_path, "--version", "99.0"))
    assert machine.says("dpkg-query", "--show", "--showformat=${Version}", "wasm-server") == "99.0"
    assert machine.says("id", "-u", "wasm-server") == user
    assert machine.says("grep", "^listen", SETTINGS) == 'listen = "127.0.0.1:0"'
    with Service(machine) as service:
        assert json.loads(service.get("/wasm/add", b"[1, 2]")) == {"results": [3]}


def test_an_operators_choice_not_to_start_it_stays(machine, deb):
    machine.run("rm", WANTED)  # what `systemctl disable` does
    machine.install(deb)
    assert not machine.has(WANTED)


def test_removing_keeps_data_and_settings(machine):
    machine.run("dpkg", "--remove", "wasm-server")
    assert not machine.has("/usr/bin/wasm-server") and not machine.has("/lib/systemd/system/wasm-server.service")
    assert machine.has(f"{DATA}/db") and machine.has(SETTINGS)


def test_installing_again_finds_the_data(machine, deb):
    machine.install(deb)
    with Service(machine) as service:
        assert json.loads(service.get("/wasm/add", b"[4, 5]")) == {"results": [9]}


def test_purging_deletes_data_and_settings(machine):
    machine.run("dpkg", "--purge", "wasm-server")
    for path in (DATA, "/etc/wasm-server", "/usr/share/doc/wasm-server", "/usr/share/wasm-server"):
        assert not machine.has(path), path
    left = machine.says("sh", "-c", "find /etc/systemd /var/lib/systemd /usr/lib/sysctl.d -name '*wasm-server*'")
    assert left == ""
    machine.run("getent", "passwd", "wasm-server")  # the user stays


@pytest.mark.parametrize("script", ["postinst", "prerm", "postrm"])
def test_the_scripts_are_plain_shell(script, deb):
    text = subprocess.run(["dpkg-deb", "--info", deb, script], capture_output=True, check=True).stdout
    assert subprocess.run(["dash", "-n"], input=text).returncode == 0
