"""Compiled code on disk: found again after a restart, never trusted, gone with its module."""

import concurrent.futures
import pathlib
import shutil

import pytest

from support import flags
from support.client import Client, assert_problem
from support.modules import ADD, SUB
from support.server import wait_until

contract = pytest.mark.contract


def artefacts(server) -> list[pathlib.Path]:
    return sorted((server.data / "artefacts").glob("*.cwasm"))


def add_compiled(server, client: Client, text: str = ADD, id: str | None = None) -> str:
    """Stores a module and waits for its artefact."""
    before = len(artefacts(server))
    id = client.add_ready(text, id)
    assert len(artefacts(server)) == before + 1
    return id


def writing(artefact: pathlib.Path) -> bytes:
    """Tells one writing of an artefact from another: its seal, which has a nonce of its own."""
    return artefact.read_bytes()[-36:]


def is_mapped(server, artefact: pathlib.Path) -> bool:
    """Of one that is not small: small ones are copied."""
    return artefact.name in pathlib.Path(f"/proc/{server.pid}/maps").read_text()


def constant(value: int, data: int = 0) -> str:
    """With so many bytes of data."""
    return f'(module (memory 2) (data (i32.const 0) "{"x" * data}") (func (export "f") (result i32) i32.const {value}))'


LARGE = 100_000


@contract("1: state")
def test_after_a_restart_nothing_is_compiled_again(fresh_server):
    server = fresh_server()
    with Client(server.url) as client:
        id = add_compiled(server, client)
    (artefact,) = artefacts(server)
    before = writing(artefact)
    server.restart()
    with Client(server.url) as client:
        assert client.meta(id)["state"] == "ready"
        assert client.results(id, [2, 40]) == [42]
    assert writing(artefact) == before


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_after_a_restart_what_was_in_use_is_loaded_before_it_is_called(fresh_server, end):
    server = fresh_server()
    with Client(server.url) as client:
        add_compiled(server, client, constant(42, LARGE), "answer")
        assert client.results("answer") == [42]
    getattr(server, end)()
    server.start()
    (artefact,) = artefacts(server)
    wait_until(lambda: is_mapped(server, artefact))
    artefact.unlink()
    with Client(server.url) as client:
        assert client.meta("answer")["state"] == "ready"
        assert client.results("answer") == [42]
    assert artefacts(server) == []  # whatever is compiled leaves one


def test_what_was_loaded_ahead_is_not_called_after_it_was_replaced_or_deleted(fresh_server):
    server = fresh_server()
    with Client(server.url) as client:
        for value in (1, 2):
            add_compiled(server, client, constant(value, LARGE), f"m{value}")
    server.restart()
    loaded = artefacts(server)
    wait_until(lambda: all(is_mapped(server, artefact) for artefact in loaded))
    with Client(server.url) as client:
        client.put("/wasm/m1", content=constant(3), headers={"Content-Type": "text/wat"})
        assert client.results("m1") == [3]
        assert client.delete("/wasm/m2").status_code == 204
        assert client.call("m2").status_code == 404
        wait_until(lambda: sum(is_mapped(server, artefact) for artefact in loaded) == 1)
        assert client.call("m1", revision=1).json()["results"] == [1]


def test_a_stop_does_not_wait_until_all_is_loaded(fresh_server):
    """At any moment of the start, and what was not loaded is found later."""
    server = fresh_server()
    with Client(server.url) as client:
        for value in range(40):
            client.add(constant(value), f"m{value}")
            assert client.results(f"m{value}") == [value]
    for _ in range(5):
        server.restart()
    with Client(server.url) as client:
        for value in range(40):
            assert client.results(f"m{value}") == [value]


@contract("1: state", "5: invalid-module")
def test_what_cannot_run_is_never_compiled(fresh_server):
    server = fresh_server()
    with Client(server.url) as client:
        id = client.add('(module (import "env" "launch" (func)) (func (export "f")))')
        assert client.meta(id)["state"] == "failed"
        assert artefacts(server) == []  # whatever is compiled leaves one
        assert_problem(client.call(id), 422, "invalid-module", "env", "launch")
        assert artefacts(server) == []
    server.restart()
    with Client(server.url) as client:
        assert_problem(client.call(id), 422, "invalid-module", "env", "launch")
    assert artefacts(server) == []


