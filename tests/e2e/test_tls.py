"""TLS: what is spoken and to whom, and that HTTP over it is what it is without."""

import contextlib
import json
import signal
import socket
import ssl
import subprocess
import threading
import time

import httpx
import pytest

from support.client import JSON
from support.hostile import guest
from support.modules import ADD, wasm
from support.raw import RawConnection, get, post
from support.server import wait_until
from support.tls import Authority, TlsServer, openssl

contract = pytest.mark.contract
MB = 1 << 20


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def pair(authority):
    return authority.issue("server")


@pytest.fixture(scope="module")
def tls_server(binary, tmp_path_factory, authority, pair):
    server = TlsServer(binary, tmp_path_factory.mktemp("tls") / "data", authority, pair).start()
    yield server
    server.stop()


@pytest.fixture
def wire(tls_server):
    with RawConnection(tls_server) as connection:
        yield connection


@contract("6: TLS")
def test_a_session(tls_server):
    assert tls_server.first_line.startswith("listening on https://127.0.0.1:")
    with tls_server.client() as client:
        id = client.add(ADD)
        assert client.results(id, [2, 40]) == [42]
        code = client.get(f"/wasm/{id}", headers={"Accept": "application/wasm"}).content
        assert code == wasm(ADD)
        assert client.delete(f"/wasm/{id}").status_code == 204


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_versions_that_are_spoken(tls_server, authority, version):
    context = authority.client_context(minimum_version=version, maximum_version=version)
    with tls_server.connect(context=context) as connection:
        assert connection.version() == version.name.replace("TLSv1_", "TLSv1.")
        assert any(word in connection.cipher()[0] for word in ("GCM", "CHACHA20"))


