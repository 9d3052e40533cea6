"""`backup` and `restore`, and GET /backup below them: under load, after breaks and kills, damaged, and with the wrong tokens."""

import contextlib
import hashlib
import random
import shutil
import signal
import socket
import subprocess
import threading

import pytest

from support.cli import LOCAL, REFUSED, UNREACHABLE, USAGE, Cli
from support.client import WASM, Client, assert_problem
from support.modules import ADD, PRINTENV, distinct
from support.server import wait_until

contract = pytest.mark.contract
RAW = {"Accept": "application/wasm"}
DAMAGED = 1
MB = 1 << 20
SLOW = ("--backup-rate-bytes", str(4 * MB))


@pytest.fixture
def cli(binary, tmp_path):
    return Cli(binary, None, tmp_path)


def filled(server, sizes=(100, 3_000, 60_000, 300_000, 2 * MB)) -> dict[str, bytes]:
    """Modules of every kind of place, one with a revision before it."""
    codes = {f"m{number}": distinct(number, size) for number, size in enumerate(sizes)}
    with Client(server.url) as client:
        client.add(ADD, "m0")
        client.put("/wasm/m0", content=codes["m0"], headers=WASM)
        for id, code in codes.items():
            if id != "m0":
                client.add(code, id)
    return codes


def stored(url: str) -> dict[str, tuple]:
    """What a client can see of every revision."""
    seen = {}
    with Client(url) as client:
        for item in client.get("/wasm", params={"limit": 1000}).json()["items"]:
            for revision in client.get(f"/wasm/{item['id']}/revisions").json()["items"]:
                meta = revision["meta_data"]
                code = client.get(f"/wasm/{item['id']}", params={"revision": meta["revision"]}, headers=RAW)
                assert code.status_code == 200, code.text
                assert hashlib.sha256(code.content).hexdigest() == meta["digest"].removeprefix("sha256:")
                seen[(item["id"], meta["revision"])] = (meta["digest"], meta["created_at"], meta["labels"])
    return seen


def part_of(path):
    return path.with_name(path.name + ".part")


@contract("GET /backup 200")
def test_a_backup_of_a_running_server_restores_to_the_same(fresh_server, cli, tmp_path):
    server, dest = fresh_server(), tmp_path / "all.backup"
    filled(server)
    before = stored(server.url)
    done = cli.ok("backup", dest, "--server", server.url)
    assert "verified" in done.out and dest.stat().st_mode & 0o777 == 0o600 and not part_of(dest).exists()
    assert cli.ok("check", dest).out.endswith(", 0 damaged\n")
    restored = tmp_path / "restored"
    assert cli.ok("restore", dest, "--data", restored).out == "5 modules, 1 older revisions and 6 codes restored\n"
    assert cli.ok("check", restored).out.endswith(", 0 damaged\n")
    other = fresh_server(data=restored)
    assert stored(other.url) == before
    with Client(other.url) as client:
        assert client.results("m0", [2, 40]) == [42]
        client.add(distinct(99, 50_000), "later")
    assert "in use" in cli.refused(DAMAGED, "restore", dest, "--data", restored)
    other.stop()
    assert "has a store already" in cli.refused(LOCAL, "restore", dest, "--data", restored)
    assert cli.ok("check", restored).out.startswith("6 modules")


