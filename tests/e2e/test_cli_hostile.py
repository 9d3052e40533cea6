"""Client commands against servers that are none, or mean harm. Whatever they answer, the command ends, says why in one
line, and writes nothing to the terminal that could move its cursor."""

import contextlib
import json
import socket
import threading

import pytest

from support.cli import REFUSED, UNREACHABLE, Cli

META = {"run_function": "f", "size": 1, "kind": "module", "digest": "sha256:00", "revision": 1, "state": "ready",
        "labels": {}, "limits": {}, "args": [], "env": {}, "imports": [], "param": [], "result": [],
        "functions": [{"name": "f", "param": [], "result": ["i32"]}]}


@contextlib.contextmanager
def answering(*answers):
    """A server that reads each request's head and sends the next of these bytes; the last one again and again. What
    it was asked is in the list that it gives."""
    listener = socket.create_server(("127.0.0.1", 0))
    asked: list[bytes] = []

    def serve():
        number = 0
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                head = b""
                while b"\r\n\r\n" not in head and (piece := connection.recv(65536)):
                    head += piece
                asked.append(head)
                answer = answers[min(number, len(answers) - 1)]
                number += 1
                for piece in [answer] if isinstance(answer, bytes) else answer():
                    connection.sendall(piece)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def http(body, status="200 OK", headers="") -> bytes:
    text = json.dumps(body).encode() if not isinstance(body, bytes) else body
    return f"HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {len(text)}\r\n\r\n".encode() + text


def endless():
    yield b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"items\":["
    while True:
        yield b" " * (1 << 20)


COMMANDS = [["ls"], ["show", "x"], ["run", "x"], ["rm", "x"], ["get", "x"], ["put", "x.wat"]]
NO_SERVERS = {
    "nothing": b"",
    "garbage": b"\x16\x03\x01\x02\0\x01\0\x01" * 20,
    "half a head": b"HTTP/1.1 200 OK\r\nContent-",
    "half a body": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"items\"",
    "no JSON": http(b"<html>\x1b[2Jhello</html>", "502 Bad Gateway"),
    "an endless header": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 2_000_000,
    "a redirect": http(b"", "302 Found", "Location: http://evil.example/\r\n"),
    "an empty problem": http({}, "500 Internal Server Error"),
    "problems of odd kinds": http({"code": ["x"], "detail": {"a": 1}}, "404 Not Found"),
    "a deep body": http(b"[" * 100_000),
}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("answer", NO_SERVERS.values(), ids=NO_SERVERS.keys())
def test_what_is_no_server_of_ours_is_unreachable(binary, tmp_path, command, answer):
    (tmp_path / "x.wat").write_text("(module)")
    with answering(answer) as (url, _):
        said = Cli(binary, url, tmp_path).refused(UNREACHABLE, *command)
    assert url in said, said
    assert "\x1b" not in said


def test_nobody_there(binary, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"http://127.0.0.1:{gone.getsockname()[1]}"
    cli = Cli(binary, url, tmp_path)
    assert "is the server running?" in cli.refused(UNREACHABLE, "ls")
    assert "is the server running?" in cli.refused(UNREACHABLE, "ls", "--server", "http://host.invalid:1")


def test_an_endless_answer_is_not_read_to_its_end(binary, tmp_path):
    with answering(endless) as (url, _):
        assert "MiB" in Cli(binary, url, tmp_path).refused(UNREACHABLE, "ls")


def test_a_list_that_never_moves_on_ends(binary, tmp_path):
    page = http({"items": [{"id": "a", "meta_data": META}], "next": "a"})
    with answering(page) as (url, asked):
        assert Cli(binary, url, tmp_path).ok("ls", "-q").out == "a\na\n"
    assert len(asked) == 2


def test_a_redirect_gets_no_token(binary, tmp_path):
    with answering(http(b"stolen")) as (evil, asked_evil):
        with answering(http(b"", "307 Temporary Redirect", f"Location: {evil}/wasm\r\n")) as (url, asked):
            said = Cli(binary, url, tmp_path).refused(UNREACHABLE, "ls", "--token", "wsk_secret")
    assert evil in said and "redirects are not followed" in said
    assert b"Authorization: Bearer wsk_secret\r\n" in asked[0] and asked_evil == []


def test_a_proxy_is_for_other_machines(binary, tmp_path, cli):
    with answering(http({"items": []})) as (proxy, asked):
        env = {"http_proxy": proxy, "NO_PROXY": ""}
        cli.ok("ls", env=env)
        assert asked == [], "this machine's own server is asked itself"
        Cli(binary, "http://wasm.invalid", tmp_path).ok("ls", env=env)
    assert asked[0].startswith(b"GET http://wasm.invalid/wasm?"), asked


CONTROL = "\x1b]0;owned\x07\x1b[2J\r\n\x9b31m\u202e\0end"


def test_control_characters_reach_no_terminal_raw(binary, tmp_path):
    item = {"id": "a" + CONTROL, "meta_data": {**META, "kind": CONTROL, "state": CONTROL, "labels": {CONTROL: CONTROL},
                                               "functions": [{"name": CONTROL, "param": [], "result": [CONTROL]}]}}
    problem = {"code": "not-found", "detail": CONTROL, "title": CONTROL}
    answers = {
        ("ls",): http({"items": [item]}),
        ("show", "x"): http(item),
        ("rm", "x"): http(problem, "403 Forbidden"),
        ("put", "x.wat"): http(problem, "409 Conflict"),
        ("run", "x"): http({**problem, "code": "guest-trap", "backtrace": [{"function": CONTROL, "offset": 1}]}, "422 X"),
    }
    (tmp_path / "x.wat").write_text("(module)")
    for command, answer in answers.items():
        with answering(answer) as (url, _):
            code, text = Cli(binary, url, tmp_path).on_terminal(*command, env={"NO_COLOR": "1"})
        shown = text.replace("\r\n", "\n").replace("\r\x1b[K", "")  # the terminal's line ends; the bar's own erasing
        assert "\\x1b" in shown and "\\u{202e}" in shown, (command, shown)
        assert not any(ord(c) < 32 and c != "\n" or 0x7f <= ord(c) < 0xa0 or c == "\u202e" for c in shown), (command, shown)


def test_results_are_escaped_too(binary, tmp_path):
    with answering(http({"id": "x", "meta_data": META}), http({"results": [CONTROL]})) as (url, _):
        done = Cli(binary, url, tmp_path).ok("run", "x")
    assert done.out.count("\n") == 1 and "\\u{9b}" in done.out and "\u202e" not in done.out


def test_a_state_that_nobody_knows_is_shown(binary, tmp_path):
    with answering(http({"id": "x", "meta_data": {**META, "state": "failed", "state_detail": "too\nlarge"}})) as (url, _):
        (tmp_path / "x.wat").write_text("(module)")
        assert "too\\nlarge" in Cli(binary, url, tmp_path).refused(REFUSED, "put", "x.wat", "--id", "x")
