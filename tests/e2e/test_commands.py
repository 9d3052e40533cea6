"""WASI preview 1 commands and reactors: both forms of the call, settings, streams, errnos, clocks."""

import base64
import socket
import time

import pytest

from support.client import Client, assert_problem
from support.hostile import GUESTS, guest
from support.raw import RawConnection, get, post
from support.server import SMALL_QUARANTINE

contract = pytest.mark.contract
MB = 1 << 20
TEXT = {"Accept": "text/plain"}


def add(client, name: str, **fields) -> str:
    return client.add(guest(f"commands/{name}.wat"), **fields)


@contract("4: command, JSON", "1: kind")
def test_the_json_form(client):
    id = add(client, "echo")
    assert client.meta(id)["kind"] == "command"
    answer = client.post(f"/wasm/{id}", json={"stdin": "grüße\n"})
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    assert answer.json() == {"exit_code": 0, "stdout": "grüße\n", "stderr": ""}
    assert "run;dur=" in answer.headers["server-timing"] and answer.headers["wasm-revision"] == "1"
    answer = client.post(f"/wasm/{id}", json={"stdin_base64": base64.b64encode(b"a\0b").decode()})
    assert answer.json()["stdout"] == "a\0b"
    assert client.post(f"/wasm/{id}", json={}).json()["stdout"] == ""
    # Without a preference for something else, a raw body is answered in JSON too.
    for headers in ({}, {"Accept": "*/*"}, {"Accept": "application/json"}):
        assert client.post(f"/wasm/{id}", content=b"raw", headers=headers).json()["stdout"] == "raw"


@contract("4: command, raw")
@pytest.mark.parametrize("accept", ["text/plain", "application/octet-stream", "application/json;q=0.1, text/csv"])
def test_the_raw_form(client, accept):
    id = add(client, "echo")
    body = bytes(range(256)) * 40
    for type in ({}, {"Content-Type": "application/octet-stream"}):
        answer = client.post(f"/wasm/{id}", content=body, headers={"Accept": accept, **type})
        assert (answer.status_code, answer.content) == (200, body)
        assert answer.headers["content-type"].split(";")[0] == accept.rsplit(" ", 1)[-1]


@contract("4: command, raw", "5: not-acceptable")
def test_what_is_not_admitted_is_not_sent(client):
    id = add(client, "echo")
    for accept in ("application/json;q=0", "*/*;q=0", "text/plain;q=0, */*;q=0"):
        assert_problem(client.post(f"/wasm/{id}", content=b"x", headers={"Accept": accept}), 406, "not-acceptable")
    answer = client.post(f"/wasm/{id}", content=b"x", headers={"Accept": "application/json;q=0, */*"})
    assert (answer.content, answer.headers["content-type"]) == (b"x", "application/octet-stream")


@contract("4: command, raw", "4: Server-Timing")
def test_the_raw_form_carries_the_exit_code(server, client):
    id = add(client, "settings")
    with RawConnection(server) as wire:
        answer = wire.request(post(f"/wasm/{id}?arg=x", b"", "Accept: text/plain", "TE: trailers"))
        assert answer.status == 200
        assert (answer.headers | answer.trailers)["wasm-exit-code"] == "3"
        assert answer.headers["wasm-revision"] == "1"
        assert "run;dur=" in (answer.headers | answer.trailers)["server-timing"]
        assert answer.body.endswith(b"\0x\0")


@contract("4: command, raw", "4: Server-Timing")
def test_a_streamed_answer_ends_with_the_exit_code_and_the_times(server, client):
    id = add(client, "echo")
    with RawConnection(server) as wire:
        answer = wire.request(post(f"/wasm/{id}", b"x" * MB, "Accept: text/plain", "TE: trailers"))
        assert (answer.status, answer.body) == (200, b"x" * MB)
        assert answer.headers["trailer"] == "Wasm-Exit-Code, Server-Timing"
        assert answer.headers["wasm-revision"] == "1"
        assert answer.trailers["wasm-exit-code"] == "0"
        assert "run;dur=" in answer.trailers["server-timing"]


@contract("4: JSON object", "4: raw body")
def test_arguments_and_environment_of_module_and_call(client):
    id = add(client, "settings", args=["-v", ""], env={"LANG": "C", "BOTH": "module"})
    answer = client.post(f"/wasm/{id}", json={"args": ["ü", "a b"], "env": {"CALL": "1=2", "BOTH": "call"}}).json()
    assert answer["exit_code"] == 3
    argv = answer["stdout"].split("\0")
    assert argv[0] != "" and argv[1:] == ["-v", "", "ü", "a b", ""]
    assert sorted(answer["stderr"].split("\0")) == ["", "BOTH=call", "CALL=1=2", "LANG=C"]
    by_query = client.post(f"/wasm/{id}?arg=%C3%BC&arg=a+b&env=CALL=1=2&env=BOTH=call").json()
    assert by_query == answer


