"""What client commands show on a terminal and leave out elsewhere: colours, a progress bar."""

import re

from support.client import fresh_id
from support.modules import ADD, distinct, wasm

ESCAPE = re.compile(r"\x1b\[[0-9;]*[a-zA-Z]")


def test_colours_are_for_terminals_that_want_them(cli, client):
    id = client.add_ready(ADD)
    code, text = cli.on_terminal("ls", id)
    assert code == 0 and "\x1b[32mready\x1b[0m" in text and "\x1b[1mID\x1b[0m" in text
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        code, plain = cli.on_terminal("ls", id, env=env)
        assert code == 0 and "\x1b" not in plain
        assert plain == ESCAPE.sub("", text), "the same columns"
    assert "\x1b" not in cli.ok("ls", id).out
    code, text = cli.on_terminal("show", id + "-gone")
    assert text.startswith("\x1b[31mwasm-server:\x1b[0m there is no module")


def test_a_bar_is_drawn_on_a_terminal_and_taken_away(cli, tmp_path):
    name = fresh_id("bar")
    (tmp_path / f"{name}.wasm").write_bytes(distinct(3, 5_000_000))
    code, text = cli.on_terminal("put", f"{name}.wasm")
    assert code == 0
    assert f"{name}.wasm [........................] 0 B of 5.00 MB" in text
    assert "[########################] 5.00 MB of 5.00 MB" in text
    last = text.rstrip("\r\n").rsplit("\r\x1b[K", 1)[1]
    assert last.startswith(f"{name}: revision 1, 5.00 MB, ready")


def test_elsewhere_long_uploads_are_told_in_lines(cli, tmp_path):
    name = fresh_id("lines")
    (tmp_path / f"{name}.wasm").write_bytes(distinct(4, 10_000_000))
    done = cli.ok("put", f"{name}.wasm")
    lines = done.err.splitlines()
    assert lines[0] == f"sending {name}.wasm, 10.0 MB" and lines[-1] == "sent 100% of 10.0 MB"
    assert "\r" not in done.err and "\x1b" not in done.err and len(lines) <= 5


def test_code_is_not_thrown_at_a_terminal(cli, client):
    id = client.add(ADD)
    code, text = cli.on_terminal("get", id)
    assert code == 2 and "--output names a file" in text
    assert cli.ok("get", id, "-o", "-").out_bytes == wasm(ADD)


def test_a_command_does_not_wait_for_a_terminals_input(cli, client):
    id = client.add_ready("""(module
      (import "wasi_snapshot_preview1" "fd_read" (func (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1) (func (export "_start")))""")
    code, text = cli.on_terminal("run", id)
    assert (code, text) == (0, "")