def test_the_data_directory_has_a_backup_whether_a_server_runs_or_not(fresh_server, cli, tmp_path):
    server = fresh_server()
    filled(server, (100, 60_000))
    token = cli.ok("token", "create", "--scope", "admin", "--data", server.data).out.strip()
    running = cli.ok("backup", tmp_path / "running", "--data", server.data, "--json").json
    server.stop()
    stopped = cli.ok("backup", tmp_path / "stopped", "--data", server.data, "--json").json
    assert running["records"] == stopped["records"] and running["damaged"] == [] and running["id"] != stopped["id"]
    through = cli.ok("backup", "-", "--data", server.data).out_bytes
    assert through.startswith(b"wasm-server backup 1\n")
    assert cli.ok("restore", "-", "--data", tmp_path / "restored", input=through).err == ""
    other = fresh_server(data=tmp_path / "restored")
    with Client(other.url) as client:  # the tokens are those of the backup
        assert client.get("/wasm").status_code == 401
        assert client.get("/wasm", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_secrets_are_restored_sealed_and_open_with_their_key(fresh_server, cli, tmp_path):
    server, dest, restored = fresh_server(), tmp_path / "b", tmp_path / "restored"
    value = b"correct horse battery staple"
    with Client(server.url) as client:
        assert client.put("/secrets/db", content=value, headers={"Content-Type": "text/plain"}).status_code == 204
        client.add(PRINTENV, "m", env={"PASSWORD": {"secret": "db"}})
    cli.ok("backup", dest, "--server", server.url)
    key = (server.data / "secret.key").read_bytes()
    assert value not in dest.read_bytes() and key.strip() not in dest.read_bytes()
    cli.ok("restore", dest, "--data", restored)
    shutil.copy2(server.data / "secret.key", restored)
    with Client(fresh_server(data=restored).url) as client:
        assert client.post("/wasm/m", json={}).json()["stdout"] == f"PASSWORD={value.decode()}\n"


@contract("GET /backup 200")
def test_a_backup_under_writes_is_a_state_that_was(fresh_server, cli, tmp_path):
    """All that was acknowledged before it began is in it, and of later writes a prefix: each writer's are in order."""
    server = fresh_server(*SLOW)
    filled(server)
    acknowledged = [0] * 3
    stop = threading.Event()

    def write(number: int) -> None:
        with Client(server.url) as client:
            while not stop.is_set():
                n = acknowledged[number] + 1
                client.add(distinct(1000 * (number + 1) + n, 20_000 if n % 2 else 500), f"w{number}-{n:04}")
                if n > 3:
                    assert client.delete(f"/wasm/w{number}-{n - 3:04}").status_code == 204
                acknowledged[number] = n

    writers = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for writer in writers:
        writer.start()
    try:
        for round in range(3):
            wait_until(lambda: min(acknowledged) > 5 * (round + 1))
            before = list(acknowledged)
            dest = tmp_path / f"{round}.backup"
            cli.ok("backup", dest, "--server", server.url)
            cli.ok("restore", dest, "--data", tmp_path / f"restored-{round}")
            assert cli.ok("check", tmp_path / f"restored-{round}").out.endswith(", 0 damaged\n")
            with contextlib.ExitStack() as stack:
                other = fresh_server(data=tmp_path / f"restored-{round}")
                stack.callback(other.stop)
                ids = {id for id, _ in stored(other.url)}
            for number in range(3):
                mine = sorted(int(id.split("-")[1]) for id in ids if id.startswith(f"w{number}-"))
                assert mine[-1] >= before[number] and mine == list(range(mine[0], mine[-1] + 1)), mine
                assert 3 <= len(mine) <= 4, mine
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert all(count > 0 for count in acknowledged)


@contract("GET /backup 404", "GET /backup 400", "GET /backup 503", "HEAD /backup")
def test_where_a_backup_goes_on(fresh_server):
    server = fresh_server(*SLOW)
    filled(server, (100, 8 * MB))
    with Client(server.url) as client:
        assert_problem(client.get("/backup", params={"from": "x"}), 400, "bad-request")
        assert_problem(client.get("/backup", params={"from": "0" * 32 + ":5"}), 404, "not-found")
        with client.stream("GET", "/backup") as first, client.stream("GET", "/backup") as second:
            assert first.status_code == second.status_code == 200
            refused = client.get("/backup")
            assert_problem(refused, 503, "overloaded")
            assert refused.headers["retry-after"]
        assert client.head("/backup").status_code == 200


def test_only_an_administrator_gets_one(fresh_server, cli, tmp_path):
    server = fresh_server()
    admin = cli.ok("token", "create", "--scope", "admin", "--data", server.data).out.strip()
    reader = cli.ok("token", "create", "--scope", "read", "--scope", "write", "--data", server.data).out.strip()
    dest = tmp_path / "b"
    assert "--token" in cli.refused(REFUSED, "backup", dest, "--server", server.url)
    assert "scope" in cli.refused(REFUSED, "backup", dest, "--server", server.url, "--token", reader)
    assert not dest.exists()
    cli.ok("backup", dest, "--server", server.url, "--token", admin)
    assert reader.rsplit("_", 1)[1].encode() not in dest.read_bytes()


class Breaking(threading.Thread):
    """Hands connections on to a server, and breaks each after so many bytes of the answer."""

    def __init__(self, port: int, limits):
        super().__init__(daemon=True)
        self.upstream_port, self.limits = port, iter(limits)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.requests: list[str] = []

    def run(self):
        while True:
            client, _ = self.listener.accept()
            with client, socket.create_connection(("127.0.0.1", self.upstream_port)) as upstream:
                request = client.recv(65536)
                self.requests.append(request.split(b"\r\n")[0].decode())
                upstream.sendall(request)
                left = next(self.limits, 1 << 60)
                while left > 0 and (piece := upstream.recv(min(left, 65536))):
                    client.sendall(piece)
                    left -= len(piece)


def test_it_goes_on_after_broken_connections_and_in_the_next_run(fresh_server, cli, tmp_path):
    server = fresh_server("--allowed-host", "*")
    filled(server)
    relay = Breaking(server.port, [2_000, 200, 300_000, 5_000, MB])
    relay.start()
    dest = tmp_path / "b"
    cli.ok("backup", dest, "--server", f"http://127.0.0.1:{relay.port}")
    assert len(relay.requests) >= 4 and "from=" in relay.requests[-1], relay.requests
    whole = dest.read_bytes()
    ids = {request.split("from=")[1].split(":")[0] for request in relay.requests[1:]}
    assert len(ids) == 1
    assert cli.ok("check", dest).out.endswith(", 0 damaged\n")
    assert len(whole) > 2 * MB


def test_a_kill_of_the_client_leaves_a_part_that_the_next_run_goes_on_with(fresh_server, cli, tmp_path):
    server, dest = fresh_server(*SLOW), tmp_path / "b"
    filled(server, (100, 60_000, 8 * MB))
    for round in range(4):
        process = subprocess.Popen([str(cli.binary), "backup", str(dest), "--server", server.url], env=cli.env)
        have = part_of(dest).stat().st_size if part_of(dest).exists() else 0
        wait_until(lambda: part_of(dest).exists() and part_of(dest).stat().st_size > have + MB // 2)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not dest.exists() and part_of(dest).stat().st_mode & 0o777 == 0o600
        assert "ends too early" in cli.refused(DAMAGED, "check", part_of(dest))
    done = cli.ok("backup", dest, "--server", server.url)
    assert "going on with" in done.err
    assert cli.ok("check", dest).out.endswith(", 0 damaged\n") and not part_of(dest).exists()


def test_a_kill_of_the_server_begins_a_new_one(fresh_server, cli, tmp_path):
    server, dest = fresh_server(*SLOW), tmp_path / "b"
    filled(server, (100, 60_000, 4 * MB))
    process = subprocess.Popen([str(cli.binary), "backup", str(dest), "--server", server.url], env=cli.env,
                               stderr=subprocess.PIPE)
    wait_until(lambda: part_of(dest).exists() and part_of(dest).stat().st_size > MB)
    server.kill()
    server.listen = server.address
    server.start()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0 and b"beginning anew" in err, err
    assert cli.ok("check", dest).out.endswith(", 0 damaged\n")


def test_nobody_is_left_with_half_a_backup(fresh_server, cli, tmp_path):
    """Neither when the server stays away nor when there is none."""
    server, dest = fresh_server(*SLOW), tmp_path / "b"
    filled(server, (100, 60_000))
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    assert "is the server running" in cli.refused(UNREACHABLE, "backup", dest, "--server", f"http://127.0.0.1:{port}")
    assert not dest.exists() and not part_of(dest).exists()
    part_of(dest).write_bytes(b"another file")
    cli.ok("backup", dest, "--server", server.url)
    assert cli.ok("check", dest).out.endswith(", 0 damaged\n")
    assert "terminal" in cli.on_terminal("backup", "-", "--server", server.url)[1]
    assert "give one of them" in cli.refused(USAGE, "backup", dest, "--server", server.url, "--data", server.data)


def test_a_full_disk_keeps_the_part(fresh_server, cli, tmp_path):
    server, disk = fresh_server(), tmp_path / "disk"
    filled(server)
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={MB}", "tmpfs", disk], check=True)
    try:
        line = cli.refused(LOCAL, "backup", disk / "b", "--server", server.url)
        assert "No space left" in line and not (disk / "b").exists()
        subprocess.run(["mount", "-o", f"remount,size={64 * MB}", disk], check=True)
        assert "going on with" in cli.ok("backup", disk / "b", "--server", server.url).err
        subprocess.run(["mount", "-o", f"remount,size={3 * MB}", disk], check=True)
        refused = cli.run("restore", disk / "b", "--data", disk / "data")
        assert refused.code in (LOCAL, DAMAGED) and refused.err.count("\n") == 1, refused.err
        assert "No space left" in refused.err or "full" in refused.err, refused.err
        assert not (disk / "data" / "db").exists() and not (disk / "data" / "staging").exists()
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def test_damaged_backups_are_told_from_whole_ones(fresh_server, cli, tmp_path):
    server, dest = fresh_server(), tmp_path / "b"
    filled(server, (100, 3_000, 60_000))
    cli.ok("backup", dest, "--server", server.url)
    whole, rng = dest.read_bytes(), random.Random(5)
    broken = tmp_path / "broken"
    for round in range(12):
        changed = bytearray(whole)
        at = rng.randrange(len(changed))
        if round % 3 == 0:
            del changed[at:]
        elif round % 3 == 1:
            changed[at] ^= 1 << rng.randrange(8)
        else:
            changed[at:at] = changed[:100]
        broken.write_bytes(changed)
        cli.refused(DAMAGED, "check", broken)
        cli.refused(DAMAGED, "restore", broken, "--data", tmp_path / "restored")
        assert not (tmp_path / "restored" / "db").exists() and not (tmp_path / "restored" / "staging").exists()
    broken.write_bytes(whole.replace(b"backup 1\n", b"backup 2\n", 1))
    assert "format 2" in cli.refused(DAMAGED, "restore", broken, "--data", tmp_path / "restored")
    assert "is not repaired" in cli.refused(USAGE, "check", broken, "--repair")
    cli.ok("restore", dest, "--data", tmp_path / "restored")


def test_a_kill_of_restore_leaves_no_store(fresh_server, cli, tmp_path):
    server, dest, data = fresh_server(), tmp_path / "b", tmp_path / "restored"
    filled(server, (100, 60_000, 8 * MB))
    cli.ok("backup", dest, "--server", server.url)
    rng, killed = random.Random(6), 0
    for round in range(8):
        process = subprocess.Popen([str(cli.binary), "restore", str(dest), "--data", str(data)], env=cli.env,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=rng.uniform(0.01, 0.25))
        process.send_signal(signal.SIGKILL)
        if process.wait() == 0:  # it was quicker
            shutil.rmtree(data)
            continue
        killed += 1
        if (data / "db").exists():  # it was whole, and only its end was not told
            break
    assert killed > 0
    if (data / "staged").exists():
        cli.ok("check", data, "--repair")
    if not (data / "db").exists():
        cli.ok("restore", dest, "--data", data)
    assert cli.ok("check", data).out.endswith(", 0 damaged\n")
    assert stored(fresh_server(data=data).url) == stored(server.url)


def test_damage_is_said_left_out_and_the_rest_restored(fresh_server, cli, tmp_path):
    server, dest = fresh_server(), tmp_path / "b"
    codes = filled(server, (100, 3_000, 60_000))
    server.stop()
    content = bytearray((server.data / "blobs").read_bytes())
    content[content.find(codes["m2"][-1000:])] ^= 1
    (server.data / "blobs").write_bytes(content)
    server.start()
    done = cli.run("backup", dest, "--server", server.url)
    digest = hashlib.sha256(codes["m2"]).hexdigest()
    assert done.code == DAMAGED and f"damaged: code {digest}" in done.err
    assert digest in server.stderr_text() and "is made without" in server.stderr_text()
    assert digest in cli.run("check", dest).out
    assert "--repair" in cli.refused(DAMAGED, "restore", dest, "--data", tmp_path / "restored")
    repaired = cli.run("restore", dest, "--repair", "--data", tmp_path / "restored")
    assert repaired.code == DAMAGED and "module m2 is taken out" in repaired.out
    assert cli.ok("check", tmp_path / "restored").out.endswith(", 0 damaged\n")
    assert {id for id, _ in stored(fresh_server(data=tmp_path / "restored").url)} == {"m0", "m1"}


def test_damaged_bytes_on_the_wire_do_not_become_a_backup(fresh_server, cli, tmp_path):
    server = fresh_server("--allowed-host", "*")
    filled(server, (100, 60_000))

    class Flipping(Breaking):
        def run(self):
            client, _ = self.listener.accept()
            with client, socket.create_connection(("127.0.0.1", self.upstream_port)) as upstream:
                upstream.sendall(client.recv(65536))
                answer = b""
                while not answer.endswith(b"0\r\n\r\n") and (piece := upstream.recv(65536)):
                    answer += piece
                at = answer.find(distinct(1, 60_000)[-100:])
                client.sendall(answer[:at] + bytes([answer[at] ^ 4]) + answer[at + 1:])

    relay = Flipping(server.port, [])
    relay.start()
    line = cli.refused(UNREACHABLE, "backup", tmp_path / "b", "--server", f"http://127.0.0.1:{relay.port}")
    assert "checksum" in line and not (tmp_path / "b").exists()