def test_nothing_of_the_servers_environment_reaches_the_guest(client):
    answer = client.post(f"/wasm/{add(client, 'settings')}", json={}).json()
    assert answer["stderr"] == "" and answer["stdout"].count("\0") == 1


@contract("5: bad-request")
@pytest.mark.parametrize("body", [{"args": [[1]]}, {"args": {"a": 1}}, {"args": ["a\0b"]}, {"env": {"A": 1}},
                                  {"env": {"A": "x\0y"}}, {"env": {"A=B": "c"}}, {"env": ["A=B"]}, {"stdin": 5},
                                  {"stdin_base64": "%"}])
def test_settings_that_no_guest_can_have_are_refused(client, body):
    assert_problem(client.post(f"/wasm/{add(client, 'settings')}", json=body), 400, "bad-request")


@contract("5: bad-request")
def test_an_env_in_the_query_needs_its_equals_sign(client):
    id = add(client, "settings")
    assert_problem(client.post(f"/wasm/{id}?env=LANG"), 400, "bad-request", "env")
    assert client.post(f"/wasm/{id}?env=LANG=").json()["stderr"] == "LANG=\0"


@contract("4: stdout_base64")
def test_output_that_is_not_utf_8_comes_as_base64(client):
    answer = client.post(f"/wasm/{add(client, 'bytes')}", json={}).json()
    expected = base64.b64encode(bytes(range(256))).decode()
    assert answer == {"exit_code": 0, "stdout_base64": expected, "stderr_base64": expected}


@contract("4: stdout_base64")
@pytest.mark.parametrize("data, is_text", [
    (b"\x00\x1f\"\\\x7f", True), ("\u2028😀".encode(), True), (b"\xc3", False), (b"\xed\xa0\x80", False),
    (b"\xc0\x80", False), (b"\xf4\x90\x80\x80", False), (b"a" * 70_000, True)])
def test_which_bytes_are_utf_8(client, data, is_text):
    answer = client.post(f"/wasm/{add(client, 'echo')}", content=data).json()
    if is_text:
        assert answer["stdout"] == data.decode()
    else:
        assert base64.b64decode(answer["stdout_base64"], validate=True) == data and "stdout" not in answer


@contract("4: command, JSON", "1: kind")
def test_a_command_of_an_older_toolchain(client):
    text = (GUESTS / "commands" / "echo.wat").read_text().replace("wasi_snapshot_preview1", "wasi_unstable")
    id = client.add(text)
    assert client.meta(id)["kind"] == "command"
    assert client.post(f"/wasm/{id}", json={"stdin": "hello"}).json()["stdout"] == "hello"


@contract("4: command, JSON")
def test_exit_codes(client):
    for code in (0, 1, 255, 256, -1):
        id = client.add(f"""(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1) (func (export "_start") (call $exit (i32.const {code}))))""")
        answer = client.post(f"/wasm/{id}", json={})
        assert (answer.status_code, answer.json()["exit_code"] % 2**32) == (200, code % 2**32)


@contract("5: guest-trap", "4: command, raw")
def test_a_command_that_traps(server, client):
    id = client.add('(module (memory (export "memory") 1) (func (export "_start") unreachable))')
    for headers in ({}, TEXT):
        assert assert_problem(client.post(f"/wasm/{id}", headers=headers), 422, "guest-trap")["trap"] == "unreachable"
    # When a part has been sent already, the end is missing: the client can tell.
    id = add(client, "trap_after_output")
    with RawConnection(server) as wire:
        wire.send(post(f"/wasm/{id}", b"", "Accept: text/plain"))
        status = wire.read_head()[1]
        if status == 200:
            with pytest.raises((EOFError, ConnectionResetError)):
                list(wire.chunks())
        else:
            assert status == 422


