"""After a restart: everything that was acknowledged is there, and nothing is there by half."""

import hashlib

from client import Client, Revision, State


class Mismatch(Exception):
    pass


def check(condition: bool, what: str) -> None:
    if not condition:
        raise Mismatch(what)


def verify(connection, clients: list[Client]) -> None:
    listed = list_all(connection)
    for client in clients:
        settle(connection, client)
        for name, state in client.expected.items():
            verify_module(connection, name, state)
            check((name in listed) == bool(state), f"{name}: the list and the module differ")
    known = {name for client in clients for name in client.expected}
    check(listed <= known, f"modules that nobody saved: {sorted(listed - known)[:5]}")


def delete_all(connection, clients: list[Client]) -> None:
    for client in clients:
        for name, state in client.expected.items():
            status, _ = connection.request("DELETE", f"/wasm/{name}")
            check(status == (204 if state else 404), f"DELETE /wasm/{name}: {status}")
            client.expected[name] = []


def settle(connection, client: Client) -> None:
    """The write without an answer happened whole or not at all: find out which."""
    if client.unsure is None:
        return
    name, after = client.unsure
    count = revision_count(connection, name)
    before = client.expected[name]
    check(count in (len(before), len(after)), f"{name}: {count} revisions, not {len(before)} or {len(after)}")
    if count == len(after):
        client.expected[name] = after
    client.unsure = None


def revision_count(connection, name: str) -> int:
    status, body = connection.get_json(f"/wasm/{name}")
    check(status in (200, 404), f"GET /wasm/{name}: {status}")
    return body["meta_data"]["revision"] if status == 200 else 0


def verify_module(connection, name: str, state: State) -> None:
    status, body = connection.get_json(f"/wasm/{name}?wasm=false")
    check(status == (200 if state else 404), f"{name}: {status} with {len(state)} revisions acknowledged")
    if not state:
        return
    verify_meta_data(name, body["meta_data"], len(state), state[-1])
    for number, revision in enumerate(state, 1):
        status, code = connection.get_code(f"/wasm/{name}?revision={number}")
        check(status == 200, f"{name} revision {number}: {status}")
        check(code == revision.code, f"{name} revision {number}: {len(code)} bytes that were not sent")
    status, _ = connection.get_code(f"/wasm/{name}?revision={len(state) + 1}")
    check(status == 404, f"{name}: a revision too many")


def verify_meta_data(name: str, meta_data: dict, number: int, revision: Revision) -> None:
    digest = "sha256:" + hashlib.sha256(revision.code).hexdigest()
    expected = {"revision": number, "digest": digest, "size": len(revision.code),
                "run_function": revision.function, "labels": revision.labels}
    found = {key: meta_data.get(key) for key in expected}
    check(found == expected, f"{name}: {found} instead of {expected}")


def list_all(connection) -> set[str]:
    names: set[str] = set()
    after = ""
    while True:
        status, page = connection.get_json(f"/wasm?limit=7&after={after}")
        check(status == 200, f"GET /wasm: {status}")
        names |= {item["id"] for item in page["items"]}
        after = page.get("next")
        if not after:
            return names