def test_older_ones_are_refused(tls_server):
    answer = subprocess.run(["openssl", "s_client", "-connect", tls_server.address, "-tls1_1", "-cipher",
                             "DEFAULT:@SECLEVEL=0"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert answer.returncode != 0 and b"protocol version" in answer.stderr, answer.stderr


def test_the_protocol_is_agreed_on(tls_server, authority):
    both, other = authority.client_context(), authority.client_context()
    both.set_alpn_protocols(["h2", "http/1.1"])
    with tls_server.connect(context=both) as connection:
        assert connection.selected_alpn_protocol() == "http/1.1"
    other.set_alpn_protocols(["h2"])
    with pytest.raises(ssl.SSLError, match="NO_APPLICATION_PROTOCOL|no application protocol"):
        tls_server.connect(context=other)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_sessions_are_resumed(tls_server, authority, version):
    context = authority.client_context(minimum_version=version, maximum_version=version)
    with RawConnection(tls_server) as first:
        first.socket.close()
        first.socket = tls_server.connect(context=context)
        assert first.request(get("/healthz")).status == 200
        session = first.socket.session
    with tls_server.connect(context=context, session=session) as again:
        assert again.session_reused


def test_pipelined_requests_in_one_record(wire):
    wire.send(get("/healthz") * 3 + get("/readyz", "Connection: close"))
    assert [wire.read().status for _ in range(4)] == [200] * 4
    assert wire.closed()


def test_a_request_in_records_of_one_byte(wire):
    for byte in get("/healthz").encode():
        wire.send(bytes([byte]))
    assert wire.read().status == 200


def test_large_bodies_both_ways(tls_server):
    with tls_server.client(timeout=300) as client:
        echo = client.add(guest("commands/echo.wat"), limits={"output_bytes": 30 * MB})
        body = bytes(range(256)) * (20 * MB // 256)
        answer = client.post(f"/wasm/{echo}", content=body,
                             headers={"Content-Type": "application/octet-stream", "Accept": "application/octet-stream"})
        assert answer.status_code == 200 and answer.content == body


def test_a_slow_reader_gets_all(tls_server):
    with tls_server.client() as client:
        module = wasm('(module (memory 40) (data (i32.const 0) "' + "abcdefgh" * (MB // 4) + '"))')
        id = client.add(module)
    with RawConnection(tls_server) as wire:
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.send(get(f"/wasm/{id}", "Accept: application/wasm"))
        time.sleep(0.5)
        assert wire.read().body == module
        assert wire.request(get("/healthz")).status == 200, "the connection goes on"


def test_output_is_streamed(tls_server):
    with tls_server.client() as client:
        id = client.add_ready(guest("commands/ticker.wat"))
    with RawConnection(tls_server) as wire:
        wire.send(post(f"/wasm/{id}", b"", "Accept: text/plain"))
        _, status, headers = wire.read_head()
        assert status == 200 and headers["transfer-encoding"] == "chunked"
        pieces = wire.chunks()
        assert next(pieces).startswith(b"tick\n") and next(pieces).startswith(b"tick\n")


def test_a_client_that_leaves_ends_its_call(tls_server):
    with tls_server.client() as client:
        id = client.add_ready(guest("commands/ticker.wat"), limits={"max_concurrency": 1, "max_queue": 0})
        for _ in range(3):
            with RawConnection(tls_server) as wire:
                wire.send(post(f"/wasm/{id}", b"", "Accept: text/plain"))
                assert wire.read_head()[1] == 200
            wait_until(lambda: self_is_free(client, id))


def self_is_free(client, id: str) -> bool:
    """Whether a call of it is let in: it is cut off at once."""
    with client.stream("POST", f"/wasm/{id}", headers={"Accept": "text/plain"}) as answer:
        return answer.status_code == 200


class Half:
    """A client whose TLS is closed in its sending direction only, which Python's own sockets cannot."""

    def __init__(self, server, context: ssl.SSLContext):
        self.plain = server.connect_plain()
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")
        self._until(self.tls.do_handshake)

    def _until(self, call):
        while True:
            try:
                result = call()
                self.plain.sendall(self.outgoing.read())
                return result
            except ssl.SSLWantReadError:
                self.plain.sendall(self.outgoing.read())
                self.incoming.write(self.plain.recv(65536))

    def send(self, data: bytes) -> None:
        self.tls.write(data)
        self.plain.sendall(self.outgoing.read())

    def close_sending(self) -> None:
        with pytest.raises(ssl.SSLWantReadError):
            self.tls.unwrap()
        self.plain.sendall(self.outgoing.read())
        self.plain.shutdown(socket.SHUT_WR)

    def received(self) -> bytes:
        """All records until the server closes, as they came: what is in them cannot be read any more."""
        data = b""
        while piece := self.plain.recv(65536):
            data += piece
        return data


def test_a_client_that_has_sent_all_is_answered(tls_server, authority):
    with tls_server.client() as client:
        id = client.add(ADD)
    half = Half(tls_server, authority.client_context())
    half.send(post(f"/wasm/{id}", b"[2, 40]", f"Content-Type: {JSON['Content-Type']}"))
    half.close_sending()
    assert len(half.received()) > 100, "an answer, and not only a goodbye"


def test_the_end_is_said(wire):
    wire.send(get("/healthz", "Connection: close"))
    wire.socket.suppress_ragged_eofs = False
    assert wire.read().status == 200
    assert wire.socket.recv(1) == b"", "close_notify, not only the end of the connection"


def test_plain_http_is_told_what_is_expected(tls_server):
    answer = httpx.get(f"http://{tls_server.address}/healthz", trust_env=False)
    assert answer.status_code == 400 and "https://" in answer.json()["detail"]


@pytest.mark.parametrize("bytes_", [b"\x16\x03\x01", b"\0" * 5000, b"\x16\x03\x01\xff\xff" + b"\x01" * 70_000,
                                    b"SSH-2.0-x\r\n"])
def test_what_is_not_tls_ends_alone(tls_server, bytes_):
    # The server may have closed it at any of these, with what it did not read any more.
    with tls_server.connect_plain() as wire, contextlib.suppress(OSError):
        wire.sendall(bytes_)
        wire.shutdown(socket.SHUT_WR)
        while wire.recv(65536):
            pass
    assert tls_server.subject() == "server"


def test_clients_that_say_nothing_hinder_nobody(tls_server):
    silent = [tls_server.connect_plain() for _ in range(50)]
    try:
        assert tls_server.subject() == "server"
    finally:
        for wire in silent:
            wire.close()


def test_too_many_connections_are_told_so(binary, tmp_path, authority, pair):
    server = TlsServer(binary, tmp_path / "data", authority, pair, ("--max-connections", "1")).start()
    try:
        with RawConnection(server) as only:
            assert only.request(get("/healthz")).status == 200
            with RawConnection(server) as second:
                second.send(get("/healthz"))
                answer = second.read()
                assert (answer.status, json.loads(answer.body)["code"]) == (503, "overloaded")
    finally:
        server.stop()


# --- Certificates of clients


def test_clients_need_a_certificate_where_that_is_asked_for(binary, tmp_path, authority, pair):
    foreign = Authority(tmp_path, "foreign")
    server = TlsServer(binary, tmp_path / "data", authority, pair,
                       ("--tls-client-ca", str(authority.pair.certificate))).start()
    try:
        with RawConnection(server) as wire:
            wire.socket.close()
            wire.socket = server.connect(context=authority.client_context(authority.issue("somebody")))
            assert wire.request(get("/healthz")).status == 200
        for own in (None, foreign.issue("stranger")):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                with server.connect(context=authority.client_context(own)) as refused:
                    refused.sendall(get("/healthz").encode())  # TLS 1.3 tells a client after its handshake
                    assert refused.recv(1) == b""
                    raise ConnectionError
    finally:
        server.stop()


# --- New files


@pytest.fixture
def own_server(binary, tmp_path, authority):
    """With files of its own, which may be replaced."""
    server = TlsServer(binary, tmp_path / "data", authority, authority.issue("first")).start()
    yield server
    server.stop()


@contract("6: TLS")
@pytest.mark.parametrize("signalled", [True, False])
def test_new_files_are_taken_without_a_restart(own_server, authority, signalled):
    with RawConnection(own_server) as before:
        assert before.request(get("/healthz")).status == 200
        own_server.pair.install(authority.issue("second"))
        if signalled:
            own_server.signal(signal.SIGHUP)
        wait_until(lambda: own_server.subject() == "second")
        assert before.request(get("/healthz")).status == 200, "what is there goes on"


def test_broken_files_leave_the_former_ones_in_use(own_server):
    good = own_server.pair.certificate.read_bytes()
    own_server.pair.certificate.write_bytes(good[:200])
    wait_until(lambda: "the former TLS files stay in use" in own_server.stderr_text())
    assert str(own_server.pair.certificate) in own_server.stderr_text()
    assert own_server.subject() == "first"
    own_server.pair.certificate.write_bytes(good)
    wait_until(lambda: "the TLS files were read again" in own_server.stderr_text())


def test_files_that_are_read_again_and_again_disturb_nobody(own_server):
    stop = threading.Event()
    answered = [0] * 3

    def load(index: int) -> None:
        with own_server.client() as client:
            while not stop.is_set():
                client.get("/healthz", headers={"Connection": "close"} if index else {}).raise_for_status()
                answered[index] += 1

    threads = [threading.Thread(target=load, args=(index,)) for index in range(len(answered))]
    for thread in threads:
        thread.start()
    for count in range(1, 201):
        own_server.signal(signal.SIGHUP)
        wait_until(lambda: own_server.stderr_text().count("the TLS files were read again") >= count)
    stop.set()
    for thread in threads:
        thread.join()
    assert min(answered) > 10, answered


# --- What does not start


def starts_with(binary, tmp_path, *flags) -> tuple[int, str]:
    ended = subprocess.run([binary, "serve", "--listen", "127.0.0.1:0", "--data", tmp_path / "data", *flags],
                           capture_output=True, text=True, timeout=60)
    return ended.returncode, ended.stderr


@contract("6: TLS")
def test_files_that_do_not_do_are_named(binary, tmp_path, authority, pair):
    garbage, locked = tmp_path / "garbage.pem", tmp_path / "locked.key"
    garbage.write_text("nothing\n")
    openssl("pkey", "-in", pair.key, "-aes256", "-passout", "pass:x", "-out", locked)
    other = authority.issue("other")
    for certificate, key, named, why in (
            (tmp_path / "nowhere", pair.key, tmp_path / "nowhere", "no such file"),
            (garbage, pair.key, garbage, "no start line"),
            (pair.certificate, garbage, garbage, ""),
            (pair.certificate, locked, locked, ""),
            (pair.certificate, other.key, other.key, "key values mismatch")):
        code, text = starts_with(binary, tmp_path, "--tls-cert", certificate, "--tls-key", key)
        last = text.splitlines()[-1]
        assert code == 1 and str(named) in last and why in last.lower(), text
    code, text = starts_with(binary, tmp_path, "--tls-cert", pair.certificate)
    assert code == 2 and "--tls-key" in text
