"""Requests that guests send: where they go, where they do not, and what ends them. The guest answers with what it gets, or
with 500 and the number of the error's case."""

import http.client
import ipaddress
import os
import socket
import subprocess
import threading

import pytest

from support.client import Client, assert_problem, fresh_id
from support.components import component
from support.modules import wasm
from support.server import wait_until
from support.hostile import GUESTS
from support.tls import Authority
from support.upstream import Upstream
from test_metrics import scrape

contract = pytest.mark.contract

DNS_TIMEOUT, DNS_ERROR = 500, 501
PROHIBITED, REFUSED, LIMIT, TLS_CERTIFICATE, DENIED = 504, 506, 511, 513, 515
BODY_SIZE, HEAD_SIZE, URI = 517, 526, 519
PRIVATE = "--egress-private"


@pytest.fixture
def upstream():
    with Upstream() as server:
        yield server


def fetcher(client: Client, *egress: str, **fields) -> str:
    return client.add_ready(component("http-fetch"), fresh_id("fetch"), egress=list(egress), **fields)


def fetch(server, id: str, url: str, body: bytes | None = None, timeout: int | None = None) -> tuple[int, bytes]:
    """By a client that sends the path as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        headers = {"Wasm-Timeout-Ms": str(timeout)} if timeout else {}
        connection.request("GET" if body is None else "POST", f"/http/{id}/{url.replace('://', '/')}", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def counted(client: Client, name: str, *labels: tuple[str, str]) -> float:
    return scrape(client)[(f"wasm_server_egress_{name}", *labels)]


@contract("7: egress")
def test_without_egress_nothing_goes_out(fresh_server, upstream):
    server = fresh_server(PRIVATE)
    with Client(server.url) as client:
        text = (GUESTS / "components" / "http-egress.wat").read_text().replace("127.0.0.1:8999", f"127.0.0.1:{upstream.port}")
        # It has room for 14 characters.
        text = text.replace("i32.const 64\n      i32.const 14", f"i32.const 64\n      i32.const {10 + len(str(upstream.port))}")
        id = client.add_ready(wasm(text), fresh_id("egress"))
        assert client.meta(id)["egress"] == []
        assert client.get(f"/http/{id}").status_code == 599
        client.put(f"/wasm/{id}", json={"egress": [f"127.0.0.1:{upstream.port}"]}).raise_for_status()
        assert client.get(f"/http/{id}").status_code == 200
        assert fetch(server, fetcher(client), f"http://127.0.0.1:{upstream.port}/")[0] == DENIED
    assert len(upstream.requests) == 1


@contract("7: egress")
def test_a_request_goes_to_a_host_that_the_module_names(fresh_server, upstream):
    server = fresh_server(PRIVATE)
    host = f"127.0.0.1:{upstream.port}"
    with Client(server.url) as client:
        id = fetcher(client, host, f"localhost:{upstream.port}", f"*.localhost:{upstream.port}")
        assert fetch(server, id, f"http://{host}/a/b?c=d") == (200, f"/a/b?c=d of {host}".encode())
        assert fetch(server, id, f"http://{host}") == (200, f"/ of {host}".encode())
        assert fetch(server, id, f"http://{host}/up", b"x" * 100_000) == (200, b"100000")
        assert fetch(server, id, f"http://{host}/up", b"") == (200, b"0")
        for name in ("localhost", "LOCALHOST", "localhost.", "a.LocalHost", "b.a.localhost"):
            status, body = fetch(server, id, f"http://{name}:{upstream.port}/")
            assert (status, body) == (200, f"/ of {name.lower().rstrip('.')}:{upstream.port}".encode())
        seen = len(upstream.requests)
        for other in (f"127.0.0.2:{upstream.port}", "127.0.0.1", "127.0.0.1:1", f"localhost.org:{upstream.port}",
                      f"xlocalhost:{upstream.port}", f"[::1]:{upstream.port}"):
            assert fetch(server, id, f"http://{other}/")[0] == DENIED, other
        for odd in (f"user@{host}", f"user:word@{host}", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:99999",
                    f"2130706433:{upstream.port}", f"0x7f.1:{upstream.port}", f"127.1:{upstream.port}",
                    f"0177.0.0.1:{upstream.port}", f"{host}@a.org", "a..org", ""):
            assert fetch(server, id, f"http://{odd}/")[0] in (DENIED, URI, 538), odd
    assert len(upstream.requests) == seen


def private_name() -> list[str]:
    """A name that is no localhost, but has a private address."""
    try:
        address = ipaddress.ip_address(socket.gethostbyname(socket.gethostname()))
    except OSError:
        return []
    return [socket.gethostname()] if address.is_private else []


# Whatever the spelling. Names are looked up once, and what is found is checked.
@contract("7: egress")
def test_private_addresses_are_the_operators_to_allow(fresh_server):
    with Upstream(host="::") as upstream:
        server = fresh_server()
        hosts = ["127.0.0.1", "127.9.9.9", "localhost", "a.localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
                 "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "169.254.169.254", "[::ffff:169.254.169.254]",
                 "[fe80::1]", "[fd00::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "0.0.0.0", "[::]", "255.255.255.255",
                 "224.0.0.1", "[ff02::1]", *private_name()]
        with Client(server.url) as client:
            id = fetcher(client, *[f"{host}:{upstream.port}" for host in hosts])
            for host in hosts:
                assert fetch(server, id, f"http://{host}:{upstream.port}/")[0] == PROHIBITED, host
                assert fetch(server, id, f"https://{host}:{upstream.port}/")[0] == PROHIBITED, host
            assert counted(client, "requests_total", ("end", "denied")) == 2 * len(hosts)
        assert upstream.connections == 0


def test_addresses_of_nobody_are_never_connected_to(fresh_server):
    server = fresh_server(PRIVATE)
    hosts = ["0.0.0.0", "[::]", "255.255.255.255", "224.0.0.1", "[ff02::1]", "[::127.0.0.1]"]
    with Client(server.url) as client:
        id = fetcher(client, *hosts)
        for host in hosts:
            assert fetch(server, id, f"http://{host}/")[0] == PROHIBITED, host


@contract("7: egress")
def test_ipv6_is_connected_to(fresh_server):
    with Upstream(host="::1") as upstream:
        server = fresh_server(PRIVATE)
        with Client(server.url) as client:
            id = fetcher(client, f"[::1]:{upstream.port}", f"localhost:{upstream.port}")
            assert fetch(server, id, f"http://[0:0::1]:{upstream.port}/") == (200, f"/ of [::1]:{upstream.port}".encode())
            # 127.0.0.1 is tried first.
            assert fetch(server, id, f"http://localhost:{upstream.port}/")[0] == 200


def test_hosts_that_are_not_there(fresh_server):
    server = fresh_server(PRIVATE)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        with Client(server.url) as client:
            id = fetcher(client, f"127.0.0.1:{port}", "nobody.invalid")
            assert fetch(server, id, f"http://127.0.0.1:{port}/")[0] == REFUSED
            assert fetch(server, id, "http://nobody.invalid/")[0] in (DNS_TIMEOUT, DNS_ERROR)
            assert counted(client, "requests_total", ("end", "failed")) == 2


@contract("7: egress")
def test_redirects_are_the_guests(fresh_server, upstream):
    server = fresh_server(PRIVATE)
    with Client(server.url) as client:
        id = fetcher(client, f"127.0.0.1:{upstream.port}")
        assert fetch(server, id, f"http://127.0.0.1:{upstream.port}/redirect")[0] == 302
    assert [path for path, _ in upstream.requests] == ["/redirect"]


def test_connections_are_used_again_by_the_same_revision(fresh_server, upstream):
    server = fresh_server(PRIVATE)
    host = f"127.0.0.1:{upstream.port}"
    with Client(server.url) as client:
        id = fetcher(client, host)
        for _ in range(5):
            assert fetch(server, id, f"http://{host}/")[0] == 200
        assert fetch(server, id, f"http://{host}/", b"body")[0] == 200
        assert upstream.connections == 1
        assert counted(client, "reused_connections_total") == 5
        assert counted(client, "connections", ("state", "idle")) == 1
        assert fetch(server, fetcher(client, host), f"http://{host}/")[0] == 200
        assert upstream.connections == 2
        # The server closes it, and the next request needs another one.
        for _ in range(3):
            assert fetch(server, id, f"http://{host}/then-close")[0] == 200
            assert fetch(server, id, f"http://{host}/")[0] == 200
        assert counted(client, "requests_total", ("end", "failed")) == 0
        assert counted(client, "connections", ("state", "used")) == 0


def test_a_call_has_so_many_bytes(fresh_server, upstream):
    server = fresh_server(PRIVATE, "--egress-bytes", "1MiB")
    host = f"127.0.0.1:{upstream.port}"
    with Client(server.url) as client:
        id = fetcher(client, host)
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            fetch(server, id, f"http://{host}/big")
        assert fetch(server, id, f"http://{host}/up", b"x" * (2 << 20))[0] == BODY_SIZE
        assert fetch(server, id, f"http://{host}/up", b"x" * (1 << 19)) == (200, str(1 << 19).encode())
        wait_until(lambda: len(upstream.open) <= 1)
        assert (1 << 20) <= counted(client, "bytes_total") <= (4 << 20)
    assert 2 << 20 not in upstream.uploads


def test_an_answer_that_is_cut_off_is_no_whole_one(fresh_server, upstream):
    server = fresh_server(PRIVATE)
    host = f"127.0.0.1:{upstream.port}"
    with Client(server.url) as client:
        # Nothing of the guest's answer was sent by then.
        status, body = fetch(server, fetcher(client, host), f"http://{host}/cut")
        assert status == 502 and b"bad-guest-answer" in body
        assert counted(client, "connections", ("state", "idle")) == 0


def test_a_head_is_bounded(fresh_server, upstream):
    server = fresh_server(PRIVATE)
    host = f"127.0.0.1:{upstream.port}"
    with Client(server.url) as client:
        assert fetch(server, fetcher(client, host), f"http://{host}/long-head")[0] == HEAD_SIZE


@pytest.mark.parametrize("path", ["silent", "drip"])
def test_all_ends_at_the_deadline(fresh_server, upstream, path):
    server = fresh_server(PRIVATE)
    host = f"127.0.0.1:{upstream.port}"
    with Client(server.url) as client:
        id = fetcher(client, host)
        if path == "silent":
            assert_problem(client.get(f"/http/{id}/http/{host}/silent", headers={"Wasm-Timeout-Ms": "500"}), 504,
                           "deadline-exceeded")
        else:
            with pytest.raises((http.client.IncompleteRead, ConnectionError)):
                fetch(server, id, f"http://{host}/drip", timeout=500)
        assert upstream.left.wait(10)
        wait_until(lambda: counted(client, "connections", ("state", "used")) == 0)


@pytest.mark.parametrize("path", ["silent", "drip"])
def test_all_ends_when_the_client_leaves(fresh_server, upstream, path):
    server = fresh_server(PRIVATE)
    host = f"127.0.0.1:{upstream.port}"
    with Client(server.url) as client:
        id = fetcher(client, host)
        with server.connect() as raw:
            raw.sendall(f"GET /http/{id}/http/{host}/{path} HTTP/1.1\r\nHost: {server.address}\r\n\r\n".encode())
            assert upstream.waiting.wait(10)
            assert not upstream.left.is_set()
        assert upstream.left.wait(10)


# What the guest has sent by then must not look like a whole body.
def test_an_upload_that_the_deadline_ends_is_no_whole_one(fresh_server, upstream):
    server = fresh_server(PRIVATE)
    host = f"127.0.0.1:{upstream.port}"
    with Client(server.url) as client:
        id = fetcher(client, host)
        with server.connect() as raw:
            raw.sendall(f"POST /http/{id}/http/{host}/up HTTP/1.1\r\nHost: {server.address}\r\nWasm-Timeout-Ms: 500\r\n"
                        "Content-Length: 10\r\n\r\nhalf".encode())
            raw.recv(1)
        wait_until(lambda: upstream.connections == 1 and not upstream.open)
    assert upstream.uploads == []


def test_tls_trusts_the_operators_authorities(fresh_server, tmp_path):
    authority = Authority(tmp_path)
    with Upstream(authority.issue("upstream")) as upstream:
        names = ["localhost", "127.0.0.1", "other.localhost"]
        egress = [f"{name}:{upstream.port}" for name in names]
        trusting = fresh_server(PRIVATE, "--egress-ca-file", str(authority.pair.certificate))
        with Client(trusting.url) as client:
            id = fetcher(client, *egress)
            for name in names[:2]:
                for _ in range(3):
                    assert fetch(trusting, id, f"https://{name}:{upstream.port}/")[0] == 200
            assert upstream.connections == 2
            assert fetch(trusting, id, f"https://other.localhost:{upstream.port}/")[0] == TLS_CERTIFICATE
            assert fetch(trusting, id, f"http://localhost:{upstream.port}/")[0] in (507, 525, 535)
        other = fresh_server(PRIVATE)
        with Client(other.url) as client:
            assert fetch(other, fetcher(client, *egress), f"https://localhost:{upstream.port}/")[0] == TLS_CERTIFICATE


def test_tls_to_a_server_without_it(fresh_server, upstream):
    server = fresh_server(PRIVATE)
    with Client(server.url) as client:
        id = fetcher(client, f"127.0.0.1:{upstream.port}")
        assert fetch(server, id, f"https://127.0.0.1:{upstream.port}/")[0] in (507, 512, 514)


def test_the_operator_says_whether_and_where(fresh_server, upstream):
    host = f"127.0.0.1:{upstream.port}"
    for flags, status in ((["--egress", "off"], DENIED), (["--egress-allow", "a.org", "--egress-allow", "b.org"], DENIED),
                          (["--egress-allow", host], 200), (["--egress-requests", "0"], LIMIT)):
        server = fresh_server(PRIVATE, *flags)
        with Client(server.url) as client:
            assert fetch(server, fetcher(client, host), f"http://{host}/")[0] == status, flags


def test_connections_of_all_calls_are_bounded(fresh_server, upstream):
    server = fresh_server(PRIVATE, "--egress-connections", "1")
    host = f"127.0.0.1:{upstream.port}"
    with Client(server.url) as client:
        # One that is idle makes room.
        for _ in range(3):
            assert fetch(server, fetcher(client, host), f"http://{host}/")[0] == 200
        id = fetcher(client, host)
        with server.connect() as raw:
            raw.sendall(f"GET /http/{id}/http/{host}/silent HTTP/1.1\r\nHost: {server.address}\r\n\r\n".encode())
            assert upstream.waiting.wait(10)
            assert fetch(server, id, f"http://{host}/")[0] == LIMIT
        assert upstream.left.wait(10)
        assert fetch(server, id, f"http://{host}/")[0] == 200


def test_many_at_once(fresh_server, upstream):
    server = fresh_server(PRIVATE)
    host = f"127.0.0.1:{upstream.port}"
    with Client(server.url) as client:
        id = fetcher(client, host)
        found = []

        def ask():
            for _ in range(10):
                found.append(fetch(server, id, f"http://{host}/")[0])

        threads = [threading.Thread(target=ask) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [200] * 160
        wait_until(lambda: counted(client, "connections", ("state", "used")) == 0)
        assert counted(client, "connections", ("state", "idle")) <= 4


def open_files(server) -> int:
    return len(os.listdir(f"/proc/{server.pid}/fd"))


def test_denied_requests_leave_nothing_behind(fresh_server, upstream):
    server = fresh_server()
    with Client(server.url) as client:
        id = fetcher(client, f"127.0.0.1:{upstream.port}")
        paths = [f"/http/{id}/http/127.0.0.1:{upstream.port}/", f"/http/{id}/https/a.org/"]
        for path in paths * 50:
            client.get(path)
        files, threads, memory = open_files(server), server.thread_count(), server.resident_bytes()
        for path in paths * 500:
            assert client.get(path).status_code in (PROHIBITED, DENIED)
        assert counted(client, "requests_total", ("end", "denied")) == 1100
        assert open_files(server) <= files + 2
        assert server.thread_count() <= threads + 1
        assert server.resident_bytes() < memory + (64 << 20)


@contract("7: egress")
def test_egress_is_kept_and_changed(fresh_server):
    server = fresh_server()
    with Client(server.url) as client:
        id = fetcher(client, "api.example.org:443", "*.example.net")
        assert client.meta(id)["egress"] == ["api.example.org:443", "*.example.net"]
        assert client.put(f"/wasm/{id}", json={"labels": {"a": "b"}}).json()["meta_data"]["egress"] != []
        for none in (None, []):
            assert client.put(f"/wasm/{id}", json={"egress": ["[2001:db8::1]:8443"]}).status_code == 200
            assert client.put(f"/wasm/{id}", json={"egress": none}).json()["meta_data"]["egress"] == []
        assert client.put(f"/wasm/{id}", json={"revision": 1}).json()["meta_data"]["egress"] == [
            "api.example.org:443", "*.example.net"]
        for bad in ("", "*", "https://a.org", "a.org/x", "a.org:0", "2130706433", "a b", "x" * 256):
            assert_problem(client.put(f"/wasm/{id}", json={"egress": [bad]}), 400, "bad-request", "egress")
        assert_problem(client.put(f"/wasm/{id}", json={"egress": ["a.org"] * 65}), 400, "bad-request", "egress", "64")
        assert_problem(client.put(f"/wasm/{id}", json={"egress": "a.org"}), 400, "bad-request", "egress")
    with Client(server.restart().url) as client:
        assert client.meta(id)["egress"] == ["api.example.org:443", "*.example.net"]


def test_the_operators_mistakes_are_named(binary, tmp_path):
    def run(*flags):
        return subprocess.run([binary, "serve", "--listen", "127.0.0.1:0", "--data", tmp_path / "data", *flags],
                              capture_output=True, text=True, timeout=60)
    for flags in (["--egress", "some"], ["--egress-allow", "https://a.org"]):
        ended = run(*flags)
        assert ended.returncode == 2 and "egress" in ended.stderr, ended
    none = tmp_path / "none.pem"
    for text in (None, "no certificate"):
        if text:
            none.write_text(text)
        ended = run("--egress-ca-file", str(none))
        assert ended.returncode == 1 and str(none) in ended.stderr, ended


@contract("7: egress")
def test_sockets_and_name_look_ups_are_refused(fresh_server, upstream):
    server = fresh_server(PRIVATE)
    with Client(server.url) as client:
        id = client.add_ready(component("sockets"), egress=[f"127.0.0.1:{upstream.port}", "localhost"])
        assert client.results(id, [], "look-up") == [20]  # permanent-resolver-failure, before any look-up
        assert client.results(id, [upstream.port], "connect") == [1]
    assert upstream.connections == 0