def corrupt(artefact: pathlib.Path, _: pathlib.Path) -> None:
    content = bytearray(artefact.read_bytes())
    content[len(content) // 2] ^= 1
    artefact.write_bytes(content)


def cut(artefact: pathlib.Path, _: pathlib.Path) -> None:
    artefact.write_bytes(artefact.read_bytes()[:-100])


def foreign(artefact: pathlib.Path, other: pathlib.Path) -> None:
    """Of the same code and engine, but written by another server."""
    shutil.copy(other, artefact)


def older(artefact: pathlib.Path, _: pathlib.Path) -> None:
    """Of another engine: that stands in the name."""
    digest, _, engine = artefact.stem.partition("-")
    artefact.rename(artefact.with_name(f"{digest}-{int(engine, 16) ^ 1:016x}.cwasm"))


def missing(artefact: pathlib.Path, _: pathlib.Path) -> None:
    artefact.unlink()


@pytest.mark.parametrize("damage", [corrupt, cut, foreign, older, missing])
def test_an_artefact_that_is_not_ours_is_compiled_again(fresh_server, damage):
    server, other = fresh_server(), fresh_server()
    for one in (server, other):
        with Client(one.url) as client:
            add_compiled(one, client, id="add")
    (artefact,) = artefacts(server)
    server.stop()
    damage(artefact, artefacts(other)[0])
    damaged = artefact.exists() and writing(artefact)
    server.start()
    with Client(server.url) as client:
        assert client.results("add", [2, 40]) == [42]
        wait_until(lambda: artefacts(server) == [artefact])  # what was left of the old one is gone
    good = writing(artefact)
    assert good != damaged
    server.restart()
    with Client(server.url) as client:
        assert client.results("add", [2, 40]) == [42]
    assert writing(artefact) == good


@contract("DELETE /wasm/{id} 204")
def test_the_artefact_goes_with_the_last_module_of_its_code(fresh_server):
    server = fresh_server()
    with Client(server.url) as client:
        first = add_compiled(server, client)
        second = client.add(ADD)
        other = add_compiled(server, client, SUB)
        client.put(f"/wasm/{other}", content=b"\0asm\1\0\0\0", headers={"Content-Type": "application/wasm"})
        wait_until(lambda: len(artefacts(server)) == 3)
        client.delete(f"/wasm/{first}")
        client.delete(f"/wasm/{other}")  # both of its revisions
        wait_until(lambda: len(artefacts(server)) == 1)
        assert client.results(second, [2, 40]) == [42]
        client.delete(f"/wasm/{second}")
        wait_until(lambda: not artefacts(server))
        again = add_compiled(server, client)
        assert client.results(again, [2, 40]) == [42]


def test_an_artefact_that_a_crash_left_goes_after_the_start(fresh_server):
    server = fresh_server()
    with Client(server.url) as client:
        deleted = add_compiled(server, client)
        kept = add_compiled(server, client, SUB)
        left = {path.name: path.read_bytes() for path in artefacts(server)}
        client.delete(f"/wasm/{deleted}")
        wait_until(lambda: len(artefacts(server)) == 1)
        (stays,) = artefacts(server)
    server.kill()
    for name, content in left.items():
        (server.data / "artefacts" / name).write_bytes(content)
    (server.data / "artefacts" / f"{stays.name}.1.0123456789abcdef.tmp").write_bytes(b"half")
    server.start()
    wait_until(lambda: list((server.data / "artefacts").iterdir()) == [stays])
    with Client(server.url) as client:
        assert client.results(kept, [2, 40]) == [-38]


def test_the_same_code_deleted_and_stored_at_once_stays_executable(fresh_server):
    """Many times over, so that removals and compilations meet in every order."""
    server = fresh_server()

    def store_call_delete(name: str) -> None:
        with Client(server.url) as client:
            for _ in range(40):
                client.add(ADD, name)
                assert client.results(name, [2, 40]) == [42]
                assert client.delete(f"/wasm/{name}").status_code == 204

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(store_call_delete, f"m{number}") for number in range(4)]:
            done.result()
    wait_until(lambda: not artefacts(server))
    with Client(server.url) as client:
        assert client.results(add_compiled(server, client), [2, 40]) == [42]


def test_modules_that_do_not_fit_the_cache_fail_no_call(fresh_server):
    """A cache of about three modules, forty of them called by eight clients: each call finds its module or loads it."""
    server = fresh_server(*flags.module_cache_bytes("64KiB"))
    with Client(server.url) as client:
        for value in range(40):
            client.add(constant(value), f"m{value}")

    def call_all(first: int) -> None:
        with Client(server.url) as client:
            for step in range(120):
                value = (first + step * 7) % 40
                assert client.results(f"m{value}") == [value]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(call_all, first) for first in range(8)]:
            done.result()
