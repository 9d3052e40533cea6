"""What pages can do in a real browser: those of other origins nothing, those of allowed ones everything but scripts of
guests."""

import base64
import threading

import pytest

from support import browser
from support.client import Client
from support.hostile import guest
from support.modules import ADD, wasm

contract = pytest.mark.contract
pytestmark = pytest.mark.skipif(browser.CHROMIUM is None, reason="chromium is not installed (tools/setup browser)")


@pytest.fixture
def scene(fresh_server, tmp_path):
    """A relay with a server behind it, made with flags that may name the relay's port."""
    relays = []

    def make(*flags: str) -> tuple[browser.Relay, Client]:
        relay = browser.Relay(0, base64.b64encode(wasm(ADD)).decode())
        relays.append(relay)
        threading.Thread(target=relay.serve_forever, daemon=True).start()
        server = fresh_server(*[flag.format(port=relay.port) for flag in flags])
        relay.server_of_truth = server.port
        client = Client(server.url)
        client.add(ADD, "victim")
        client.add(guest("commands/echo.wat"), "echo")
        client.add(guest("commands/echo.wat"), "page", output_types=["text/html"])
        return relay, client

    yield make
    for relay in relays:
        relay.shutdown()
        relay.server_close()


def ids(client: Client) -> set[str]:
    return {item["id"] for item in client.get("/wasm").json()["items"]}


@contract("8: origin")
def test_a_page_of_another_origin_can_do_nothing(scene, tmp_path):
    """The relay is the server's address here, and the page comes from another name of the same machine."""
    relay, client = scene("--allowed-host", "127.0.0.1:{port}")
    report = browser.visit(relay, f"localhost:{relay.port}", f"http://127.0.0.1:{relay.port}", tmp_path / "profile")
    assert ids(client) == {"victim", "echo", "page"}
    assert relay.statuses() == {403}, relay.answers
    tried = {(method, path.split("?")[0]) for method, path, _, _ in relay.answers}
    # A POST that needs no preflight, and a form, do arrive; for the others permission is asked, and denied.
    assert {("POST", "/wasm"), ("POST", "/wasm/victim"), ("POST", "/wasm/echo"), ("OPTIONS", "/wasm/victim")} <= tried
    for name in ("upload", "execution", "read", "deletion"):
        assert report[name] == "failed", report
    assert report["scripts"] == []


@contract("8: Host")
def test_a_name_that_was_made_to_point_here_is_refused(scene, tmp_path):
    """DNS rebinding: for the browser, page and server are of one origin."""
    relay, client = scene("--allowed-host", "127.0.0.1:{port}")
    base = f"http://evil.test:{relay.port}"
    report = browser.visit(relay, f"evil.test:{relay.port}", base, tmp_path / "profile")
    assert ids(client) == {"victim", "echo", "page"}
    assert relay.statuses() == {403}, relay.answers
    for name in ("blind_upload", "blind_execution", "upload", "execution", "read", "deletion"):
        assert report[name][0] == 403, report  # the page may read that much: it is of the same origin
    assert report["scripts"] == []


def assert_all_works(client: Client, report: dict) -> None:
    assert report["upload"][0] == 201 and report["upload"][1], report
    assert report["execution"][0] == 200 and report["execution"][2] == '{"results":[42]}', report
    assert report["read"][0] == 200 and report["read"][1], report
    assert report["deletion"][0] == 204, report
    assert ids(client) == {"asked", "blind", "echo", "page"}


@contract("8: CORS", "4: nosniff and sandbox", "4: output_types")
def test_the_same_page_on_an_allowed_origin_works_but_guests_scripts_do_not_run(scene, tmp_path):
    relay, client = scene("--allowed-host", "127.0.0.1:{port}", "--cors-origin", "http://localhost:{port}")
    report = browser.visit(relay, f"localhost:{relay.port}", f"http://127.0.0.1:{relay.port}", tmp_path / "profile")
    assert_all_works(client, report)
    shown = {path.split("/")[-1]: headers for method, path, status, headers in relay.answers
             if path in ("/wasm/echo", "/wasm/page") and status == 200}
    assert shown["page"]["Content-Type"] == "text/html"
    assert shown["echo"]["Content-Type"] == "text/plain"
    for headers in shown.values():
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Content-Security-Policy"] == "sandbox"
    assert report["scripts"] == []


def test_the_page_of_its_own_origin_works_too(scene, tmp_path):
    relay, client = scene("--allowed-host", "127.0.0.1:{port}")
    base = f"127.0.0.1:{relay.port}"
    report = browser.visit(relay, base, f"http://{base}", tmp_path / "profile")
    assert_all_works(client, report)
    assert report["scripts"] == []