@contract("4: command, raw")
def test_output_is_streamed_while_the_guest_runs(server, client):
    id = add(client, "ticker")
    with RawConnection(server) as wire:
        wire.send(post(f"/wasm/{id}", b"", "Accept: text/plain"))
        assert wire.read_head()[1] == 200
        chunks, arrived = wire.chunks(), b""
        while len(arrived) < 15:
            arrived += next(chunks)
        assert arrived == b"tick\n" * (len(arrived) // 5)


@contract("4: command, raw")
def test_http_1_0_gets_raw_output_to_the_end_of_the_connection(server, client):
    id = add(client, "echo")
    with RawConnection(server) as wire:
        wire.send(f"POST /wasm/{id} HTTP/1.0\r\nAccept: text/plain\r\nContent-Length: 5\r\n\r\nhello")
        answer = wire.read()
        assert answer.body == b"hello" and "transfer-encoding" not in answer.headers


def flood(output: int) -> str:
    """A guest that writes `output` bytes in pieces of 64 KiB."""
    return f"""(module
      (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 2)
      (data (i32.const 65536) "\\00\\00\\00\\00\\00\\00\\01\\00")
      (func (export "_start") (local $left i32)
        (local.set $left (i32.const {output // 65536}))
        (loop $more
          (drop (call $fd_write (i32.const 1) (i32.const 65536) (i32.const 1) (i32.const 65552)))
          (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))"""


@contract("4: command, raw")
@pytest.mark.parametrize("size", [256 * 1024, 300_000, MB, 5_000_000])
def test_large_bodies_come_back_whole(server, client, size):
    id = add(client, "echo")
    body = bytes(i * i % 251 for i in range(1009)) * (size // 1009 + 1)
    body = body[:size]
    assert client.post(f"/wasm/{id}", content=body, headers=TEXT).content == body
    with RawConnection(server) as wire:
        for _ in range(3):
            wire.send(post(f"/wasm/{id}", body, "Accept: text/plain"))
            answer = wire.read()
            assert answer.status == 200 and answer.body == body


def two_floods(between: str) -> str:
    """A guest that writes 640 KiB, does something else, and writes as much again."""
    return f"""(module
      (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 2)
      (data (i32.const 65536) "\\00\\00\\00\\00\\00\\00\\01\\00")
      (func $flood (local $left i32)
        (local.set $left (i32.const 10))
        (loop $more
          (drop (call $fd_write (i32.const 1) (i32.const 65536) (i32.const 1) (i32.const 65552)))
          (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
      (func (export "_start") (local $i i32)
        (call $flood) {between} (call $flood)))"""


COMPUTE = """(local.set $i (i32.const 50000000))
  (loop $busy (br_if $busy (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))"""
SLEEP = """(i32.store (i32.const 1016) (i32.const 1)) (i64.store (i32.const 1024) (i64.const 50000000))
  (drop (call $poll (i32.const 1000) (i32.const 1064) (i32.const 1) (i32.const 1128)))"""


@contract("4: command, raw")
@pytest.mark.parametrize("between", [COMPUTE, SLEEP, "(unreachable)"], ids=["compute", "sleep", "trap"])
def test_a_guest_that_does_not_only_write(server, client, between):
    id = client.add(two_floods(between))
    for _ in range(3):
        with RawConnection(server) as wire:
            wire.send(post(f"/wasm/{id}", b"", "Accept: text/plain"))
            status = wire.read_head()[1]
            assert status == 200
            if "unreachable" in between:
                with pytest.raises((EOFError, ConnectionResetError)):
                    list(wire.chunks())
            else:
                assert sum(map(len, wire.chunks())) == 20 * 65536


@contract("5: deadline-exceeded")
def test_a_guest_whose_reader_stops_is_stopped_at_its_deadline(server, client):
    """Its place is free then, however long the client may take by the server's own limits."""
    id = client.add(flood(8 * MB), limits={"timeout_ms": 1000, "max_concurrency": 1})
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(post(f"/wasm/{id}", b"", "Accept: text/plain"))
        assert connection.recv(1) == b"H"  # it runs
        answer = client.post(f"/wasm/{id}", json={}, timeout=20)
        assert answer.status_code == 200 and len(answer.json()["stdout"]) == 8 * MB
        received = 0
        try:
            while data := connection.recv(MB):
                received += len(data)
        except ConnectionResetError:
            pass
        assert received < 8 * MB


@contract("5: output-limit")
@pytest.mark.parametrize("form", ["json", "raw"])
def test_output_beyond_the_limit(server, client, form):
    exact = client.add(flood(MB), limits={"output_bytes": MB})
    beyond = client.add(flood(MB), limits={"output_bytes": MB - 1})
    if form == "json":
        assert len(client.post(f"/wasm/{exact}", json={}).json()["stdout"]) == MB
        assert_problem(client.post(f"/wasm/{beyond}", json={}), 422, "output-limit")
        return
    assert len(client.post(f"/wasm/{exact}", headers=TEXT).content) == MB
    with RawConnection(server) as wire:
        wire.send(post(f"/wasm/{beyond}", b"", "Accept: text/plain"))
        if wire.read_head()[1] == 200:
            with pytest.raises((EOFError, ConnectionResetError)):
                list(wire.chunks())


@contract("4: command, raw")
def test_a_slow_reader_costs_no_memory_and_no_thread(fresh_server):
    """Twenty clients ask for 8 MB each and read nothing for a while: the guests wait, and so does what they write."""
    server = fresh_server(env=SMALL_QUARANTINE)
    with Client(server.url) as client:
        id = client.add(flood(8 * MB), limits={"timeout_ms": 60000})
        assert len(client.post(f"/wasm/{id}", headers=TEXT).content) == 8 * MB
        before, threads = server.resident_bytes(), server.thread_count()
        readers = []
        for _ in range(20):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(60)
            connection.connect(("127.0.0.1", server.port))
            connection.sendall(post(f"/wasm/{id}", b"", "Accept: text/plain", "Connection: close"))
            readers.append(connection)
        time.sleep(2)
        assert client.get("/healthz").status_code == 200
        assert server.resident_bytes() - before < 100 * MB  # all of it would be 160 MB, without the sanitizer's share
        assert server.thread_count() <= threads + 1
        for connection in readers[:5]:
            received = 0
            while data := connection.recv(MB):
                received += len(data)
            assert received > 8 * MB
        for connection in readers:
            connection.close()
        assert client.post(f"/wasm/{id}", content=b"", headers=TEXT).status_code == 200


ERRNO = {"acces": 2, "badf": 8, "notcapable": 76, "notsup": 58, "notsock": 57, "notdir": 54, "spipe": 70, "perm": 63,
         "nosys": 52, "inval": 28}


@pytest.mark.parametrize("function, errnos", [
    ("path_open", ["badf", "notcapable"]), ("path_open_stdin", ["notdir", "badf", "notcapable"]),
    ("path_unlink_file", ["badf", "notcapable"]), ("path_filestat_get", ["badf", "notcapable"]),
    ("fd_prestat_get", ["badf"]), ("read_unknown", ["badf"]), ("write_unknown", ["badf"]),
    ("seek_stdout", ["spipe"]), ("sock_recv", ["badf", "notsock", "notsup"])])
def test_files_and_sockets_are_errnos_not_traps(client, function, errnos):
    assert client.results(add(client, "errnos"), function=function)[0] in [ERRNO[name] for name in errnos]


def test_streams_are_streams(client):
    id = add(client, "errnos")
    errno, type = client.results(id, function="stdout_is_a_stream")
    assert errno == 0 and type in (0, 2, 6)  # unknown, character device or stream; never a file or directory
    assert client.results(id, function="write_after_close") == [0, ERRNO["badf"]]


def test_clocks_and_random(client):
    id = add(client, "clocks")
    errno, now = client.results(id, function="real")
    assert errno == 0 and abs(int(now) / 1e9 - time.time()) < 30
    errno, slept = client.results(id, function="slept")
    assert errno == 0 and 20_000_000 <= int(slept) < 20_000_000_000
    errno, resolution = client.results(id, function="resolution")
    assert errno == 0 and 0 < int(resolution) <= 1_000_000_000
    randoms = {client.results(id, function="random")[1] for _ in range(5)}
    assert len(randoms) == 5


def test_a_reactor_is_initialised_before_the_call(client):
    id = add(client, "reactor")
    assert client.meta(id)["kind"] == "module"
    assert client.results(id, function="ready") == [1]
    assert client.results(id, {"a": 2, "b": 40}, "add") == [42]


def test_an_initialize_that_takes_arguments_is_an_ordinary_function(client):
    id = client.add("""(module (global $g (mut i64) (i64.const 7))
        (func (export "_initialize") (param i64 i64 i64 i64 i64 i64) (global.set $g (local.get 5)))
        (func (export "ready") (result i64) (global.get $g)))""")
    assert client.results(id, function="ready") == [7]
    assert client.results(id, [1, 2, 3, 4, 5, 6], "_initialize") == []


def test_a_command_that_exits_inside_a_named_function_exits(client):
    id = client.add(guest("hostile/exit_deep.wat"))
    answer = client.call(id, function="other")
    assert (answer.status_code, answer.json()["exit_code"]) == (200, 17)


@contract("POST /wasm/{id} 406")
@contract("5: not-acceptable")
def test_a_function_has_no_raw_form(client):
    answer = client.call(add(client, "reactor"), function="ready", headers={"Accept": "image/png"})
    assert_problem(answer, 406, "not-acceptable")


def test_large_standard_input_and_output_go_through(client):
    id = add(client, "echo", limits={"timeout_ms": 60000})
    body = bytes(range(256)) * (4 * MB // 256)
    assert client.post(f"/wasm/{id}", content=body, headers=TEXT).content == body


def test_a_chunked_request_body_is_standard_input(server, client):
    id = add(client, "echo")
    with RawConnection(server) as wire:
        head = get(f"/wasm/{id}", "Accept: text/plain", "Transfer-Encoding: chunked", method="POST")
        assert wire.request(head + "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n").body == b"hello world"
