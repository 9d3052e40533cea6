"""The components that a user starts from (examples/components), built by their one command and called over HTTP.

The functions and commands must answer what tests/guests/run expects of them too; the handlers are the same in every
language, so one set of tests serves all of them.
"""

import os

import pytest

from support import real_guests
from support.client import Client, fresh_id
from support.raw import RawConnection
from support.server import wait_until

KINDS = {"greetings": "component", "handler": "http", "command": "command"}
SLOW = 300  # seconds: JavaScript and Python are 12 and 18 MB of code to compile, under sanitizers as well


@pytest.fixture(scope="module")
def fetched():
    return real_guests.fetch("components")


def file_of(fetched, name: str):
    """The component's file. What could not be built for want of a tool is skipped; what failed to build is a failure."""
    file = real_guests.directory() / name
    said = [line for line in fetched.stderr.splitlines() if name in line]
    if any(line.startswith("failed: ") for line in said):
        pytest.fail(fetched.stderr)
    if not file.exists():
        pytest.skip(" ".join(said) or f"{name} is not built: {fetched.stderr}")
    return file


@pytest.mark.parametrize("guest", [one for one in real_guests.ALL if one.group == "components"], ids=lambda one: one.file)
def test_functions_and_commands_of_each_language(server, fetched, guest):
    file_of(fetched, guest.file)
    with Client(server.url, timeout=SLOW) as client:
        answer = real_guests.add(client, guest)
        assert answer.status_code == 201, answer.text
        id = real_guests.id_of(guest.file)
        assert client.meta(id)["kind"] == KINDS[id.rsplit("-", 1)[1]]
        for one in guest.calls:
            wrong = real_guests.complaint(real_guests.call(client, guest, one), one)
            assert not wrong, f"{one.about}: {wrong}"


@pytest.mark.parametrize("language", real_guests.LANGUAGES)
def test_each_language_describes_the_same_functions(server, fetched, language):
    code = file_of(fetched, f"components/{language}/greetings.wasm").read_bytes()
    with Client(server.url, timeout=SLOW) as client:
        functions = {one["name"]: one for one in client.meta(client.add(code))["functions"]}
    greet = functions["example:greetings/greetings.greet@1.0.0"]
    assert greet["param"] == [{"name": "name", "param_type": "string"}]
    assert greet["result"] == ["string"]
    summary = functions["example:greetings/greetings.summary@1.0.0"]
    assert summary["param"] == [{"name": "numbers", "param_type": "list<f64>"}]
    assert [one.replace(" ", "") for one in summary["result"]] == [
        "result<record{count:u32,mean:f64,largest:f64},string>"]


@pytest.fixture(scope="module")
def handler_of(shared_server, fetched):
    """Gives the id of a language's handler, which is uploaded and compiled once."""
    ids: dict[str, str] = {}

    def make(language: str) -> str:
        if language not in ids:
            code = file_of(fetched, f"components/{language}/handler.wasm").read_bytes()
            with Client(shared_server.url, timeout=SLOW) as client:
                id = client.add(code, fresh_id(language))
                wait_until(lambda: client.meta(id)["state"] != "compiling", SLOW)
                meta = client.meta(id)
                assert (meta["kind"], meta["state"]) == ("http", "ready"), meta
            ids[language] = id
        return ids[language]

    return make


@pytest.fixture
def http(server):
    with Client(server.url, timeout=SLOW) as client:
        yield client


@pytest.mark.parametrize("language, name", real_guests.LANGUAGES.items())
def test_a_handler_says_hello(http, handler_of, language, name):
    id = handler_of(language)
    for path in (f"/http/{id}/", f"/http/{id}"):
        answer = http.get(path)
        assert (answer.status_code, answer.text) == (200, f"hello from {name}\n"), path
        assert answer.headers["content-type"].lower().startswith("text/plain")


@pytest.mark.parametrize("language", real_guests.LANGUAGES)
def test_a_handler_sees_query_and_headers(http, handler_of, language):
    answer = http.get(f"/http/{handler_of(language)}/request?a=1&b=%C3%BC&a=2", headers={"X-Test": "one two"})
    assert answer.status_code == 200, answer.text
    lines = answer.text.splitlines()
    assert lines[0] == "query: a=1&b=%C3%BC&a=2"
    assert "x-test: one two" in lines[1:], answer.text


@pytest.mark.parametrize("language", real_guests.LANGUAGES)
def test_a_handler_answers_404_for_other_paths_and_methods(http, handler_of, language):
    id = handler_of(language)
    for method, path in (("GET", "nothing"), ("GET", "echo"), ("DELETE", ""), ("POST", "request")):
        answer = http.request(method, f"/http/{id}/{path}")
        assert (answer.status_code, answer.text) == (404, "not found\n"), (method, path)


@pytest.mark.parametrize("language", real_guests.LANGUAGES)
@pytest.mark.parametrize("size", [0, 1, 3_000_000])
def test_a_handler_echoes_the_body(http, handler_of, language, size):
    body = os.urandom(size)
    answer = http.post(f"/http/{handler_of(language)}/echo", content=body)
    assert answer.status_code == 200, answer.text
    assert answer.content == body


@pytest.mark.parametrize("language", real_guests.LANGUAGES)
def test_a_handler_echoes_while_the_body_still_comes(server, handler_of, language):
    """The second piece is sent only after the first has come back: a handler that collects would wait for ever."""
    with RawConnection(server, timeout=60) as connection:
        connection.send(f"POST /http/{handler_of(language)}/echo HTTP/1.1\r\nHost: {server.address}\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n")
        got = b""
        for number in range(3):
            piece = f"piece {number}\n".encode()
            connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
            while piece not in got:
                data = connection.socket.recv(65536)
                assert data, got
                got += data
        connection.send("0\r\n\r\n")
        while not got.endswith(b"0\r\n\r\n"):
            data = connection.socket.recv(65536)
            assert data, got
            got += data
    assert got.startswith(b"HTTP/1.1 200 ")
