"""The client commands that change a module: update, rollback, and --watch."""

import contextlib
import hashlib
import os
import signal
import subprocess
import threading

from support.cli import LOCAL, REFUSED, USAGE, WRONG_RUN
from support.client import fresh_id
from support.modules import ADD, SUB, wasm
from support.server import wait_until


NOWHERE = '(module (import "nowhere" "f" (func)) (func (export "sub")))'


def test_update_changes_what_it_names_and_nothing_else(cli, client):
    id = client.add_ready(ADD, labels={"team": "maths", "tier": "1"}, limits={"timeout_ms": 500})
    said = cli.ok("update", id, "--label", "tier=2", "--label", "new=x", "--no-label", "team", "--env", "A=b=c",
                  "--limit", "output_bytes=1000").out
    assert said.startswith(f"{id}: revision 2, ")
    meta = client.meta(id)
    assert meta["labels"] == {"tier": "2", "new": "x"} and meta["env"] == {"A": "b=c"}
    assert (meta["limits"]["timeout_ms"], meta["limits"]["output_bytes"]) == (500, 1000)
    assert cli.ok("update", id, "--no-env", "A", "--json").json["meta_data"]["env"] == {}
    assert client.results(id, [2, 40]) == [42]


def test_update_changes_where_requests_may_go(cli, client):
    id = client.add(ADD)
    cli.ok("update", id, "--egress", "api.example.org", "--egress", "*.example.net:8443")
    assert client.meta(id)["egress"] == ["api.example.org", "*.example.net:8443"]
    cli.ok("update", id, "--egress", "api.example.org", "--egress", "a.org", "--no-egress", "*.example.net:8443")
    assert client.meta(id)["egress"] == ["api.example.org", "a.org"]
    shown = cli.ok("show", id).out
    assert "api.example.org" in shown and "a.org" in shown
    assert "egress" in cli.refused(REFUSED, "update", id, "--egress", "https://a.org")


def test_update_refuses_what_makes_no_sense(cli, client):
    id = client.add(ADD)
    assert "nothing to change" in cli.refused(USAGE, "update", id)
    assert "is no number" in cli.refused(USAGE, "update", id, "--limit", "timeout_ms=soon")
    assert "speed" in cli.refused(REFUSED, "update", id, "--limit", "speed=1")
    assert "nothing" in cli.refused(REFUSED, "update", id, "--function", "nothing")
    assert client.meta(id)["revision"] == 1


def test_rollback_goes_back(cli, client):
    id = client.add_ready(ADD)
    assert "no older revision" in cli.refused(REFUSED, "rollback", id)
    client.put(f"/wasm/{id}", content=wasm(SUB), headers={"Content-Type": "application/wasm"})
    assert cli.ok("rollback", id).out.startswith(f"{id}: revision 3, ")
    assert client.results(id, [2, 40]) == [42]
    assert cli.ok("rollback", id, "2", "--json").json["meta_data"]["revision"] == 4
    assert client.results(id, [2, 40]) == [-38]
    assert "revision" in cli.refused(REFUSED, "rollback", id, "99")


class Watched:
    """A command that goes on until it is ended; what it has written so far."""

    def __init__(self, cli, *args):
        self.process = subprocess.Popen([str(cli.binary), *map(str, args)], stdin=subprocess.DEVNULL, cwd=cli.home,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=cli.env)
        self.text = ""
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        while piece := os.read(self.process.stdout.fileno(), 65536):
            self.text += piece.decode()

    def watches(self, times: int) -> bool:
        assert self.process.poll() is None, self.text
        return self.text.count("Ctrl-C ends it") >= times

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=60)
        self.reader.join()
        self.process.stdout.close()
        return code


@contextlib.contextmanager
def watching(cli, *args):
    watched = Watched(cli, *args)
    try:
        yield watched
    finally:
        watched.end()


def replace(path, text: str) -> None:
    """As an editor does: another file, renamed."""
    beside = path.with_suffix(".new")
    beside.write_text(text)
    beside.rename(path)


def test_put_watch_stores_each_change_once_it_is_ready(cli, client, tmp_path):
    path = tmp_path / f"{fresh_id('watch')}.wat"
    path.write_text(ADD)
    with watching(cli, "put", "--watch", path) as watched:
        wait_until(lambda: watched.watches(1))
        assert client.results(path.stem, [2, 40]) == [42]
        replace(path, SUB)
        wait_until(lambda: watched.watches(2))
        assert client.results(path.stem, [2, 40]) == [-38]
        replace(path, NOWHERE)
        wait_until(lambda: watched.watches(3))
        assert "nowhere" in watched.text
        assert client.results(path.stem, [2, 40]) == [-38], "what cannot run takes no place"
        replace(path, "(module oops")
        wait_until(lambda: watched.watches(4))
        path.write_text(ADD)
        wait_until(lambda: watched.watches(5) and "revision 3" in watched.text)
        assert client.results(path.stem, [2, 40]) == [42]
        (tmp_path / "other").write_text("no change of ours")
        path.unlink()
        replace(path, SUB)
        wait_until(lambda: "revision 4" in watched.text)
    for text in (SUB, NOWHERE):
        tried = "local-" + hashlib.sha256(text.encode()).hexdigest()[:40]
        assert client.get(f"/wasm/{tried}").status_code == 404, "what was tried is gone"


def test_put_watch_never_leaves_callers_waiting_for_the_compiler(cli, client, tmp_path):
    """Each state that a reader sees is ready."""
    path = tmp_path / f"{fresh_id('ready')}.wat"
    path.write_text(ADD)
    states, done = set(), threading.Event()

    def look():
        while not done.is_set():
            answer = client.get(f"/wasm/{path.stem}", params={"wasm": "false"})
            if answer.status_code == 200 and answer.json()["meta_data"]["revision"] > 1:
                states.add(answer.json()["meta_data"]["state"])

    with watching(cli, "put", "--watch", path) as watched:
        wait_until(lambda: watched.watches(1))
        looker = threading.Thread(target=look)
        looker.start()
        for number in range(2, 8):
            filler = "(func " + "i32.const 1 drop " * 3000 + ")"
            replace(path, f'(module {filler * 20} (func (export "f") (result i32) i32.const {number}))')
            wait_until(lambda: f"revision {number}," in watched.text)
        done.set()
        looker.join()
    assert states == {"ready"}


def test_run_watch_runs_each_change_and_keeps_the_last(cli, client, tmp_path):
    path = tmp_path / "loop.wat"
    mark = fresh_id("mark")
    path.write_text(f";; {mark}\n{ADD}")
    before = {item["id"] for item in client.get("/wasm", params={"prefix": "local-", "limit": 1000}).json()["items"]}
    with watching(cli, "run", "--watch", "./loop.wat", "2", "40") as watched:
        wait_until(lambda: watched.watches(1))
        assert watched.text.startswith("42\n")
        replace(path, f";; {mark} 2\n{SUB}")
        wait_until(lambda: watched.watches(2))
        assert "\n-38\n" in watched.text
        replace(path, f";; {mark} 3\n(module (func (export \"f\") unreachable))")
        wait_until(lambda: watched.watches(3))
        assert "takes 0 arguments" in watched.text
    after = {item["id"] for item in client.get("/wasm", params={"prefix": "local-", "limit": 1000}).json()["items"]}
    assert len(after - before) == 1, "the states before are gone"


def test_watch_wants_a_file(cli, client):
    assert "wants a file" in cli.refused(WRONG_RUN, "run", "--watch", client.add(ADD), "1", "2")
    assert "wants a file" in cli.refused(USAGE, "put", "--watch", "-", "--id", "x")
    assert "/no/such" in cli.refused(LOCAL, "put", "--watch", "/no/such/x.wasm")
